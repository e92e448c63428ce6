//! The resolved model of the API: wire names, parsed types, items that know the releases that have them.

mod resolve;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::diagnostic::Span;
use crate::release::Release;

pub use crate::swagger::Literal;
pub use resolve::resolve;
pub use resolve::{path_parameters, path_shape};
pub use types::Type;

/// Releases that have an item.
pub type Presence = BTreeSet<Release>;

/// The API of one release, or of several merged.
#[derive(Debug, Clone, PartialEq)]
pub struct Api {
    /// The releases it was read from.
    pub releases: Presence,
    /// Resources by name.
    pub resources: BTreeMap<String, Resource>,
    /// Models by name; one name space across all resources.
    pub models: BTreeMap<String, Model>,
}

impl Api {
    /// All operations, resource by resource.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.resources.values().flat_map(|resource| &resource.operations)
    }

    /// The root of the events: the model whose discriminator distinguishes its descendants.
    #[must_use]
    pub fn message(&self) -> Option<&Model> {
        self.models.values().find(|model| model.discriminator.is_some())
    }

    /// The models that events are: descendants of [`Api::message`] that have no descendants themselves.
    #[must_use]
    pub fn events(&self) -> Vec<&Model> {
        self.models.values().filter(|model| self.is_message(model) && model.sub_types.is_empty()).collect()
    }

    /// Whether a model belongs to the tree of events, its inner nodes included.
    #[must_use]
    pub fn is_message(&self, model: &Model) -> bool {
        self.lineage(model).last().is_some_and(|root| root.discriminator.is_some())
    }

    /// A model and the models that it inherits from, nearest first.
    #[must_use]
    pub fn lineage<'a>(&'a self, model: &'a Model) -> Vec<&'a Model> {
        let mut lineage = vec![model];
        let mut base = model.base.as_ref();
        while let Some(parent) = base.and_then(|name| self.models.get(name)) {
            if lineage.iter().any(|known| known.name == parent.name) {
                break;
            }
            lineage.push(parent);
            base = parent.base.as_ref();
        }
        lineage
    }
}

/// The operations of one resource file.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Its name: `channels`.
    pub name: String,
    /// Releases that have it.
    pub releases: Presence,
    /// Asterisk's modules without which its operations answer 404.
    pub requires_modules: BTreeSet<String>,
    /// Operations in the order of the declarations.
    pub operations: Vec<Operation>,
}

/// HTTP method of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        })
    }
}

/// What an operation answers with.
#[derive(Debug, Clone, PartialEq)]
pub enum Response {
    /// Nothing.
    Void,
    /// The bytes of a file.
    Binary,
    /// JSON of this type.
    Json(Type),
    /// The connection becomes a WebSocket that carries messages.
    WebSocket,
}

/// An operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Where it stands in the newest release that has it.
    pub span: Span,
    /// Releases that have it.
    pub releases: Presence,
    /// Its resource.
    pub resource: String,
    /// Its name within the resource.
    pub nickname: String,
    /// Names that older releases have for it.
    pub former_nicknames: BTreeSet<String>,
    /// HTTP method.
    pub method: Method,
    /// Path template: `/channels/{channelId}/play`.
    pub path: String,
    /// What it answers with.
    pub response: Response,
    /// Status of its successful reply, which the declarations do not say; several where releases differ.
    pub statuses: BTreeSet<u16>,
    /// Parameters in the order of the declarations.
    pub parameters: Vec<Parameter>,
    /// Statuses of declared errors.
    pub errors: BTreeSet<u16>,
}

/// Where a parameter travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// A segment of the path.
    Path,
    /// The query.
    Query,
    /// The body.
    Body(BodyForm),
}

/// How a body parameter is laid out in the request's body. The declarations do not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyForm {
    /// `{"NAME": {"key": "text"}}`: variables, whose values are strings or `{value, report_events}`.
    Variables,
    /// `{"NAME": {"key": …}}`: members of any JSON type.
    Members,
    /// `{"NAME": [{…}, …]}`: a list of objects of a model.
    Tuples,
    /// The variables' object itself is the body.
    BareVariables,
    /// The filter's object itself is the body.
    BareFilter,
    /// `{"NAME": …}`: any JSON.
    Json,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Where it stands in the newest release that has it.
    pub span: Span,
    /// Releases that have it.
    pub releases: Presence,
    /// Its name on the wire.
    pub name: String,
    /// Where it travels.
    pub location: Location,
    /// Type of its value, of one element where it takes several.
    pub ty: Type,
    /// Whether a request must have it.
    pub required: bool,
    /// Whether it takes a list of values.
    pub multiple: bool,
    /// What the server assumes when it is absent.
    pub default: Option<Literal>,
    /// Allowed values, where they are listed.
    pub values: Option<Vec<String>>,
    /// Bounds of a number as written: lowest, highest.
    pub range: Option<(Option<String>, Option<String>)>,
    /// The path parameter whose kind of id it holds, where its own name does not say.
    pub refers_to: Option<String>,
}

/// A model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Where it stands in the newest release that has it.
    pub span: Span,
    /// Releases that have it.
    pub releases: Presence,
    /// Its name.
    pub name: String,
    /// The resource file that declares it.
    pub resource: String,
    /// The model it inherits from.
    pub base: Option<String>,
    /// Models that inherit from it.
    pub sub_types: BTreeSet<String>,
    /// The property that distinguishes its sub-types.
    pub discriminator: Option<String>,
    /// Own properties in the order of the declarations.
    pub properties: Vec<Property>,
}

/// A property of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// Where it stands in the newest release that has it.
    pub span: Span,
    /// Releases that have it.
    pub releases: Presence,
    /// Its name on the wire.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Whether every object of the model has it.
    pub required: bool,
    /// Values that it is known to take, where they are listed.
    pub values: Option<Vec<String>>,
    /// The path parameter whose kind of id it holds, where its own name does not say.
    pub refers_to: Option<String>,
}
