//! Asterisk's declarations one to one: what the files say, no decisions.
//!
//! The dialect is Swagger 1.1 (`events.json`: 1.2) as Asterisk uses it. Prose is read over; every fact has its place.

mod members;
mod read;

use crate::diagnostic::Span;

pub use read::{read_listing, read_resource};

/// `resources.json`: which resource files there are.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// Where the file begins.
    pub span: Span,
    /// Version of the API; unlike that of the resource files it moves.
    pub api_version: String,
    /// Version of the dialect.
    pub swagger_version: String,
    /// The listed resources, in the file's order.
    pub resources: Vec<ListedResource>,
}

/// One entry of [`Listing`].
#[derive(Debug, Clone, PartialEq)]
pub struct ListedResource {
    /// Where the entry stands.
    pub span: Span,
    /// The path as written: `/api-docs/channels.{format}`.
    pub path: String,
}

impl ListedResource {
    /// The resource's name: `channels` of `/api-docs/channels.{format}`.
    #[must_use]
    pub fn name(&self) -> &str {
        let file = self.path.rsplit('/').next().unwrap_or(&self.path);
        file.split('.').next().unwrap_or(file)
    }
}

/// One resource file, such as `channels.json`.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Where the file begins.
    pub span: Span,
    /// Version of the dialect.
    pub swagger_version: String,
    /// Version of the API as this file claims it.
    pub api_version: String,
    /// The path under which a server serves the file: `/api-docs/channels.{format}`.
    pub resource_path: String,
    /// First releases with this resource, as Asterisk claims them.
    pub since: Vec<String>,
    /// Asterisk's modules without which the resource answers 404.
    pub requires_modules: Vec<String>,
    /// Paths and their operations.
    pub apis: Vec<Api>,
    /// Models in the file's order.
    pub models: Vec<Model>,
}

/// A path and its operations.
#[derive(Debug, Clone, PartialEq)]
pub struct Api {
    /// Where it stands.
    pub span: Span,
    /// Path template: `/channels/{channelId}/play`.
    pub path: String,
    /// Operations on it.
    pub operations: Vec<Operation>,
}

/// An operation: a method on a path.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Where it stands.
    pub span: Span,
    /// HTTP method, upper case.
    pub http_method: String,
    /// Its name within the resource.
    pub nickname: String,
    /// Type of the reply: `void`, `Channel`, `List[Channel]`, `binary`.
    pub response_class: String,
    /// First releases with it, as Asterisk claims them.
    pub since: Vec<String>,
    /// `websocket` where the operation upgrades the connection.
    pub upgrade: Option<String>,
    /// Subprotocol of that WebSocket.
    pub websocket_protocol: Option<String>,
    /// Parameters in the file's order.
    pub parameters: Vec<Parameter>,
    /// Statuses of declared errors.
    pub error_responses: Vec<ErrorResponse>,
}

/// A declared error.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorResponse {
    /// Where it stands.
    pub span: Span,
    /// HTTP status.
    pub code: u16,
}

/// A parameter of an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Where it stands.
    pub span: Span,
    /// Its name on the wire.
    pub name: String,
    /// `path`, `query` or `body`.
    pub param_type: String,
    /// Type of its value.
    pub data_type: String,
    /// Absent on a few path parameters.
    pub required: Option<bool>,
    /// Takes a comma-separated list.
    pub allow_multiple: Option<bool>,
    /// What the server assumes when it is absent.
    pub default_value: Option<Literal>,
    /// Constraint on its value.
    pub allowable_values: Option<AllowableValues>,
}

/// A JSON scalar.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `true` or `false`.
    Bool(bool),
    /// A number as written.
    Number(String),
    /// A string.
    String(String),
}

/// Constraint on a value.
#[derive(Debug, Clone, PartialEq)]
pub enum AllowableValues {
    /// One of these strings.
    List(Vec<String>),
    /// A number not below `min`, not above `max`.
    Range {
        /// Lower bound as written.
        min: Option<String>,
        /// Upper bound as written.
        max: Option<String>,
    },
}

/// A model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Where it stands.
    pub span: Span,
    /// Its name.
    pub id: String,
    /// Models that inherit its properties.
    pub sub_types: Vec<String>,
    /// The property that says which sub-type an object is.
    pub discriminator: Option<String>,
    /// Properties in the file's order.
    pub properties: Vec<Property>,
}

/// A property of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// Where it stands.
    pub span: Span,
    /// Its name on the wire.
    pub name: String,
    /// Its type.
    pub r#type: String,
    /// Absent means optional.
    pub required: Option<bool>,
    /// Constraint on its value.
    pub allowable_values: Option<AllowableValues>,
}
