//! A request as a value, and its response.

mod download;
mod filter;
mod list;
mod parameter;
mod reply;
mod routes;
pub(crate) mod variables;

use std::borrow::Cow;
use std::fmt::Write as _;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

pub use self::download::Download;
pub use self::filter::EventFilter;
pub use self::list::IntoList;
pub(crate) use self::parameter::Parameter;
pub(crate) use self::parameter::{NUL, has_nul_within};
use self::parameter::{encode, has_nul};
pub use self::reply::Response;
pub(crate) use self::reply::{CONFIDENTIAL, Content, Expect, Head, excerpt, wants_tls};
pub use self::variables::VariableValue;
use crate::{Error, Method, Operation, Release, RequestLine, availability};

/// The longest request line that Asterisk reads: method, path with query, and version.
const MAX_REQUEST_LINE: usize = 4095;

/// A request as a plain value, bound to no transport.
///
/// Every request of this crate turns into one with `into_request`: to compare it in a test, to log it, or to send it by
/// other means than HTTP.
///
/// ```
/// # fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
/// let request = ari.channel("1700000000.1").play("sound:hello-world").lang("en").into_request()?;
/// assert_eq!(request.path(), "/channels/1700000000.1/play");
/// assert_eq!(request.query().as_deref(), Some("media=sound%3Ahello-world&lang=en"));
/// assert_eq!(request.body(), None);
/// # Ok(())
/// # }
/// ```
///
/// [`Request::new`] makes one for an operation that is newer than this crate, and [`Client::send`](crate::Client::send)
/// sends it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    operation: Option<&'static Operation>,
    method: Method,
    /// With `{name}` for each parameter of the path.
    template: Cow<'static, str>,
    path: Vec<(Cow<'static, str>, String)>,
    pub(crate) query: Vec<(Cow<'static, str>, Parameter)>,
    pub(crate) body: Option<Body>,
}

/// A body, and whether other members may join it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    /// An object of parameters.
    Members(Value),
    /// A value that is the one parameter itself.
    Whole(Value),
}

