//! A request on its way in: where it goes, whether it may, and what it asks for.

use ari_bindings::Release;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION};
use http::request::Parts;
use http::{Method, Request, Response};

use super::User;
use super::page::{page, response};
use crate::Fake;
use crate::exchange::{RawRequest, Reply};
use crate::fake::Session;
use crate::surface;

/// The longest body that Asterisk reads.
const MOST_BODY: usize = 40960;

/// The longest name of an application.
pub(crate) const MOST_NAME: usize = 73;

/// The response to a request.
pub(crate) async fn respond(fake: &Fake, request: Request<Bytes>) -> Response<Bytes> {
    let (parts, body) = request.into_parts();
    let is_head = parts.method == Method::HEAD;
    let reply = match admit(fake, &parts, body) {
        Ok((request, _)) => fake.answer(request).await,
        Err(refusal) => refusal,
    };
    let mut response = response(reply);
    if is_head {
        *response.body_mut() = Bytes::new();
    }
    response
}

/// The request below ARI's path and the user that it comes from, or the refusal of a server that does not look further.
fn admit(fake: &Fake, parts: &Parts, body: Bytes) -> Result<(RawRequest, User), Reply> {
    let settings = fake.settings();
    let not_found = || page(fake.release(), 404, "The requested URL was not found on this server.");
    let path = below(&settings.prefix, parts.uri.path()).ok_or_else(not_found)?;
    if fake.network().is_booting() {
        return Err(page(fake.release(), 503, "Asterisk not booted"));
    }
    let content_type =
        parts.headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    if body.len() > MOST_BODY && content_type.as_deref().is_some_and(surface::is_read) {
        return Err(Reply::message(413, "Request body too large"));
    }
    let user = settings.access.authenticate(&parts.headers, parts.uri.query())?;
    user.allows(&parts.method)?;
    let request = RawRequest {
        method: parts.method.clone(),
        path: path.to_owned(),
        query: parts.uri.query().map(str::to_owned),
        content_type,
        body,
    };
    Ok((request, user))
}

/// What follows the prefix and `/ari`, in which Asterisk ignores the case.
pub(super) fn below<'a>(prefix: &str, path: &'a str) -> Option<&'a str> {
    let path = path.strip_prefix(prefix)?;
    let (root, rest) = path.split_at_checked(4)?;
    (root.eq_ignore_ascii_case("/ari") && (rest.is_empty() || rest.starts_with('/'))).then_some(rest)
}

/// Whether a release limits the names of applications, as it does since it has outbound connections.
fn limits_names(release: Release) -> bool {
    surface::has("event ApplicationRegistered", release)
}

/// An event connection that has been agreed to.
pub(crate) struct Opened {
    pub(crate) session: Session,
    pub(crate) user: User,
    /// The subprotocol that the server names, if the client has named any.
    pub(crate) subprotocol: Option<HeaderValue>,
}

/// Opens the event connection that a request asks for. Other requests, and those that Asterisk refuses, get a response.
pub(crate) async fn open(fake: &Fake, parts: Parts) -> Result<Opened, Response<Bytes>> {
    let (request, user) = admit(fake, &parts, Bytes::new()).map_err(response)?;
    if request.method != Method::GET || request.path != "/events" {
        return Err(response(fake.answer(request).await));
    }
    let subprotocol = parts.headers.get(SEC_WEBSOCKET_PROTOCOL);
    let offered = subprotocol.and_then(|offered| offered.to_str().ok());
    if offered.is_some_and(|offered| !offered.split(',').any(|offered| offered.trim() == "ari")) {
        let mut refusal = response(Reply::empty(400));
        refusal.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("7, 8, 13"));
        return Err(refusal);
    }
    let wanted = surface::session(&request).ok_or_else(|| response(page(fake.release(), 400, "")))?;
    if limits_names(fake.release()) && wanted.apps.iter().any(|app| app.len() > MOST_NAME) {
        return Err(response(page(fake.release(), 500, "Stasis app registration failed")));
    }
    let session = fake.connect(&wanted);
    Ok(Opened { session, user, subprotocol: subprotocol.map(|_| HeaderValue::from_static("ari")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_finds_what_follows_the_prefix() {
        for (prefix, path, expected) in [
            ("", "/ari/channels", Some("/channels")),
            ("", "/ARI/channels", Some("/channels")),
            ("", "/ari", Some("")),
            ("", "/aria", None),
            ("", "/", None),
            ("", "/äri", None),
            ("/pbx", "/pbx/ari/channels", Some("/channels")),
            ("/pbx", "/ari/channels", None),
        ] {
            assert_eq!(below(prefix, path), expected, "{prefix} {path}");
        }
    }
}
