//! Values of parameters for examples.

use std::fmt::Write as _;

use ari_codegen::api::{BodyForm, Location, Operation, Parameter, path_parameters};
use ari_codegen::export::is_member_only;
use serde_json::{Map, Value, json};

use crate::site::key;

/// Values by a parameter's name, or by `RESOURCE.NICKNAME.NAME`: the latter also puts an optional parameter into the
/// examples of its operation.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    values: toml::Table,
}

/// A parameter in an example.
pub(crate) struct Given<'a> {
    pub(crate) parameter: &'a Parameter,
    pub(crate) value: Value,
    pub(crate) place: Place,
}

/// Where an example puts a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    /// A member of the body.
    Member,
    /// The body as a whole.
    Body,
}

impl Place {
    fn of(operation: &Operation, parameter: &Parameter) -> Self {
        match parameter.location {
            Location::Path => Self::Path,
            Location::Query if is_member_only(operation, parameter) => Self::Member,
            Location::Query => Self::Query,
            Location::Body(BodyForm::BareVariables | BodyForm::BareFilter) => Self::Body,
            Location::Body(_) => Self::Member,
        }
    }
}

impl Samples {
    /// Reads the file.
    ///
    /// # Errors
    /// Text that is not TOML.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        Ok(Self { values: toml::from_str(text)? })
    }

    /// Items that have a value, without those by a mere name.
    pub fn items(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str).filter(|name| name.contains('.'))
    }

    /// What an example of an operation has: the path's parameters in order, then the others as declared.
    pub(crate) fn given<'a>(&self, operation: &'a Operation) -> Vec<Given<'a>> {
        let in_path = path_parameters(&operation.path)
            .filter_map(|name| operation.parameters.iter().find(|parameter| parameter.name == name));
        let others = operation.parameters.iter().filter(|parameter| parameter.location != Location::Path);
        let given = |parameter: &'a Parameter| {
            let value = self.value(operation, parameter)?;
            Some(Given { parameter, value, place: Place::of(operation, parameter) })
        };
        in_path.chain(others).filter_map(given).collect()
    }

    fn value(&self, operation: &Operation, parameter: &Parameter) -> Option<Value> {
        let own = self.values.get(&format!("{}.{}", key(operation), parameter.name));
        let by_name = || self.values.get(&parameter.name).filter(|_| parameter.required);
        match own.or_else(by_name) {
            Some(value) => serde_json::to_value(value).ok(),
            None => parameter.required.then(|| fallback(parameter)),
        }
    }

    /// Whether a required parameter has a value that was chosen for it.
    #[must_use]
    pub fn has(&self, operation: &Operation, parameter: &Parameter) -> bool {
        let own = format!("{}.{}", key(operation), parameter.name);
        [own.as_str(), &parameter.name].iter().any(|name| self.values.contains_key(*name))
    }
}

/// A value for a parameter that has none: a listed one, else its name.
fn fallback(parameter: &Parameter) -> Value {
    let listed = parameter.values.as_ref().and_then(|values| values.first());
    let text = json!(listed.unwrap_or(&parameter.name));
    if parameter.multiple { json!([text]) } else { text }
}

/// A value as a path or a query has it: lists are separated by commas.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(elements) => elements.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// The body that a request with these values has.
pub(crate) fn body(given: &[Given<'_>]) -> Option<Value> {
    if let Some(whole) = given.iter().find(|given| given.place == Place::Body) {
        return Some(whole.value.clone());
    }
    let members = given.iter().filter(|given| given.place == Place::Member);
    let members: Map<String, Value> = members.map(|it| (it.parameter.name.clone(), it.value.clone())).collect();
    (!members.is_empty()).then_some(Value::Object(members))
}

/// The path with these values, each encoded as a segment.
pub(crate) fn path(operation: &Operation, given: &[Given<'_>]) -> String {
    let mut path = operation.path.clone();
    for given in given.iter().filter(|given| given.place == Place::Path) {
        path = path.replace(&format!("{{{}}}", given.parameter.name), &encoded(&plain(&given.value)));
    }
    path
}

/// The values that go into the query, each with its name.
pub(crate) fn query<'a>(given: &'a [Given<'a>]) -> impl Iterator<Item = (&'a str, &'a Value)> {
    given.iter().filter(|given| given.place == Place::Query).map(|given| (given.parameter.name.as_str(), &given.value))
}

/// The address of the event connection, with the credentials that browsers cannot put into a header.
pub(crate) fn websocket(operation: &Operation, given: &[Given<'_>]) -> String {
    let mut query: Vec<String> = query(given).map(|(name, value)| format!("{name}={}", plain(value))).collect();
    query.push("api_key=asterisk:asterisk".to_owned());
    format!("ws://localhost:8088/ari{}?{}", path(operation, given), query.join("&"))
}

/// Text as one segment of a path.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'@' => out.push(byte.into()),
            other => drop(write!(out, "%{other:02X}")),
        }
    }
    out
}
