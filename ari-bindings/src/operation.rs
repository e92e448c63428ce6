use std::fmt;

/// One operation of ARI: which it is, and how it is called.
///
/// Every request type has its own as `OPERATION`, and every error about a request carries it.
///
/// ```
/// use ari_bindings::{Method, Operation};
///
/// let play = Operation {
///     resource: "channels",
///     name: "play",
///     method: Method::Post,
///     path: "/channels/{channelId}/play",
/// };
/// assert_eq!(play.to_string(), "channels.play (POST /channels/{channelId}/play)");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resource, name, method, path } = self;
        write!(f, "{resource}.{name} ({method} {path})")
    }
}

/// The HTTP methods that ARI uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
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
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
