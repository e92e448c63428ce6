//! Requests by curl 7.87 or later, which encodes the query.

use ari_codegen::api::{Method, Operation, Response};

use crate::samples::{Given, body, path, plain, query, websocket};

/// What the example needs.
pub(super) fn note(operation: &Operation) -> &'static str {
    match operation.response {
        Response::WebSocket => "websocat, since curl has no command for it; user and password are those of ari.conf.",
        _ => "curl 7.87 or later; user and password are those of ari.conf.",
    }
}

pub(super) fn example(operation: &Operation, given: &[Given<'_>]) -> String {
    if operation.response == Response::WebSocket {
        return format!("websocat '{}'", websocket(operation, given));
    }
    let method =
        if operation.method == Method::Get { String::new() } else { format!("--request {} ", operation.method) };
    let mut parts = vec![
        "curl --user asterisk:asterisk".to_owned(),
        format!("{method}http://localhost:8088/ari{}", path(operation, given)),
    ];
    for (name, value) in query(given) {
        parts.push(format!("--url-query {}", quoted(&format!("{name}={}", plain(value)))));
    }
    parts.extend(body(given).map(|body| format!("--json {}", quoted(&body.to_string()))));
    parts.extend((operation.response == Response::Binary).then(|| "--output recording.wav".to_owned()));
    parts.join(" \\\n  ")
}

/// Text as one word of a shell.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,%+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        assert_eq!(quoted("endpoint=PJSIP/alice"), "endpoint=PJSIP/alice");
        assert_eq!(quoted("variable=CALLERID(num)"), "'variable=CALLERID(num)'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
