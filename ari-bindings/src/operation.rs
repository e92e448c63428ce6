use std::fmt;

use crate::availability::{self, Item};

/// One operation of ARI: which it is, and how it is called.
///
/// Every request type has its own as `OPERATION`, and every error about a request names it.
///
/// ```
/// use ari_bindings::{Method, Operation};
///
/// let play = Operation::new("channels", "play", Method::Post, "/channels/{channelId}/play");
/// assert_eq!(play.to_string(), "channels.play (POST /channels/{channelId}/play)");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Operation {
    /// The resource it belongs to, such as `channels`.
    pub resource: &'static str,
    /// Its name within the resource, as Asterisk spells it, such as `playWithId`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path below the base URL, with `{name}` for each path parameter.
    pub path: &'static str,
}

impl Operation {
    /// Describes an operation; those of the API are [`OPERATIONS`](crate::operations::OPERATIONS).
    #[must_use]
    pub const fn new(resource: &'static str, name: &'static str, method: Method, path: &'static str) -> Self {
        Self { resource, name, method, path }
    }

    /// The releases that have it; `None` for an operation that the bindings do not know.
    #[must_use]
    pub fn availability(&self) -> Option<Item> {
        availability::find(&format!("operation {}.{}", self.resource, self.name))
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resource, name, method, path } = self;
        write!(f, "{resource}.{name} ({method} {path})")
    }
}

/// Which request an error is about: its method and path, and the operation that it calls.
///
/// ```
/// # fn example(error: &ari_bindings::Error) {
/// if let Some(request) = error.request() {
///     // channels.hangup (DELETE /channels/1700000000.1)
///     println!("{request}");
/// }
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestLine {
    operation: Option<&'static Operation>,
    method: Method,
    path: Box<str>,
}

impl RequestLine {
    #[cfg(feature = "http")]
    pub(crate) fn new(operation: Option<&'static Operation>, method: Method, path: impl Into<Box<str>>) -> Self {
        Self { operation, method, path: path.into() }
    }

    /// The operation; `None` for a request that was made by [`Request::new`](crate::Request::new).
    #[must_use]
    pub fn operation(&self) -> Option<&'static Operation> {
        self.operation
    }

    /// The HTTP method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The path below the base URL, percent-encoded, such as `/channels/1700000000.1`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for RequestLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, method, path } = self;
        match operation {
            Some(Operation { resource, name, .. }) => write!(f, "{resource}.{name} ({method} {path})"),
            None => write!(f, "{method} {path}"),
        }
    }
}

/// The HTTP methods that ARI uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The method as HTTP writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
