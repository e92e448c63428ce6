//! The generated crate as data: every name, type and optionality decided, nothing left to choose for the emitters.

use crate::api::{Location, Method};
use crate::release::Release;

/// All that is generated.
#[derive(Debug, Clone, PartialEq)]
pub struct Crate {
    /// Kinds of id.
    pub ids: Vec<Id>,
    /// Open enums.
    pub values: Vec<Values>,
    /// Models that are no events.
    pub models: Vec<Struct>,
    /// Events.
    pub events: Events,
    /// Operations, resource by resource.
    pub modules: Vec<Module>,
    /// Handles.
    pub handles: Vec<Handle>,
    /// Since when items are there.
    pub availability: Availability,
    /// The operations as a server reads them.
    pub surface: Surface,
    /// The API as a command line offers and explains it.
    pub reference: Reference,
}

/// The API as a command line offers and explains it, as data. Since when items are there, the bindings know.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// Every operation, by resource, in the order of the declarations.
    pub resources: Vec<OfferedResource>,
    /// Every model, events included, by name.
    pub models: Vec<ExplainedModel>,
}

/// The operations of a resource on a command line.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferedResource {
    /// Its name on the wire: `deviceStates`.
    pub name: String,
    /// Its name on a command line: `device-states`.
    pub command: String,
    /// The modules of Asterisk without which it is not there.
    pub modules: Vec<String>,
    /// Its operations.
    pub operations: Vec<OfferedOperation>,
}

/// An operation on a command line.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferedOperation {
    /// Its name on the wire: `playWithId`.
    pub name: String,
    /// Its name on a command line: `play-with-id`.
    pub command: String,
    /// HTTP method.
    pub method: Method,
    /// Path template.
    pub path: String,
    /// What it does.
    pub text: String,
    /// What it answers with.
    pub reply: OfferedReply,
    /// The statuses of a success; several where releases differ.
    pub statuses: Vec<u16>,
    /// Statuses of declared errors, with their meaning.
    pub errors: Vec<(u16, String)>,
    /// Rust code that uses it; empty where there is none.
    pub example: String,
    /// Its parameters: those of the path as they stand there, then the others as declared.
    pub parameters: Vec<OfferedParameter>,
}

/// What an operation answers with.
#[derive(Debug, Clone, PartialEq)]
pub enum OfferedReply {
    /// Nothing.
    Nothing,
    /// Bytes.
    File,
    /// JSON of a type as declared.
    Json(String),
    /// A connection that carries events.
    Events,
}

/// A parameter on a command line.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferedParameter {
    /// Its name on the wire: `channelId`.
    pub name: String,
    /// Its name on a command line: `channel-id`.
    pub command: String,
    /// What it is.
    pub text: String,
    /// Where it travels.
    pub location: Location,
    /// What it is read as.
    pub kind: ServedKind,
    /// Whether a request must have it.
    pub required: bool,
    /// Whether it takes several values.
    pub list: bool,
    /// What the server assumes when it is absent.
    pub default: Option<String>,
    /// Bounds of a number as written: lowest, highest.
    pub range: Option<(Option<String>, Option<String>)>,
    /// Allowed values with their meaning.
    pub values: Vec<(String, String)>,
    /// The kind of id that it holds: `ChannelId`.
    pub id: Option<String>,
    /// For a body of tuples, the members of each: `attribute` and `value`.
    pub members: Vec<String>,
}

/// A model or an event, explained.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedModel {
    /// Its name.
    pub name: String,
    /// Whether it is a type of event.
    pub is_event: bool,
    /// The model it inherits from.
    pub base: Option<String>,
    /// What it is.
    pub text: String,
    /// The kind of id of its objects, and the property that holds it.
    pub id: Option<(String, String)>,
    /// Own properties in the order of the declarations.
    pub properties: Vec<ExplainedProperty>,
}

/// A property of a model, explained.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedProperty {
    /// Its name.
    pub name: String,
    /// Its type as declared.
    pub ty: String,
    /// Whether every object has it.
    pub required: bool,
    /// What it is.
    pub text: String,
    /// Known values with their meaning.
    pub values: Vec<(String, String)>,
}

