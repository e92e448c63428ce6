//! The body of a request: a form or JSON, by its content type.

use serde_json::Value;

use super::decode::Pairs;
use crate::exchange::{RawRequest, Reply};

const FORM: &str = "application/x-www-form-urlencoded";

/// Whether Asterisk reads a body of this type; it ignores others.
pub(crate) fn is_read(content_type: &str) -> bool {
    matches!(bare(content_type).as_str(), FORM | "application/json")
}

/// A content type without its parameters.
fn bare(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The pairs of a form, and a JSON body.
pub(super) fn read(request: &RawRequest) -> Result<(Pairs, Option<Value>), Reply> {
    let content_type = request.content_type.as_deref().unwrap_or_default();
    let body = &request.body;
    if !is_read(content_type) || body.is_empty() {
        return Ok((Pairs::default(), None));
    }
    if bare(content_type) == FORM {
        return Ok((Pairs::of(&String::from_utf8_lossy(body)), None));
    }
    match serde_json::from_slice(body) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) if !has_nul(&value) => Ok((Pairs::default(), Some(value))),
        _ => Err(Reply::message(400, "Error parsing request body")),
    }
}

/// Whether a text contains the character zero, which Asterisk's parser refuses.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
