//! Values without what differs from run to run: ids, times, and what a server says of itself.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::Value;

/// What takes the place of what matches, first to last.
static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let patterns = [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
        (r"\b\d{10}\.\d+\b", "<id>"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}", "<time>"),
        (r"-[0-9a-f]{8}\b", "-<number>"),
        (r"0x[0-9a-f]+", "<address>"),
        (r"Asterisk/[^<]*", "Asterisk/<version>"),
        (r#"_PORT":"\d+""#, r#"_PORT":"<port>""#),
    ];
    patterns.map(|(pattern, to)| (Regex::new(pattern).expect("a pattern"), to)).into()
});

/// The ids of a run, by their name in the scene.
#[derive(Debug, Default)]
pub(crate) struct Ids(BTreeMap<String, String>);

impl Ids {
    /// Puts ids in the place of the words in braces. JSON has braces of its own, which hold more than a word.
    pub(crate) fn fill(&mut self, text: &str) -> String {
        static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{([a-z][a-z0-9]*)\}").expect("a pattern"));
        let id = |found: &regex_lite::Captures<'_>| {
            let id = self.0.entry(found[1].to_owned()).or_insert_with(|| ari_e2e::unique(&found[1]));
            id.clone()
        };
        WORD.replace_all(text, id).into_owned()
    }

    /// A text without what differs from run to run.
    pub(crate) fn normal(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, id) in &self.0 {
            text = text.replace(id.as_str(), &format!("{{{name}}}"));
        }
        for (pattern, to) in PATTERNS.iter() {
            text = pattern.replace_all(&text, *to).into_owned();
        }
        text
    }

    /// A JSON text in one order of keys, or another text as it is.
    pub(crate) fn normal_body(&self, body: &str) -> String {
        match serde_json::from_str::<Value>(body) {
            Ok(value) => self.normal(&without_identity(value).to_string()),
            Err(_) => self.normal(body),
        }
    }
}

/// The names of an object's members alone.
fn without_values(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, _)| (name, Value::from("<build>"))).collect())
        }
        other => other,
    }
}

/// Blanks members that say which server it is and how it was built, and leaves out the variable of `channelvars` in its
/// ari.conf.
fn without_identity(value: Value) -> Value {
    match value {
        Value::Object(mut members) => {
            if let Some(Value::Object(variables)) = members.get_mut("channelvars") {
                variables.remove("ARI_TEST");
                if variables.is_empty() {
                    members.remove("channelvars");
                }
            }
            let member = |(name, value): (String, Value)| match name.as_str() {
                "asterisk_id" | "entity_id" => (name, Value::from("<server>")),
                "build" => (name, without_values(value)),
                _ => (name, without_identity(value)),
            };
            Value::Object(members.into_iter().map(member).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_identity).collect()),
        other => other,
    }
}
