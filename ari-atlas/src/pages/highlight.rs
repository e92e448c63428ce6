//! Colours of code: strings, comments, keywords and numbers; enough for the few lines of an example.

use maud::{Markup, Render as _, html};

const KEYWORDS: [&str; 24] = [
    "as", "async", "await", "class", "const", "curl", "def", "else", "false", "fn", "for", "from", "if", "import",
    "in", "let", "match", "mut", "new", "null", "true", "use", "while", "with",
];

pub(super) fn highlight(language: &str, text: &str) -> Markup {
    let mut rest = text;
    let mut parts: Vec<Markup> = Vec::new();
    while !rest.is_empty() {
        let (class, length) = token(language, rest);
        let (token, after) = rest.split_at(length);
        parts.push(if class.is_empty() {
            token.render()
        } else {
            html! { span class=(class) { (token) } }
        });
        rest = after;
    }
    html! { @for part in parts { (part) } }
}

/// The class and the length of what a text begins with; at least one character.
fn token(language: &str, text: &str) -> (&'static str, usize) {
    let first = text.chars().next().unwrap_or_default();
    let line = text.find('\n').unwrap_or(text.len());
    let comment = if matches!(language, "rust" | "ts") { "//" } else { "# " };
    if text.starts_with(comment) {
        return ("c", line);
    }
    if first == '"' || (first == '\'' && language != "rust") {
        return ("s", string(text, first));
    }
    if first.is_alphanumeric() || first == '_' {
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        let word = &text[..end];
        let is_keyword = KEYWORDS.contains(&word) && (word != "curl" || language == "sh");
        let class = if is_keyword {
            "k"
        } else if first.is_ascii_digit() {
            "n"
        } else {
            ""
        };
        return (class, end);
    }
    ("", first.len_utf8())
}

/// The length of a string in quotes; to the end of the text where it is not closed.
fn string(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_keeps_its_text_and_strings_are_marked() {
        let html = highlight("rust", "let a = \"x \\\" y\"; // <end>").into_string();
        assert_eq!(
            html,
            "<span class=\"k\">let</span> a = <span class=\"s\">&quot;x \\&quot; y&quot;</span>; <span class=\"c\">// &lt;end&gt;</span>"
        );
        assert_eq!(highlight("sh", "'open").into_string(), "<span class=\"s\">'open</span>");
    }
}
