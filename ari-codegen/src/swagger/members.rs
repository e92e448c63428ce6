//! Taking an object apart member by member, so that nothing in it goes unnoticed.

use crate::json::{Member, Node, Value};
use crate::problem::{Place, Problems};

/// Members that 12.0.x declares twice with different content; the last one counts, as it does for Asterisk itself.
const DECLARED_TWICE: [&str; 2] =
    ["$.models.LiveRecording.properties.format", "$.models.LiveRecording.properties.state"];

/// An object whose members are taken one by one; [`Members::finish`] reports the ones left over.
pub(super) struct Members {
    what: &'static str,
    pub(super) place: Place,
    left: Vec<Member>,
    taken: Vec<&'static str>,
}

impl Members {
    /// The members of `node`, which messages call `what`.
    pub(super) fn of(node: Node, what: &'static str, problems: &mut Problems) -> Option<Self> {
        let Value::Object(members) = node.value else {
            problems.at(&node.place, format!("{what} must be an object, found {}", node.value.kind()));
            return None;
        };
        let left = without_duplicates(members, problems);
        Some(Self { what, place: node.place, left, taken: Vec::new() })
    }

    /// Takes a member that may be absent.
    pub(super) fn optional(&mut self, key: &'static str) -> Option<Node> {
        self.taken.push(key);
        let at = self.left.iter().position(|member| member.key == key)?;
        Some(self.left.remove(at).node)
    }

    /// Takes a member that must be there.
    pub(super) fn required(&mut self, key: &'static str, problems: &mut Problems) -> Option<Node> {
        let node = self.optional(key);
        if node.is_none() {
            problems.at(&self.place, format!("{} lacks `{key}`", self.what));
        }
        node
    }

    pub(super) fn string(&mut self, key: &'static str, problems: &mut Problems) -> Option<String> {
        string(self.required(key, problems)?, problems)
    }

    pub(super) fn optional_string(&mut self, key: &'static str, problems: &mut Problems) -> Option<String> {
        string(self.optional(key)?, problems)
    }

    pub(super) fn optional_bool(&mut self, key: &'static str, problems: &mut Problems) -> Option<bool> {
        let node = self.optional(key)?;
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        mismatch(&node, "a boolean", problems);
        None
    }

    /// The elements of an array; an absent one is empty.
    pub(super) fn optional_array(&mut self, key: &'static str, problems: &mut Problems) -> Vec<Node> {
        self.optional(key).map_or_else(Vec::new, |node| array(node, problems))
    }

    /// The strings of an array; an absent one is empty.
    pub(super) fn optional_strings(&mut self, key: &'static str, problems: &mut Problems) -> Vec<String> {
        let nodes = self.optional_array(key, problems);
        nodes.into_iter().filter_map(|node| string(node, problems)).collect()
    }

    /// Drops members that hold prose or file headers: they say nothing about the API.
    pub(super) fn ignore(&mut self, keys: &[&'static str]) {
        self.left.retain(|member| !keys.contains(&member.key.as_str()));
    }

    /// Reports every member that nobody asked for.
    pub(super) fn finish(self, problems: &mut Problems) {
        for member in &self.left {
            problems.at(
                &member.node.place,
                format!(
                    "unknown key `{}` in {}: known are {}; teach `ari-codegen/src/swagger/read.rs` what it means",
                    member.key,
                    self.what,
                    self.taken.join(", ")
                ),
            );
        }
    }
}

/// The named members of an object whose keys are data, such as `models`.
pub(super) fn named(node: Node, problems: &mut Problems) -> Vec<(String, Node)> {
    let Value::Object(members) = node.value else {
        mismatch(&node, "an object", problems);
        return Vec::new();
    };
    without_duplicates(members, problems).into_iter().map(|member| (member.key, member.node)).collect()
}

pub(super) fn array(node: Node, problems: &mut Problems) -> Vec<Node> {
    let Value::Array(elements) = node.value else {
        mismatch(&node, "an array", problems);
        return Vec::new();
    };
    elements
}

pub(super) fn string(node: Node, problems: &mut Problems) -> Option<String> {
    let Value::String(value) = node.value else {
        mismatch(&node, "a string", problems);
        return None;
    };
    Some(value)
}

pub(super) fn mismatch(node: &Node, expected: &str, problems: &mut Problems) {
    problems.at(&node.place, format!("expected {expected}, found {}", node.value.kind()));
}

fn without_duplicates(members: Vec<Member>, problems: &mut Problems) -> Vec<Member> {
    let mut unique: Vec<Member> = Vec::with_capacity(members.len());
    for member in members {
        let Some(earlier) = unique.iter_mut().find(|earlier| earlier.key == member.key) else {
            unique.push(member);
            continue;
        };
        if DECLARED_TWICE.contains(&member.node.place.path.as_str()) {
            *earlier = member;
        } else {
            problems.at(
                &member.node.place,
                format!("duplicate key `{}`: first on line {}", member.key, earlier.node.place.line),
            );
        }
    }
    unique
}
