//! Names in the tokens of subjects and the keys of buckets.

use std::fmt::Write as _;

/// Writes a name as one token: other bytes than `A-Z a-z 0-9 - _` become `=XX`.
pub(crate) fn escape(name: &str) -> String {
    if name.is_empty() {
        return "=".to_owned();
    }
    let mut token = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            token.push(char::from(byte));
        } else {
            let _ = write!(token, "={byte:02X}");
        }
    }
    token
}

/// The name of a token; `None` if nobody writes such a token.
pub(crate) fn unescape(token: &str) -> Option<String> {
    if token == "=" {
        return Some(String::new());
    }
    let mut bytes = Vec::with_capacity(token.len());
    let mut rest = token;
    while let Some(at) = rest.find('=') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        bytes.push(u8::from_str_radix(rest.get(at + 1..at + 3)?, 16).ok()?);
        rest = &rest[at + 3..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive() {
        for name in ["", "reception", "1700000000.12", "a b*>=%/ü", "=", "Local/1@x-0001;2"] {
            let token = escape(name);
            assert!(!token.is_empty() && !token.contains(['.', ' ', '*', '>', '/']), "{token}");
            assert_eq!(unescape(&token).as_deref(), Some(name));
        }
        assert_eq!(unescape("=é1"), None);
        assert_eq!(unescape("=4"), None);
    }
}