impl Request {
    /// Starts a request by its method and its path below the base URL, with `{name}` for each parameter of the path.
    ///
    /// ```no_run
    /// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
    /// use ari_bindings::{Method, Request};
    ///
    /// let request = Request::new(Method::Post, "/channels/{channelId}/silence")
    ///     .path_parameter("channelId", "1700000000.1")
    ///     .query_parameter("mode", "quiet");
    /// let response = ari.send(request).await?;
    /// println!("{} {}", response.status(), response.text());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(method: Method, path: impl Into<Cow<'static, str>>) -> Self {
        Self { operation: None, method, template: path.into(), path: Vec::new(), query: Vec::new(), body: None }
    }

    /// Sets a parameter of the path.
    #[must_use]
    pub fn path_parameter(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.path.push((name.into(), value.into()));
        self
    }

    /// Appends a parameter to the query.
    #[must_use]
    pub fn query_parameter(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), Parameter::Text(value.into())));
        self
    }

    /// Sets the JSON body.
    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.body = Some(Body::Whole(body));
        self
    }

    pub(crate) fn of(operation: &'static Operation) -> Self {
        Self { operation: Some(operation), ..Self::new(operation.method, operation.path) }
    }

    /// The operation it calls; `None` if it was made by [`Request::new`].
    #[must_use]
    pub fn operation(&self) -> Option<&'static Operation> {
        self.operation
    }

    /// The HTTP method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The path below the base URL, percent-encoded; it begins with `/`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::with_capacity(self.template.len() + 32);
        let mut rest = &*self.template;
        while let Some((before, name, after)) = next_parameter(rest) {
            path.push_str(before);
            if let Some(value) = self.parameter_of_path(name) {
                let _ = write!(path, "{}", encode(value));
            }
            rest = after;
        }
        path.push_str(rest);
        path
    }

    /// The query, percent-encoded, without `?`.
    #[must_use]
    pub fn query(&self) -> Option<String> {
        let mut query = String::new();
        for (name, value) in &self.query {
            let separator = if query.is_empty() { "" } else { "&" };
            let _ = write!(query, "{separator}{}={}", encode(name), encode(&value.to_text()));
        }
        (!query.is_empty()).then_some(query)
    }

    /// Path and query without the leading `/`, as REST over a WebSocket requires.
    #[must_use]
    pub fn uri(&self) -> String {
        let mut uri = self.path();
        uri.drain(..uri.len() - uri.trim_start_matches('/').len());
        if let Some(query) = self.query() {
            let _ = write!(uri, "?{query}");
        }
        uri
    }

    /// The JSON body.
    #[must_use]
    pub fn body(&self) -> Option<&Value> {
        self.body.as_ref().map(|body| match body {
            Body::Members(value) | Body::Whole(value) => value,
        })
    }

    /// Whether it calls this operation.
    #[cfg(feature = "websocket")]
    pub(crate) fn is(&self, resource: &str, name: &str) -> bool {
        self.operation.is_some_and(|operation| (operation.resource, operation.name) == (resource, name))
    }

    /// The value of a parameter of the path.
    pub(crate) fn parameter_of_path(&self, name: &str) -> Option<&str> {
        self.path.iter().find(|(present, _)| present == name).map(|(_, value)| value.as_str())
    }

    /// Which request it is, for errors and logs.
    pub(crate) fn line(&self) -> RequestLine {
        RequestLine::new(self.operation, self.method, self.path())
    }

    /// The error that it cannot be sent because of this parameter.
    #[allow(clippy::ptr_arg, reason = "an error names a parameter only if its name is static")]
    fn invalid_at(&self, name: &Cow<'static, str>, reason: &str) -> Error {
        match name {
            Cow::Borrowed(name) => self.invalid(name, reason),
            Cow::Owned(name) => self.invalid("", format!("parameter `{name}`: {reason}")),
        }
    }

    /// The error that it cannot be sent.
    pub(crate) fn invalid(&self, parameter: &'static str, reason: impl Into<Box<str>>) -> Error {
        let request = RequestLine::new(self.operation, self.method, &*self.template);
        Error::InvalidRequest { request, parameter, reason: reason.into() }
    }

    /// Fails if Asterisk would read it as something else. The prefix is the path of the base URL.
    pub(crate) fn check(&self, prefix: &str) -> Result<(), Error> {
        self.check_path()?;
        for (name, value) in &self.query {
            if has_nul(name) || value.has_nul() {
                return Err(self.invalid_at(name, NUL));
            }
        }
        if self.body().is_some_and(has_nul_within) {
            return Err(self.invalid("", format!("its body: {NUL}")));
        }
        if !self.fits(prefix) {
            return Err(self.invalid("", "its path and query are longer than the 4095 bytes that Asterisk reads"));
        }
        Ok(())
    }

    fn check_path(&self) -> Result<(), Error> {
        let mut rest = &*self.template;
        while let Some((_, name, after)) = next_parameter(rest) {
            let present = self.path.iter().find(|(present, _)| present == name);
            if let Some(reason) = self.fault_of_segment(name, present.map_or("", |(_, value)| value)) {
                return Err(match present {
                    Some((name, _)) => self.invalid_at(name, reason),
                    None => self.invalid("", format!("parameter `{name}`: {reason}")),
                });
            }
            rest = after;
        }
        // The path of an operation is right.
        let fault = if self.operation.is_none() { fault_of_path(&self.template, &self.path()) } else { None };
        fault.map_or(Ok(()), |fault| Err(self.invalid("", fault)))
    }

    /// Whether its request line is as short as Asterisk requires.
    pub(crate) fn fits(&self, prefix: &str) -> bool {
        let spaces_and_version = " / HTTP/1.1".len();
        self.method.as_str().len() + prefix.len() + self.uri().len() + spaces_and_version <= MAX_REQUEST_LINE
    }

    /// Whether the bodies of request and response may have passwords: those of a module's configuration.
    pub(crate) fn is_confidential(&self) -> bool {
        self.template.starts_with("/asterisk/config/")
    }

    /// Why a value cannot take the place of a parameter of the path.
    pub(crate) fn fault_of_segment(&self, name: &str, value: &str) -> Option<&'static str> {
        match value {
            "" => Some("it is empty, and Asterisk would take the parent path instead"),
            "." | ".." => Some("as a path segment it would be resolved away"),
            _ if has_nul(value) => Some(NUL),
            _ if routes::is_taken(&self.template, name, value) => {
                Some("Asterisk would take it for another operation of that name")
            }
            _ => None,
        }
    }

    /// The names of the parameters in query and body, as far as they can be distinguished.
    fn parameters(&self) -> impl Iterator<Item = &str> {
        let members = match &self.body {
            Some(Body::Members(Value::Object(members))) => Some(members),
            _ => None,
        };
        let members = members.into_iter().flatten().map(|(name, _)| name.as_str());
        self.query.iter().map(|(name, _)| &**name).chain(members)
    }

    /// The first thing in it that a release is known to lack.
    pub(crate) fn lacks(&self, release: Release) -> Option<availability::Item> {
        let operation = self.operation?;
        let name = format!("{}.{}", operation.resource, operation.name);
        let parameters =
            self.parameters().filter_map(|parameter| availability::find(&format!("parameter {name}.{parameter}")));
        operation.availability().into_iter().chain(parameters).find(|item| item.is_in(release) == Some(false))
    }

    /// Makes the query parameters members of the body, where Asterisk reads them as well.
    pub(crate) fn move_query_to_body(&mut self) {
        let mut members: Map<_, _> =
            self.query.drain(..).map(|(name, value)| (name.into_owned(), value.into_json())).collect();
        if let Some(Body::Members(Value::Object(present))) = self.body.take() {
            members.extend(present);
        }
        self.body = Some(Body::Members(Value::Object(members)));
    }
}

/// Why Asterisk would not read a path as written; `path` is `template` with the values of its parameters.
fn fault_of_path(template: &str, path: &str) -> Option<&'static str> {
    let is_path = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%{}".contains(&byte);
    let is_escape =
        |(at, _)| path.as_bytes().get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    if !template.starts_with('/') || !template.bytes().all(is_path) || !path.match_indices('%').all(is_escape) {
        return Some("its path must begin with `/` and be percent-encoded, without a query");
    }
    if path.contains(['{', '}']) {
        return Some("its path has a brace that does not belong to a parameter");
    }
    path.split('/').find_map(|segment| match &*Cow::from(percent_decode_str(segment)) {
        b"." | b".." => Some("its path must not have the segments `.` and `..`"),
        segment if segment.contains(&0) => Some(NUL),
        _ => None,
    })
}

/// The first `{name}` of a path, with what stands before and after it.
fn next_parameter(path: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = path.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}
