//! What real servers were seen to do: reports of the project's commands, and recorded traffic.

use std::collections::BTreeMap;

use serde_json::Value;

/// What real servers were seen to do.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// By release: the report of `cargo xtask conformance`.
    conformance: BTreeMap<String, BTreeMap<String, Seen>>,
    /// By operation: how the fake compares with each release, from the report of `cargo xtask differences`.
    fake: BTreeMap<String, Vec<(String, String)>>,
    /// By type: a recorded event.
    events: BTreeMap<String, Value>,
    /// By operation: a recorded reply.
    replies: BTreeMap<String, Value>,
}

/// What a release was seen to answer to the requests of an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Statuses of success.
    pub(crate) successes: String,
    /// Statuses of errors that were provoked and are declared.
    pub(crate) declared: Vec<String>,
    /// Statuses of errors that were provoked, though not declared.
    pub(crate) undeclared: Vec<String>,
    /// Declared statuses that nothing provoked.
    pub(crate) unseen: Vec<String>,
}

/// Recorded traffic of a release.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    /// One event a line.
    pub events: &'a str,
    /// One reply a line: `{"operation": …, "status": …, "body": …}`.
    pub replies: &'a str,
}

impl Observed {
    /// Adds the report of `cargo xtask conformance` on a release.
    pub fn add_conformance(&mut self, release: &str, report: &str) {
        let seen = rows(report).filter_map(|cells| match cells.as_slice() {
            [item, called, _, _, errors, _] if item.contains('.') => Some((code(item), Seen::of(called, errors))),
            _ => None,
        });
        self.conformance.insert(release.to_owned(), seen.collect());
    }

    /// Adds the report of `cargo xtask differences`: a table with a column for each release.
    pub fn add_differences(&mut self, report: &str) {
        let mut releases = Vec::new();
        for cells in rows(report) {
            let Some((item, results)) = cells.split_first() else { continue };
            if item == "operation" {
                releases = results.to_vec();
            } else if item.starts_with('`') {
                self.fake.insert(code(item), releases.iter().cloned().zip(results.iter().cloned()).collect());
            }
        }
    }

    /// Adds recorded traffic. Of several events of a type, and replies of an operation, the one with most members is
    /// kept.
    pub fn add_recorded(&mut self, recorded: Recorded<'_>) {
        let lines =
            |text: &str| text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect::<Vec<Value>>();
        for event in lines(recorded.events) {
            if let Some(kind) = event["type"].as_str() {
                keep_larger(&mut self.events, kind, &event);
            }
        }
        for reply in lines(recorded.replies) {
            let succeeded = reply["status"].as_u64().is_some_and(|status| status < 300);
            if let Some(operation) = reply["operation"].as_str().filter(|_| succeeded && !reply["body"].is_null()) {
                keep_larger(&mut self.replies, operation, &reply["body"]);
            }
        }
    }

    /// The releases that were called, with what each answered.
    pub(crate) fn seen(&self, operation: &str) -> impl Iterator<Item = (&str, &Seen)> {
        self.conformance.iter().filter_map(move |(release, seen)| Some((release.as_str(), seen.get(operation)?)))
    }

    /// How the fake compares with each release.
    pub(crate) fn fake(&self, operation: &str) -> &[(String, String)] {
        self.fake.get(operation).map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn event(&self, kind: &str) -> Option<&Value> {
        self.events.get(kind)
    }

    pub(crate) fn reply(&self, operation: &str) -> Option<&Value> {
        self.replies.get(operation)
    }
}

impl Seen {
    /// Of `200` and `400 (500) ~~409~~`: a status in parentheses is not declared, and one that is struck out was not
    /// provoked.
    fn of(called: &str, errors: &str) -> Self {
        let mut seen = Self { successes: called.to_owned(), ..Self::default() };
        for word in errors.split_whitespace() {
            let status = word.trim_matches(['(', ')', '~']).to_owned();
            let list = match word.as_bytes()[0] {
                b'(' => &mut seen.undeclared,
                b'~' => &mut seen.unseen,
                _ => &mut seen.declared,
            };
            list.push(status);
        }
        seen
    }
}

fn keep_larger(known: &mut BTreeMap<String, Value>, name: &str, value: &Value) {
    let size = |value: &Value| value.as_object().map(serde_json::Map::len);
    if known.get(name).is_none_or(|known| size(value) > size(known)) {
        known.insert(name.to_owned(), value.clone());
    }
}

/// The cells of each row of the tables in a Markdown text.
fn rows(text: &str) -> impl Iterator<Item = Vec<String>> {
    let inner = |line: &str| Some(line.strip_prefix('|')?.strip_suffix('|')?.to_owned());
    text.lines().filter_map(inner).map(|row| row.split('|').map(|cell| cell.trim().to_owned()).collect())
}

/// The text between backticks.
fn code(cell: &str) -> String {
    cell.trim_matches('`').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conformance_tells_declared_undeclared_and_unseen_errors_apart() {
        let mut observed = Observed::default();
        let report = "| item | called | decoded | events seen | errors provoked | deviation |\n|---|---|---|---|---|---|\n\
                      | `lamps.switch` | 204 | void |  | 400 (500) ~~409~~ |  |\n";
        observed.add_conformance("22.10.1", report);
        let (release, seen) = observed.seen("lamps.switch").next().unwrap();
        assert_eq!((release, seen.successes.as_str()), ("22.10.1", "204"));
        assert_eq!(seen.declared, ["400"]);
        assert_eq!(seen.undeclared, ["500"]);
        assert_eq!(seen.unseen, ["409"]);
        assert!(observed.seen("lamps.list").next().is_none());
    }

    #[test]
    fn differences_have_a_result_for_each_release() {
        let mut observed = Observed::default();
        observed.add_differences(
            "| operation | 22.10.1 | 16.28.0 |\n|---|---|---|\n| `a.b` | same (2) | 1 of 2 differ |\n",
        );
        let result = |release: &str, text: &str| (release.to_owned(), text.to_owned());
        assert_eq!(observed.fake("a.b"), [result("22.10.1", "same (2)"), result("16.28.0", "1 of 2 differ")]);
    }

    #[test]
    fn recorded_event_with_most_members_is_kept() {
        let mut observed = Observed::default();
        let events = "{\"type\":\"On\"}\n{\"type\":\"On\",\"by\":1}\n{\"type\":\"On\"}\nnot JSON\n";
        let replies = "{\"operation\":\"a.b\",\"status\":404,\"body\":{\"message\":\"\"}}\n{\"operation\":\"a.b\",\"status\":200,\"body\":[]}\n";
        observed.add_recorded(Recorded { events, replies });
        assert_eq!(observed.event("On").unwrap()["by"], 1);
        assert_eq!(observed.reply("a.b").unwrap(), &serde_json::json!([]));
    }
}
