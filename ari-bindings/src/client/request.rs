use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::{Error, Method, Operation, Release, availability};

/// Everything but the unreserved characters of RFC 3986.
///
/// Asterisk splits a path at `/` before it decodes, and reads `+` as a space everywhere.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A request as a plain value, bound to no transport.
///
/// Every request of this crate turns into one with `into_request`: to compare it in a test, to
/// log it, or to send it by other means than HTTP.
///
/// ```
/// # fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
/// let request = ari.channel("1700000000.1").play(["sound:hello-world"]).lang("en").into_request()?;
/// assert_eq!(request.path(), "/channels/1700000000.1/play");
/// assert_eq!(request.query().as_deref(), Some("media=sound%3Ahello-world&lang=en"));
/// assert_eq!(request.body(), None);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub(crate) operation: &'static Operation,
    pub(crate) path: String,
    pub(crate) query: Vec<(&'static str, Parameter)>,
    pub(crate) body: Option<Body>,
}

impl Request {
    /// The operation it asks for.
    #[must_use]
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// The HTTP method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.operation.method
    }

    /// The path below the base URL, percent-encoded; it begins with `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query, percent-encoded, without `?`.
    #[must_use]
    pub fn query(&self) -> Option<String> {
        let pairs: Vec<_> = self.query.iter().map(|(name, value)| value.to_pair(name)).collect();
        (!pairs.is_empty()).then(|| pairs.join("&"))
    }

    /// Path and query without the leading `/`: the form that REST over a WebSocket wants.
    #[must_use]
    pub fn uri(&self) -> String {
        let path = self.path.trim_start_matches('/');
        match self.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        }
    }

    /// The JSON body.
    #[must_use]
    pub fn body(&self) -> Option<&Value> {
        self.body.as_ref().map(|body| match body {
            Body::Members(value) | Body::Whole(value) => value,
        })
    }

    /// The value of a parameter of the path.
    pub(crate) fn path_parameter(&self, name: &str) -> Option<String> {
        let mut segments = self.operation.path.split('/').zip(self.path.split('/'));
        let is_it = |declared: &str| declared.strip_prefix('{').and_then(|it| it.strip_suffix('}')) == Some(name);
        let (_, value) = segments.find(|(declared, _)| is_it(declared))?;
        percent_decode_str(value).decode_utf8().ok().map(Cow::into_owned)
    }

    /// Names of the parameters that it has besides those of the path, as far as they can be told apart.
    fn parameters(&self) -> impl Iterator<Item = &str> {
        let members = match &self.body {
            Some(Body::Members(Value::Object(members))) => Some(members),
            _ => None,
        };
        let members = members.into_iter().flatten().map(|(name, _)| name.as_str());
        self.query.iter().map(|(name, _)| *name).chain(members)
    }

    /// Fails with the first thing in it that a release is known to lack.
    pub(crate) fn check_availability(&self, release: Release) -> Result<(), Error> {
        let operation = self.operation;
        let name = format!("{}.{}", operation.resource, operation.name);
        let parameters = self.parameters().map(|parameter| format!("parameter {name}.{parameter}"));
        for item in std::iter::once(format!("operation {name}")).chain(parameters) {
            if availability::has(&item, release) == Some(false) {
                let since = availability::since(&item).unwrap_or_default();
                return Err(Error::Unavailable { operation, item: item.into(), release, since });
            }
        }
        Ok(())
    }

    /// Makes the query parameters members of the body, where Asterisk reads them as well.
    pub(crate) fn move_query_to_body(&mut self) {
        let mut members: Map<_, _> =
            self.query.drain(..).map(|(name, value)| (name.to_owned(), value.into_json())).collect();
        if let Some(Body::Members(Value::Object(present))) = self.body.take() {
            members.extend(present);
        }
        self.body = Some(Body::Members(Value::Object(members)));
    }
}

/// A body, and whether other members may join it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    /// An object of parameters.
    Members(Value),
    /// A value that is the one parameter itself.
    Whole(Value),
}

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
    fn to_pair(&self, name: &str) -> String {
        format!("{}={}", encode(name), encode(&self.to_text()))
    }

    fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Int(number) => number.to_string().into(),
            Self::Bool(value) => value.to_string().into(),
            Self::Double(number) => number.to_string().into(),
            Self::List(values) => values.iter().map(|value| escape(value)).collect::<Vec<_>>().join(",").into(),
        }
    }

    fn into_json(self) -> Value {
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
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
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
