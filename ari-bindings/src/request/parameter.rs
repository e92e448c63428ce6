//! Values of parameters, and how they are written.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde_json::Value;

/// Everything but the unreserved characters of RFC 3986.
///
/// Asterisk splits a path at `/` before it decodes, and reads `+` as a space everywhere.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A query parameter of its declared type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Parameter {
    Text(String),
    Int(i64),
    Bool(bool),
    Double(f64),
    List(Vec<String>),
}

impl Parameter {
    pub(super) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Int(number) => number.to_string().into(),
            Self::Bool(value) => value.to_string().into(),
            Self::Double(number) => number.to_string().into(),
            Self::List(values) => values.iter().map(|value| escape(value)).collect::<Vec<_>>().join(",").into(),
        }
    }

    pub(super) fn has_nul(&self) -> bool {
        match self {
            Self::Text(text) => has_nul(text),
            Self::List(values) => values.iter().any(|value| has_nul(value)),
            Self::Int(_) | Self::Bool(_) | Self::Double(_) => false,
        }
    }

    pub(super) fn into_json(self) -> Value {
        match self {
            Self::Text(text) => text.into(),
            Self::Int(number) => number.into(),
            Self::Bool(value) => value.into(),
            Self::Double(number) => number.into(),
            Self::List(values) => values.into(),
        }
    }
}

/// Percent-encodes one path segment, or one name or value of a query.
pub(super) fn encode(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// Why text with a NUL character is not sent.
pub(crate) const NUL: &str = "it has a NUL character, at which Asterisk would cut it off";

/// Whether the text contains a NUL, at which Asterisk, which is written in C, would truncate it.
pub(super) fn has_nul(text: &str) -> bool {
    text.contains('\0')
}

/// The same of any text in a JSON value.
pub(crate) fn has_nul_within(value: &Value) -> bool {
    match value {
        Value::String(text) => has_nul(text),
        Value::Array(items) => items.iter().any(has_nul_within),
        Value::Object(members) => members.iter().any(|(name, value)| has_nul(name) || has_nul_within(value)),
        _ => false,
    }
}

/// Escapes one value of a comma-separated list for Asterisk's application-argument parser.
fn escape(value: &str) -> Cow<'_, str> {
    const SPECIAL: [char; 7] = [',', '(', ')', '[', ']', '"', '\\'];
    if !value.contains(SPECIAL) {
        return Cow::Borrowed(value);
    }
    let mut escaped = String::with_capacity(value.len() + 8);
    for character in value.chars() {
        if SPECIAL.contains(&character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    Cow::Owned(escaped)
}
