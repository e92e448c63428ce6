//! Unescaping a long JSON string.
//!
//! The body of a reply over a WebSocket is JSON inside a JSON string: every quotation mark in it stands behind a
//! backslash, one in seven bytes. A parser that goes from one escape to the next spends most of
//! its time on them.

/// The byte 1 in each place of a word.
const ONES: u64 = u64::from_le_bytes([1; WORD]);

/// The bytes of a word.
const WORD: usize = 8;

/// The text of a string whose opening quotation mark stands right before this, and how many bytes it takes to the end
/// of its closing one. None if it has escapes that such texts rarely have, or does not end.
pub(super) fn unescape(text: &str) -> Option<(String, usize)> {
    let bytes = text.as_bytes();
    // A word is written as a whole, however much of it counts.
    let mut plain = vec![0; bytes.len() + WORD];
    let (mut read, mut written) = (0, 0);
    // Whether the byte before is a backslash that belongs to the next one.
    let mut open = false;
    loop {
        let word = bytes.get(read..read + WORD).and_then(|word| word.try_into().ok()).map(u64::from_le_bytes);
        if let Some((word, kept, opens)) = word.and_then(|word| without_backslashes(word, open)) {
            plain[written..written + WORD].copy_from_slice(&word.to_le_bytes());
            (read, written, open) = (read + WORD, written + kept, opens);
            continue;
        }
        let byte = *bytes.get(read)?;
        read += 1;
        plain[written] = match byte {
            letter if open => escaped(letter)?,
            b'"' => break,
            byte => byte,
        };
        open = byte == b'\\' && !open;
        written += usize::from(!open);
    }
    // A string with bare control characters is none.
    if bytes[..read].iter().fold(u8::MAX, |least, byte| least.min(*byte)) < b' ' {
        return None;
    }
    plain.truncate(written);
    Some((String::from_utf8(plain).ok()?, read))
}

/// What an escape stands for.
fn escaped(letter: u8) -> Option<u8> {
    match letter {
        b'"' | b'\\' | b'/' => Some(letter),
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b't' => Some(b'\t'),
        _ => None,
    }
}

/// Eight bytes, if they have no escape but `\"`: without the backslashes, how many are left, and whether the last one
/// was a backslash. `open` says that of the byte before.
fn without_backslashes(word: u64, open: bool) -> Option<(u64, usize, bool)> {
    let (quotes, backslashes) = (places(word, b'"'), places(word, b'\\'));
    let after_backslashes = backslashes << 8 | u64::from(open) << 7;
    if quotes != after_backslashes {
        return None;
    }
    let marks = backslashes >> 7;
    let kept = WORD - (marks.wrapping_mul(ONES) >> 56) as usize;
    // Rarely are there more than two; how many of them, a processor could not foresee.
    let (mut word, mut marks) = without_lowest(word, marks);
    (word, marks) = without_lowest(word, marks);
    while marks != 0 {
        (word, marks) = without_lowest(word, marks);
    }
    Some((word, kept, backslashes >> 63 == 1))
}

/// A word without the lowest of the marked bytes, and the marks of the others where these are now. The mark of a byte is
/// its lowest bit; without any, the word stays as it is.
fn without_lowest(word: u64, marks: u64) -> (u64, u64) {
    let others = marks & marks.wrapping_sub(1);
    let before = marks.wrapping_sub(1) & !marks;
    (word & before | word >> 8 & !before, others >> 8)
}

/// The highest bit of every byte that is this one.
fn places(word: u64, byte: u8) -> u64 {
    zeros(word ^ (u64::from(byte) * ONES))
}

/// The highest bit of every byte that is zero.
fn zeros(word: u64) -> u64 {
    const LOW: u64 = 0x7f * ONES;
    !(((word & LOW) + LOW) | word | LOW)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn unescape_reads_the_escapes_of_asterisk() {
        for text in
            ["", "a", "\"", "\\", "/", "\n", "{\"id\":\"a\\\"b\"}", "täglich \"\"\"\"\"\"\"\"", "1234567\"9\\\""]
        {
            let json = serde_json::to_string(text).unwrap();
            let rest = format!("{},\"more\":\"\"}}", &json[1..]);
            assert_eq!(unescape(&rest), Some((text.to_owned(), json.len() - 1)), "{json}");
        }
        for text in ["", "a", r"\", r#"\""#, r#"1234567\""#, "a\n\"", r#"\u0041""#, r#"\x""#] {
            assert_eq!(unescape(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn unescape_agrees_with_a_json_parser(text in r#"([a-z0-9ä😀]{0,9}(\\"|\\\\|\\/|\\n|\\u00e4|\\|\n)?){0,9}"?.{0,9}"#) {
            let Some((plain, taken)) = unescape(&text) else { return Ok(()) };
            let json = format!("\"{}", &text[..taken]);
            prop_assert_eq!(serde_json::from_str::<String>(&json).ok(), Some(plain));
        }

        #[test]
        fn unescape_reads_any_json_string(text in "([a-z]{0,9}[\"\\\\/\n\r\tä]{0,3}){0,20}") {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(unescape(&json[1..]), Some((text, json.len() - 1)));
        }
    }
}