/// The operations as a server reads them, as data.
#[derive(Debug, Clone, PartialEq)]
pub struct Surface {
    /// The different lists of first releases, each with the name of its constant.
    pub lists: Vec<(String, Vec<Release>)>,
    /// Every operation, resource by resource, in the order of the declarations.
    pub operations: Vec<Served>,
}

/// An operation as a server reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Served {
    /// Its resource: `channels`.
    pub resource: String,
    /// Its name on the wire: `playWithId`.
    pub name: String,
    /// HTTP method.
    pub method: Method,
    /// Path template.
    pub path: String,
    /// Whether it makes the connection an event connection.
    pub opens_events: bool,
    /// The modules of Asterisk without which it is not there.
    pub modules: Vec<String>,
    /// The position of its list of first releases.
    pub since: usize,
    /// Its parameters, in the order of the declarations.
    pub parameters: Vec<ServedParameter>,
}

/// A parameter as a server reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct ServedParameter {
    /// Its name on the wire.
    pub name: String,
    /// Where a server finds it, and what it takes it for.
    pub place: ServedPlace,
    /// The position of its list of first releases, where it differs from the operation's.
    pub since: Option<usize>,
}

/// Where a server finds a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServedPlace {
    /// A segment of the path.
    Path,
    /// The query, a form, or a member of a JSON body.
    Query {
        /// What it is read as.
        kind: ServedKind,
        /// Whether it takes several values, separated by commas.
        list: bool,
    },
    /// A JSON body or a member of one.
    Body,
    /// A JSON body that is an event filter as a whole.
    Filter,
}

/// What a server reads a value as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServedKind {
    /// A text.
    Text,
    /// A number of 32 bits.
    Integer,
    /// A number of 64 bits.
    Long,
    /// A truth value.
    Boolean,
}

/// Since when items are there, as data.
#[derive(Debug, Clone, PartialEq)]
pub struct Availability {
    /// The newest release of each branch that is accounted for.
    pub newest: Vec<Release>,
    /// The different lists of first releases, each with the name of its constant.
    pub lists: Vec<(String, Vec<Release>)>,
    /// Every item, in order, with the position of its list.
    pub items: Vec<(String, usize)>,
}

/// Lines of documentation.
pub type Docs = Vec<String>;

/// A kind of id.
#[derive(Debug, Clone, PartialEq)]
pub struct Id {
    /// Rust name: `ChannelId`.
    pub name: String,
    /// Documentation.
    pub docs: Docs,
}

/// An open enum.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// Rust name: `ChannelState`.
    pub name: String,
    /// Documentation.
    pub docs: Docs,
    /// Known values.
    pub variants: Vec<Variant>,
}

/// A known value.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Rust name: `PreRing`.
    pub name: String,
    /// The value on the wire: `Pre-ring`.
    pub wire: String,
    /// Documentation.
    pub docs: Docs,
}

/// A type of generated code.
#[derive(Debug, Clone, PartialEq)]
pub enum RustType {
    /// `String`
    String,
    /// `i64`
    Integer,
    /// `i64`, of which Asterisk keeps 64 bits in a parameter as well.
    Long,
    /// `f64`
    Double,
    /// `bool`
    Boolean,
    /// The runtime's date-time.
    Date,
    /// Any JSON.
    Json,
    /// `BTreeMap<String, String>`
    StringMap,
    /// A kind of id.
    Id(String),
    /// An open enum.
    Value(String),
    /// A model.
    Model(String),
    /// An event's struct.
    Event(String),
    /// `Vec<T>`
    List(Box<RustType>),
    /// `Box<T>`, where a model contains itself.
    Boxed(Box<RustType>),
}

/// A struct that mirrors a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Struct {
    /// Rust name.
    pub name: String,
    /// Name on the wire.
    pub wire: String,
    /// Documentation.
    pub docs: Docs,
    /// Its first sentence.
    pub brief: String,
    /// Fields.
    pub fields: Vec<Field>,
    /// Whether users put objects of it into requests: it gets a constructor.
    pub constructed: bool,
    /// The kind of id that identifies its objects: `From<&Struct>` for it.
    pub identified_by: Option<(String, String)>,
}

/// A field of a struct.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Rust name, escaped.
    pub name: String,
    /// Name on the wire.
    pub wire: String,
    /// Documentation.
    pub docs: Docs,
    /// Type without `Option`.
    pub ty: RustType,
    /// What it becomes if it is absent.
    pub absent: Absent,
}

