//! JSON whose values know their place, so that a diagnostic can point at it.

use std::sync::Arc;

use jsonc_parser::ast;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use crate::diagnostic::{Diagnostics, Span};

/// A file's name and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// How messages name the file.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// A JSON value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// The number as written.
    Number(String),
    String(String),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) node: Node,
}

impl Value {
    /// How messages name this kind of value.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// Reads a file's text as strict JSON.
pub(crate) fn parse(source: &Source) -> Result<Node, Diagnostics> {
    let file: Arc<str> = Arc::from(source.file.as_str());
    let root = |line, column| Span { file: file.clone(), line, column, path: "$".to_owned() };
    let mut diagnostics = Diagnostics::default();
    if source.text.starts_with('\u{feff}') {
        let message = "the file begins with a byte order mark (U+FEFF), which JSON does not allow: remove it";
        diagnostics.at(&root(1, 1), message);
        return Err(diagnostics);
    }
    match parse_to_ast(&source.text, &CollectOptions::default(), &strict()) {
        Ok(result) => match (result.value, lenience(&source.text)) {
            (Some(value), None) => {
                let lines = Lines::new(&source.text);
                return Ok(Locator { file: file.clone(), lines }.node(&value, "$".to_owned()));
            }
            (Some(_), Some((line, column, message))) => diagnostics.at(&root(line, column), message),
            (None, _) => diagnostics.at(&root(1, 1), "the file is empty: expected a JSON object"),
        },
        Err(error) => {
            // Its own lines end at a lone carriage return, too.
            let (line, column) = Lines::new(&source.text).position(error.range().start);
            diagnostics.at(&root(line, column), format!("not JSON: {}", error.kind()));
        }
    }
    Err(diagnostics)
}

/// What the parser takes although it is not JSON: control characters in strings, numbers beyond all bounds.
fn lenience(text: &str) -> Option<(usize, usize, String)> {
    let error = serde_json::from_str::<serde_json::Value>(text).err()?;
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    Some((error.line(), error.column().max(1), format!("not JSON: {message}")))
}

fn strict() -> ParseOptions {
    ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// Turns byte offsets into lines and columns.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = self.starts[line - 1];
        (line, self.text[start..offset].chars().count() + 1)
    }
}

struct Locator<'a> {
    file: Arc<str>,
    lines: Lines<'a>,
}

impl Locator<'_> {
    fn span(&self, offset: usize, path: String) -> Span {
        let (line, column) = self.lines.position(offset);
        Span { file: self.file.clone(), line, column, path }
    }

    fn node(&self, value: &ast::Value<'_>, path: String) -> Node {
        use jsonc_parser::common::Ranged;
        let converted = match value {
            ast::Value::NullKeyword(_) => Value::Null,
            ast::Value::BooleanLit(literal) => Value::Bool(literal.value),
            ast::Value::NumberLit(literal) => Value::Number(literal.value.to_owned()),
            ast::Value::StringLit(literal) => Value::String(literal.value.to_string()),
            ast::Value::Array(array) => Value::Array(
                array
                    .elements
                    .iter()
                    .enumerate()
                    .map(|(index, element)| self.node(element, format!("{path}[{index}]")))
                    .collect(),
            ),
            ast::Value::Object(object) => {
                Value::Object(object.properties.iter().map(|property| self.member(property, &path)).collect())
            }
        };
        Node { span: self.span(value.range().start, path), value: converted }
    }

    /// The location of a member is that of its key, which is what readers search for in the file.
    fn member(&self, property: &ast::ObjectProp<'_>, path: &str) -> Member {
        let key = property.name.as_str().to_owned();
        let mut node = self.node(&property.value, format!("{path}.{key}"));
        let span = self.span(property.range.start, String::new());
        (node.span.line, node.span.column) = (span.line, span.column);
        Member { key, node }
    }
}
