//! Values of parameters for examples.

use ari_codegen::api::{BodyForm, Location, Operation, Parameter, path_parameters};
use serde_json::{Value, json};

use crate::site::key;

/// Values by a parameter's name, or by `RESOURCE.NICKNAME.NAME`: the latter also puts an optional parameter into the
/// examples of its operation.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    values: toml::Table,
}

/// A parameter with its value in an example.
pub(crate) type Given<'a> = (&'a Parameter, Value);

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
        in_path.chain(others).filter_map(|parameter| Some((parameter, self.value(operation, parameter)?))).collect()
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
    given.iter().find_map(|(parameter, value)| match parameter.location {
        Location::Body(BodyForm::BareVariables | BodyForm::BareFilter) => Some(value.clone()),
        Location::Body(_) => Some(json!({ &parameter.name: value })),
        Location::Path | Location::Query => None,
    })
}

/// The path with these values, each encoded as a segment.
pub(crate) fn path(operation: &Operation, given: &[Given<'_>]) -> String {
    let mut path = operation.path.clone();
    for (parameter, value) in given.iter().filter(|(parameter, _)| parameter.location == Location::Path) {
        path = path.replace(&format!("{{{}}}", parameter.name), &encoded(&plain(value)));
    }
    path
}

/// The values that go into the query.
pub(crate) fn query<'a>(given: &'a [Given<'a>]) -> impl Iterator<Item = (&'a Parameter, &'a Value)> {
    given.iter().filter(|(parameter, _)| parameter.location == Location::Query).map(|(name, value)| (*name, value))
}

/// Text as one segment of a path.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'@' => out.push(byte.into()),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
