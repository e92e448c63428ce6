//! The API as data: what the generated tables are made of, and how to find things in them.
//!
//! Since when an item is there, [`ari_bindings::availability`] says, by the name that [`Operation::item`] and the other
//! methods of that name give.

mod since;

use ari_bindings::Method;

pub(crate) use self::since::{since, since_beside};
pub(crate) use crate::generated::{MODELS, RESOURCES};

/// The operations of a resource.
#[derive(Debug)]
pub(crate) struct Resource {
    /// Its name on the wire: `deviceStates`.
    pub(crate) name: &'static str,
    /// Its name on the command line: `device-states`.
    pub(crate) command: &'static str,
    /// The modules of Asterisk without which its operations are not found.
    pub(crate) modules: &'static [&'static str],
    pub(crate) operations: &'static [Operation],
}

/// An operation.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Its name on the wire: `playWithId`.
    pub(crate) name: &'static str,
    /// Its name on the command line: `play-with-id`.
    pub(crate) command: &'static str,
    pub(crate) method: Method,
    /// The path below the base URL, with `{name}` for each parameter of the path.
    pub(crate) path: &'static str,
    /// What it does.
    pub(crate) text: &'static str,
    pub(crate) reply: Reply,
    /// The statuses of a success; several where releases differ.
    pub(crate) statuses: &'static [u16],
    /// Those of the path as they stand there, then the others as declared.
    pub(crate) parameters: &'static [Parameter],
    /// Statuses of declared errors, with their meaning.
    pub(crate) errors: &'static [(u16, &'static str)],
    /// Rust code that uses it; empty where there is none.
    pub(crate) example: &'static str,
}

/// What an operation answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Nothing.
    Nothing,
    /// Bytes.
    File,
    /// JSON of a type as declared, such as `List[Channel]`.
    Json(&'static str),
    /// A connection that carries events.
    Events,
}

/// A parameter.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// Its name on the wire: `channelId`.
    pub(crate) name: &'static str,
    /// Its name on the command line: `channel-id`.
    pub(crate) command: &'static str,
    /// What it is.
    pub(crate) text: &'static str,
    pub(crate) place: Place,
    pub(crate) required: bool,
    /// Whether it takes several values.
    pub(crate) list: bool,
    /// What the server assumes when it is absent.
    pub(crate) default: Option<&'static str>,
    /// The lowest and the highest number.
    pub(crate) range: (Option<&'static str>, Option<&'static str>),
    /// Allowed values with their meaning; any if there are none.
    pub(crate) values: &'static [(&'static str, &'static str)],
    /// The kind of id that it holds, such as `ChannelId`.
    pub(crate) id: Option<&'static str>,
}

/// Where a parameter travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query(Kind),
    Body(Form),
}

/// What a value in the query is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// A number of 32 bits.
    Integer,
    /// A number of 64 bits.
    Long,
    Boolean,
}

/// How a parameter is laid out in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `{"NAME": {"key": "text"}}`
    Variables,
    /// `{"NAME": {"key": …}}`
    Members,
    /// `{"NAME": [{…}, …]}` of objects with these members.
    Tuples(&'static [&'static str]),
    /// `{"key": "text"}`
    BareVariables,
    /// An event filter.
    BareFilter,
    /// `{"NAME": …}`
    #[allow(dead_code, reason = "no supported release has such a parameter, but the generator can emit one")]
    Json,
}

/// A model or an event.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) name: &'static str,
    /// Whether it is a type of event.
    pub(crate) is_event: bool,
    /// The model it inherits from.
    pub(crate) base: Option<&'static str>,
    /// The kind of id of its objects, and the property that holds it.
    pub(crate) id: Option<(&'static str, &'static str)>,
    /// What it is.
    pub(crate) text: &'static str,
    /// Own properties in the order of the declarations.
    pub(crate) properties: &'static [Property],
}