/// What an absent member becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// An error: it is required.
    Error,
    /// The empty text or list.
    Empty,
    /// `None`.
    None,
}

impl Field {
    /// Whether its type is an `Option`.
    #[must_use]
    pub fn is_option(&self) -> bool {
        self.absent == Absent::None
    }
}

/// The events.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Events {
    /// One struct for each type of event.
    pub structs: Vec<Struct>,
    /// Members that several events have, read by method.
    pub members: Vec<CommonMember>,
    /// The events that are about one channel.
    pub about_channels: Vec<AboutChannel>,
}

/// Where an event names the channel that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AboutChannel {
    /// Rust name of the event.
    pub event: String,
    /// Rust names of the fields from the event down to the channel's id.
    pub path: Vec<String>,
    /// Whether the first of them may be absent.
    pub optional: bool,
    /// What stands before the id in a URI that may as well name something else: `channel:`.
    pub prefix: Option<&'static str>,
}

/// A member that several events have.
#[derive(Debug, Clone, PartialEq)]
pub struct CommonMember {
    /// Rust name of field and method.
    pub name: String,
    /// Documentation.
    pub docs: Docs,
    /// Type without `Option`.
    pub ty: RustType,
    /// Events that have it, and whether it may be absent there.
    pub holders: Vec<(String, bool)>,
    /// The method of events of unknown type that reads it too, if they have one.
    pub on_unknown: Option<&'static str>,
}

/// The operations of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Module {
    /// Rust module: `device_states`.
    pub name: String,
    /// The resource's name on the wire.
    pub resource: String,
    /// Rust name of the struct that lists the operations: `DeviceStates`.
    pub type_name: String,
    /// The client's method that gives it: `device_states`.
    pub accessor: String,
    /// Documentation.
    pub docs: Docs,
    /// Operations.
    pub operations: Vec<Operation>,
}

/// An operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Rust name of its request: `Play`.
    pub name: String,
    /// Rust name of the method that makes it, escaped: `play`.
    pub function: String,
    /// Its name on the wire.
    pub nickname: String,
    /// HTTP method.
    pub method: Method,
    /// Path template.
    pub path: String,
    /// What it does in one sentence.
    pub brief: String,
    /// Documentation before the arguments.
    pub summary: Docs,
    /// Documentation after the arguments.
    pub docs: Docs,
    /// Code that uses it, shown with the method that makes its request; empty where another method shows it.
    pub example: Docs,
    /// What a request must have, in order.
    pub arguments: Vec<Argument>,
    /// What a request may have.
    pub setters: Vec<Argument>,
    /// What it answers with.
    pub reply: Reply,
}

/// What an operation answers with.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Nothing.
    Void,
    /// Bytes.
    Download,
    /// JSON of this type.
    Json(RustType),
}

/// A parameter as an argument or a setter.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// Rust name, escaped.
    pub name: String,
    /// Name on the wire.
    pub wire: String,
    /// Documentation.
    pub docs: Docs,
    /// How it is passed and sent.
    pub form: Form,
}

/// How an argument is passed and sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// A path segment.
    Path(RustType),
    /// A query parameter.
    Query(RustType),
    /// A comma list in a query parameter.
    QueryList(RustType),
    /// `{"NAME": {"key": "text"}}`
    Variables,
    /// `{"NAME": {"key": …}}`
    Members,
    /// `{"NAME": [{…}]}` of a model.
    Tuples(RustType),
    /// The body is the variables' object.
    BareVariables,
    /// The body is the event filter.
    BareFilter,
    /// `{"NAME": …}`
    Json,
}

/// A handle: ids and a client, with the operations on what they identify.
#[derive(Debug, Clone, PartialEq)]
pub struct Handle {
    /// Rust name: `ChannelHandle`.
    pub name: String,
    /// The client's method that gives it: `channel`.
    pub accessor: String,
    /// Documentation.
    pub docs: Docs,
    /// What it holds, in the order of the path.
    pub ids: Vec<Argument>,
    /// Module and position of each of its operations.
    pub operations: Vec<(String, Operation)>,
    /// The models that describe what it is a handle of.
    pub models: Vec<String>,
}
