//! What the logs and metrics say about requests.

use std::time::Duration;

use tracing::Span;

use crate::request::{CONFIDENTIAL, Content};
use crate::{Error, Request};

/// The number of bytes of a body that are logged.
const BODY: usize = 4096;

/// The span of a request.
pub(super) fn span(request: &Request) -> Span {
    let span = tracing::debug_span!(
        "ari.request",
        operation = tracing::field::Empty,
        method = request.method().as_str(),
        path = tracing::field::Empty,
        channel = request.parameter_of_path("channelId"),
        status = tracing::field::Empty,
        milliseconds = tracing::field::Empty,
    );
    if !span.is_disabled() {
        span.record("path", request.path());
        if let Some(operation) = request.operation() {
            span.record("operation", tracing::field::display(operation));
        }
    }
    if tracing::enabled!(tracing::Level::TRACE) {
        let body = request.body().map(ToString::to_string).unwrap_or_default();
        tracing::trace!("{} {} {}", request.method(), request.uri(), shown(request, &body));
    }
    span
}

/// Notes how a request has ended.
pub(super) fn finished(span: &Span, request: &Request, result: &Result<Content, Error>, duration: Duration) {
    let status = match &result {
        Ok(content) => Some(content.status()),
        Err(error) => error.status(),
    };
    span.record("status", status);
    span.record("milliseconds", duration.as_secs_f64() * 1e3);
    if tracing::enabled!(tracing::Level::DEBUG) {
        let (method, path) = (request.method(), request.path());
        match result {
            Ok(content) => tracing::debug!("{method} {path}: {} in {duration:.1?}", content.status()),
            Err(error) => tracing::debug!("{method} {path}: failed in {duration:.1?}: {}", error.with_causes()),
        }
    }
    if let Ok(Content::Text { status, text }) = result {
        tracing::trace!("{status} {}", shown(request, &String::from_utf8_lossy(text)));
    }
    #[cfg(feature = "metrics")]
    measure(request, status, duration);
}

fn shown<'text>(request: &Request, body: &'text str) -> &'text str {
    if !body.is_empty() && request.is_confidential() {
        return CONFIDENTIAL;
    }
    let end = (0..=BODY.min(body.len())).rev().find(|end| body.is_char_boundary(*end));
    &body[..end.unwrap_or_default()]
}

#[cfg(feature = "metrics")]
fn measure(request: &Request, status: Option<u16>, duration: Duration) {
    let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    let name = match request.operation() {
        Some(operation) => format!("{}.{}", operation.resource, operation.name),
        None => "other".to_owned(),
    };
    metrics::histogram!("ari_request_duration_seconds", "operation" => name, "status" => status)
        .record(duration.as_secs_f64());
}