/// A property of a model.
#[derive(Debug)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    /// Its type as declared, such as `List[string]`.
    pub(crate) ty: &'static str,
    /// What it is.
    pub(crate) text: &'static str,
    /// Whether every object of the model has it.
    pub(crate) required: bool,
    /// Known values with their meaning.
    pub(crate) values: &'static [(&'static str, &'static str)],
}

/// The first sentence of a text.
pub(crate) fn brief(text: &str) -> &str {
    let starts = |rest: &str| rest.starts_with(|c: char| c.is_uppercase() || c == '`');
    let mut ends = text.match_indices(". ").map(|(at, _)| at + 1);
    let end = ends.find(|&at| starts(&text[at + 1..]));
    text[..end.unwrap_or(text.len())].trim_end()
}

impl Resource {
    /// The resource that the command line or the wire calls so.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        RESOURCES.iter().find(|resource| resource.command == name || resource.name == name)
    }

    /// The operation of it that the command line or the wire calls so.
    pub(crate) fn operation(&self, name: &str) -> Option<&'static Operation> {
        self.operations.iter().find(|operation| operation.command == name || operation.name == name)
    }
}

impl Operation {
    /// Its item in the record of availability.
    pub(crate) fn item(&self, resource: &Resource) -> String {
        format!("operation {}.{}", resource.name, self.name)
    }

    /// Its name as the declarations have it: `channels.playWithId`.
    pub(crate) fn full_name(&self, resource: &Resource) -> String {
        format!("{}.{}", resource.name, self.name)
    }
}

impl Parameter {
    const fn new(name: &'static str, command: &'static str, place: Place, text: &'static str) -> Self {
        let (required, list, default, range, values, id) = (false, false, None, (None, None), &[], None);
        Self { name, command, text, place, required, list, default, range, values, id }
    }

    pub(crate) const fn path(name: &'static str, command: &'static str, text: &'static str) -> Self {
        Self::new(name, command, Place::Path, text).required()
    }

    pub(crate) const fn query(name: &'static str, command: &'static str, kind: Kind, text: &'static str) -> Self {
        Self::new(name, command, Place::Query(kind), text)
    }

    pub(crate) const fn body(name: &'static str, command: &'static str, form: Form, text: &'static str) -> Self {
        Self::new(name, command, Place::Body(form), text)
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) const fn list(mut self) -> Self {
        self.list = true;
        self
    }

    pub(crate) const fn default(mut self, value: &'static str) -> Self {
        self.default = Some(value);
        self
    }

    pub(crate) const fn range(mut self, lowest: Option<&'static str>, highest: Option<&'static str>) -> Self {
        self.range = (lowest, highest);
        self
    }

    pub(crate) const fn values(mut self, values: &'static [(&'static str, &'static str)]) -> Self {
        self.values = values;
        self
    }

    pub(crate) const fn id(mut self, kind: &'static str) -> Self {
        self.id = Some(kind);
        self
    }

    /// Its item in the record of availability.
    pub(crate) fn item(&self, resource: &Resource, operation: &Operation) -> String {
        format!("parameter {}.{}.{}", resource.name, operation.name, self.name)
    }
}

impl Model {
    /// Its properties and those that it inherits, its own first, each with the model that declares it.
    pub(crate) fn all_properties(&'static self) -> impl Iterator<Item = (&'static Self, &'static Property)> {
        let lineage = std::iter::successors(Some(self), |model| Self::find(model.base?));
        lineage.flat_map(|model| model.properties.iter().map(move |property| (model, property)))
    }

    /// The model or event of this name.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        MODELS.iter().find(|model| model.name == name)
    }
}

impl Property {
    pub(crate) const fn new(name: &'static str, ty: &'static str, text: &'static str) -> Self {
        Self { name, ty, text, required: false, values: &[] }
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) const fn values(mut self, values: &'static [(&'static str, &'static str)]) -> Self {
        self.values = values;
        self
    }
}
