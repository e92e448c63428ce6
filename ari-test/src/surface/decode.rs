//! Text out of URLs and forms, decoded as Asterisk does it.

/// Names and values in the order in which they came.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Splits a query or a form. A name without `=` has an empty value.
    pub(super) fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        };
        Self(text.split('&').map(pair).collect())
    }

    /// Adds others, which take precedence.
    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The last value of a name: Asterisk overwrites those before it.
    pub(super) fn last(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Decodes a segment of a path, a name or a value: `+` is a space, `%` and two digits are a byte, and a byte of zero ends
/// the text. A `%` without two digits stays.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let (byte, after) = match (first, escaped(after)) {
            (b'%', Some(byte)) => (byte, &after[2..]),
            (b'+', _) => (b' ', after),
            (other, _) => (other, after),
        };
        if byte == 0 {
            break;
        }
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn escaped(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits.get(..2)?).ok()?;
    // A sign is no digit.
    if !digits.starts_with(|digit: char| digit.is_ascii_hexdigit()) {
        return None;
    }
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decode_reads_as_asterisk_does() {
        assert_eq!(decode("a%2Fb+c%c3%bC"), "a/b cü");
        assert_eq!(decode("50%"), "50%");
        assert_eq!(decode("%zz%+1"), "%zz% 1");
        assert_eq!(decode("a%00b"), "a");
    }

    #[test]
    fn last_of_several_values_counts() {
        let mut pairs = Pairs::of("a=1&b&a=2&c=x=y&a%20=3");
        assert_eq!(pairs.last("a"), Some("2"));
        assert_eq!(pairs.last("b"), Some(""));
        assert_eq!(pairs.last("c"), Some("x=y"));
        assert_eq!(pairs.last("a "), Some("3"));
        assert_eq!(pairs.last("d"), None);
        pairs.extend(Pairs::of("a=4"));
        assert_eq!(pairs.last("a"), Some("4"));
    }
}
