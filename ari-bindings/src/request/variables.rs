use serde::Serialize;
use serde_json::{Map, Value};

/// The value of a channel or bridge variable that a request sets.
///
/// Text converts into one; [`VariableValue::reported`] also has it reported in events.
///
/// ```no_run
/// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
/// use ari_bindings::VariableValue;
///
/// ari.channels()
///     .originate("PJSIP/alice")
///     .app("hello-world")
///     .variables([
///         ("LANGUAGE", VariableValue::from("en")),
///         ("ORDER", VariableValue::reported("4711")),
///     ])
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VariableValue {
    value: String,
    reported: bool,
}

impl VariableValue {
    /// A variable that all later events about its channel contain in `channelvars`
    /// (`report_events`; Asterisk 20.20, 22.10 and 23.4).
    pub fn reported(value: impl Into<String>) -> Self {
        Self { value: value.into(), reported: true }
    }

    fn into_json(self) -> Value {
        if self.reported {
            serde_json::json!({ "value": self.value, "report_events": true })
        } else {
            Value::String(self.value)
        }
    }
}

impl From<String> for VariableValue {
    fn from(value: String) -> Self {
        Self { value, reported: false }
    }
}

impl From<&str> for VariableValue {
    fn from(value: &str) -> Self {
        value.to_owned().into()
    }
}

impl From<&String> for VariableValue {
    fn from(value: &String) -> Self {
        value.clone().into()
    }
}

/// Variables as the JSON object that Asterisk expects.
pub(crate) fn to_json(variables: impl IntoIterator<Item = (impl Into<String>, impl Into<VariableValue>)>) -> Value {
    let variables = variables.into_iter();
    variables.map(|(name, value)| (name.into(), value.into().into_json())).collect::<Map<_, _>>().into()
}

/// Members of any JSON type as one JSON object.
pub(crate) fn to_json_object(members: impl IntoIterator<Item = (impl Into<String>, impl Into<Value>)>) -> Value {
    let members = members.into_iter();
    members.map(|(name, value)| (name.into(), value.into())).collect::<Map<_, _>>().into()
}

/// Models as a JSON array.
pub(crate) fn to_json_list(items: impl IntoIterator<Item = impl Serialize>) -> Value {
    // A model, being a struct, always becomes an object.
    items.into_iter().map(|item| serde_json::to_value(item).unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_text_or_reported_text() {
        let variables = [("A", VariableValue::from("1")), ("B", VariableValue::reported("2"))];
        assert_eq!(to_json(variables).to_string(), r#"{"A":"1","B":{"report_events":true,"value":"2"}}"#);
        assert_eq!(to_json_object([("n", 1)]).to_string(), r#"{"n":1}"#);
        assert_eq!(to_json_list([("n", 1)]).to_string(), r#"[["n",1]]"#);
    }
}
