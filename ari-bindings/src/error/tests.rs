use super::*;
use crate::{Method, Operation, Request};

static ANSWER: Operation =
    Operation { resource: "channels", name: "answer", method: Method::Post, path: "/channels/{channelId}/answer" };

fn line() -> RequestLine {
    Request::of(&ANSWER).path_parameter("channelId", "c").line()
}

fn refused(status: u16, message: &str) -> Error {
    Error::Refused { request: line(), status, message: message.into(), body: "".into() }
}

fn unknown(timed_out: bool) -> Error {
    Error::OutcomeUnknown { request: line(), timed_out, source: Arc::new(io::Error::other("lost")) }
}

fn connect(kind: ConnectErrorKind) -> Error {
    Error::Connect { url: "http://localhost".into(), kind, source: Arc::new(io::Error::other("no")) }
}

fn not_ari(status: u16) -> Error {
    Error::NotAri { url: "http://localhost".into(), status, content_type: "".into(), excerpt: "".into() }
}

fn ended(reason: DisconnectReason) -> Error {
    Error::Disconnected { reason }
}

#[test]
fn is_gone_if_there_is_nothing_left_to_do() {
    for (error, is_gone) in [
        (refused(404, "Channel not found"), true),
        (refused(409, "Channel not in Stasis application"), true),
        (refused(409, "Bridge not in a Stasis application"), true),
        (refused(409, "Channel currently recording"), false),
        (refused(412, "Channel not in Stasis application"), false),
        (not_ari(404), false),
        (unknown(false), false),
    ] {
        assert_eq!(error.is_gone(), is_gone, "{error}");
    }
}

#[test]
fn is_timeout_if_something_took_too_long() {
    for (error, is_timeout) in [
        (connect(ConnectErrorKind::Timeout), true),
        (connect(ConnectErrorKind::Refused), false),
        (unknown(true), true),
        (unknown(false), false),
        (ended(DisconnectReason::PingTimeout), true),
        (ended(DisconnectReason::Overflow { bytes: 1 }), false),
        (refused(504, ""), false),
    ] {
        assert_eq!(error.is_timeout(), is_timeout, "{error}");
    }
}

#[test]
fn maybe_executed_unless_the_server_has_refused_or_not_seen_it() {
    for (error, maybe_executed) in [
        (connect(ConnectErrorKind::Timeout), false),
        (ended(DisconnectReason::PingTimeout), false),
        (Error::config("no"), false),
        (unknown(true), true),
        (unknown(false), true),
        (refused(400, ""), false),
        (refused(408, ""), true),
        (refused(500, ""), false),
        (refused(502, ""), true),
        (refused(503, ""), false),
        (refused(504, ""), true),
        (not_ari(200), true),
        (not_ari(399), true),
        (not_ari(400), false),
        (not_ari(408), true),
        (not_ari(499), false),
        (not_ari(500), true),
    ] {
        assert_eq!(error.maybe_executed(), maybe_executed, "{error}");
    }
}

#[test]
fn errors_name_their_request() {
    let unauthorized = Error::Unauthorized { request: line(), message: "".into() };
    for error in [refused(500, ""), unknown(true), unauthorized] {
        assert_eq!(error.request().map(RequestLine::path), Some("/channels/c/answer"));
        assert_eq!(error.operation().map(|operation| operation.name), Some("answer"));
    }
    for error in [not_ari(404), connect(ConnectErrorKind::Refused), ended(DisconnectReason::PingTimeout)] {
        assert!(error.request().is_none() && error.operation().is_none(), "{error}");
    }
}

#[test]
fn errors_of_connections_have_a_source() {
    use std::error::Error as _;

    for (error, source) in [(unknown(false), "lost"), (connect(ConnectErrorKind::Other), "no")] {
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some(source));
    }
    assert!(refused(404, "").source().is_none());
}
