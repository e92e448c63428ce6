//! From replies to responses of HTTP.

use ari_bindings::Release;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use hyper::ext::ReasonPhrase;

use crate::exchange::{Body, Reply};

/// The page with which Asterisk's HTTP server refuses what does not reach ARI.
pub(crate) fn page(release: Release, status: u16, text: &str) -> Reply {
    let title = phrase(status);
    let page = format!(
        "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\r\n<html><head>\r\n<title>{status} {title}</title>\r\n\
         </head><body>\r\n<h1>{title}</h1>\r\n<p>{text}</p>\r\n<hr />\r\n<address>Asterisk/{release}</address>\r\n\
         </body></html>\r\n"
    );
    Reply { body: Body::File { content_type: "text/html", bytes: page.into() }, ..Reply::empty(status) }
}

/// The phrase that belongs to a status.
pub(super) fn phrase(status: u16) -> &'static str {
    match status {
        413 => "Request Entity Too Large",
        _ => StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Unknown"),
    }
}

/// The response that has a reply.
pub(crate) fn response(reply: Reply) -> Response<Bytes> {
    let Reply { status, reason, body, location, allow } = reply;
    let (content_type, bytes) = match body {
        Body::Empty => (None, Bytes::new()),
        Body::Json(text) => (Some("application/json"), text.into()),
        Body::File { content_type, bytes } => (Some(content_type), bytes),
    };
    let mut response = Response::new(bytes);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if reason.is_some() || status == 413 {
        let reason = reason.unwrap_or(phrase(status));
        response.extensions_mut().insert(ReasonPhrase::from_static(reason.as_bytes()));
    }
    let headers = response.headers_mut();
    set(headers, CACHE_CONTROL, "no-cache, no-store");
    for (name, value) in [(CONTENT_TYPE, content_type), (LOCATION, location.as_deref()), (ALLOW, allow.as_deref())] {
        if let Some(value) = value {
            set(headers, name, value);
        }
    }
    match status {
        401 => set(headers, WWW_AUTHENTICATE, "Basic realm=\"Asterisk REST Interface\""),
        413 => set(headers, CONNECTION, "close"),
        _ => {}
    }
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
