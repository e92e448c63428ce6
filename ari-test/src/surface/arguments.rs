//! The arguments of a call, read as Asterisk's generated code reads them.

use ari_bindings::Release;
use serde_json::{Map, Value};

use super::decode::Pairs;
use super::table::{Kind, Location, Operation, Parameter};
use crate::exchange::Reply;

/// The length from which on Asterisk refuses a list.
const TOO_MANY_VALUES: usize = 128;

/// The arguments of a call. What the request does not have is absent: declared defaults are not applied, because the code
/// of an operation decides what it assumes.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    values: Vec<(&'static str, Argument)>,
    body: Option<Value>,
}

#[derive(Debug, Clone, PartialEq)]
enum Argument {
    Text(String),
    Number(i64),
    Flag(bool),
    List(Vec<String>),
}

impl Arguments {
    /// Reads the parameters that a release knows; it ignores others.
    pub(super) fn read(
        operation: &'static Operation,
        release: Release,
        path: &[(&'static str, String)],
        pairs: &Pairs,
        json: Option<Value>,
    ) -> Result<Self, Reply> {
        let mut arguments = Self::default();
        let parameters = operation.parameters.iter().filter(|parameter| parameter.is_in(release));
        let members = members(operation, json.as_ref());
        for parameter in parameters {
            let value = match parameter.location {
                Location::Path => path.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| text(value)),
                Location::Body | Location::Filter => None,
                Location::Query => match members.and_then(|members| members.get(parameter.name)) {
                    Some(member) => of_json(parameter, member),
                    None => pairs.last(parameter.name).map(|value| of_text(parameter, value)).transpose()?,
                },
            };
            arguments.values.extend(value.map(|value| (parameter.name, value)));
        }
        arguments.body = json;
        Ok(arguments)
    }

    /// A text; absent also where a JSON body has something else in its place.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Argument::Text(text) => Some(text),
            Argument::List(_) | Argument::Number(_) | Argument::Flag(_) => None,
        }
    }

    /// The values of a list; none if it is absent. An empty text is a list of one empty value.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        match self.get(name) {
            Some(Argument::List(texts)) => texts.iter().map(String::as_str).collect(),
            Some(Argument::Text(text)) => vec![text],
            Some(Argument::Number(_) | Argument::Flag(_)) | None => Vec::new(),
        }
    }

    /// A number; 0 where the text is none.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Argument::Number(number) => Some(*number),
            Argument::Text(_) | Argument::List(_) | Argument::Flag(_) => None,
        }
    }

    /// A truth value; false where the text is not one of those that mean yes.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Argument::Flag(flag) => Some(*flag),
            Argument::Text(_) | Argument::List(_) | Argument::Number(_) => None,
        }
    }

    /// An object in the JSON body, such as `variables`.
    pub(crate) fn object(&self, name: &str) -> Option<&Map<String, Value>> {
        self.body.as_ref()?.get(name)?.as_object()
    }

    /// The whole JSON body.
    pub(crate) fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    /// Whether the request has it, in whatever form.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn get(&self, name: &str) -> Option<&Argument> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, argument)| argument)
    }
}

/// The members of a JSON body that stand for parameters of the query. A body that is a filter has none; one of bare
/// variables was seen to name the bridge.
fn members<'a>(operation: &Operation, json: Option<&'a Value>) -> Option<&'a Map<String, Value>> {
    if operation.parameters.iter().any(|parameter| parameter.location == Location::Filter) {
        return None;
    }
    json?.as_object()
}

fn text(value: &str) -> Argument {
    Argument::Text(value.to_owned())
}

fn of_text(parameter: &Parameter, value: &str) -> Result<Argument, Reply> {
    Ok(match parameter.kind {
        Kind::Integer => Argument::Number(truncated(number(value))),
        Kind::Long => Argument::Number(number(value)),
        Kind::Boolean => Argument::Flag(is_true(value)),
        Kind::Text if parameter.list => {
            let values = split(value);
            if values.len() >= TOO_MANY_VALUES {
                return Err(Reply::message(400, format!("Too many values for {}", parameter.name)));
            }
            Argument::List(values)
        }
        Kind::Text => text(value),
    })
}

/// A member of another type counts as 0, as false, or as absent.
fn of_json(parameter: &Parameter, value: &Value) -> Option<Argument> {
    Some(match parameter.kind {
        Kind::Integer => Argument::Number(truncated(value.as_i64().unwrap_or_default())),
        Kind::Long => Argument::Number(value.as_i64().unwrap_or_default()),
        Kind::Boolean => Argument::Flag(value.as_bool().unwrap_or_default()),
        Kind::Text if parameter.list => {
            let item = |item: &Value| item.as_str().unwrap_or_default().to_owned();
            Argument::List(value.as_array().map_or_else(|| vec![item(value)], |items| items.iter().map(item).collect()))
        }
        Kind::Text => text(value.as_str()?),
    })
}

/// The number at the beginning of a text, as C's `atoi` reads it.
fn number(text: &str) -> i64 {
    let text = text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    let sign = usize::from(text.starts_with(['+', '-']));
    let digits = text[sign..].bytes().take_while(u8::is_ascii_digit).count();
    match text[..sign + digits].parse() {
        Ok(number) => number,
        Err(_) if digits == 0 => 0,
        Err(_) if text.starts_with('-') => i64::MIN,
        Err(_) => i64::MAX,
    }
}

/// The number that fits into 32 bits, as an assignment of C makes it.
#[expect(clippy::cast_possible_truncation, reason = "the point of it")]
fn truncated(number: i64) -> i64 {
    i64::from(number as i32)
}

/// Whether a text is one of those that mean yes.
pub(super) fn is_true(text: &str) -> bool {
    ["yes", "true", "y", "t", "1", "on"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Splits a comma list. Double quotes, parentheses and brackets keep commas together, a backslash keeps what follows it;
/// quotes and backslashes are removed. Nothing follows a comma at the end.
pub(crate) fn split(text: &str) -> Vec<String> {
    let (mut values, mut value) = (Vec::new(), String::new());
    let (mut is_quoted, mut parentheses, mut brackets) = (false, 0_usize, 0_usize);
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => {
                value.extend(chars.next());
                continue;
            }
            '"' => {
                is_quoted = !is_quoted;
                continue;
            }
            ',' if !is_quoted && parentheses == 0 && brackets == 0 => {
                values.push(std::mem::take(&mut value));
                if chars.as_str().is_empty() {
                    return values;
                }
                continue;
            }
            '(' => parentheses += 1,
            ')' => parentheses = parentheses.saturating_sub(1),
            '[' => brackets += 1,
            ']' => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        value.push(char);
    }
    values.push(value);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_reads_as_asterisk_does() {
        assert_eq!(split(""), [""]);
        assert_eq!(split("a,b"), ["a", "b"]);
        assert_eq!(split("a,,b,"), ["a", "", "b"]);
        assert_eq!(split(","), [""]);
        assert_eq!(split(r#""sound:a,b",c\,d,f(x,y),[1,2]"#), ["sound:a,b", "c,d", "f(x,y)", "[1,2]"]);
        assert_eq!(split(r#"a,"""#), ["a", ""]);
    }

    #[test]
    fn number_reads_as_c_does() {
        for (text, expected) in [("5", 5), (" -7x", -7), ("+3", 3), ("", 0), ("x", 0), ("-", 0), ("1.9", 1)] {
            assert_eq!(number(text), expected, "{text:?}");
        }
        assert_eq!(truncated(number("99999999999999999999")), -1);
        assert_eq!(truncated(number("-99999999999999999999")), 0);
    }
}
