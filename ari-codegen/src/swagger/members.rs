//! Taking an object apart member by member, so that nothing in it goes unnoticed.

use crate::diagnostic::{Diagnostics, Span};
use crate::json::{Member, Node, Value};

/// Members that 12.0.x declares twice with different content; the last one counts, as it does for Asterisk itself.
const DECLARED_TWICE: [&str; 2] =
    ["$.models.LiveRecording.properties.format", "$.models.LiveRecording.properties.state"];

/// An object whose members are taken one by one; [`Members::finish`] reports the ones left over.
pub(super) struct Members {
    what: &'static str,
    pub(super) span: Span,
    left: Vec<Member>,
    taken: Vec<&'static str>,
}

impl Members {
    /// The members of `node`, which messages call `what`.
    pub(super) fn of(node: Node, what: &'static str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let Value::Object(members) = node.value else {
            diagnostics.at(&node.span, format!("{what} must be an object, found {}", node.value.kind()));
            return None;
        };
        let left = without_duplicates(members, diagnostics);
        Some(Self { what, span: node.span, left, taken: Vec::new() })
    }

    /// Takes a member that may be absent.
    pub(super) fn optional(&mut self, key: &'static str) -> Option<Node> {
        self.taken.push(key);
        let at = self.left.iter().position(|member| member.key == key)?;
        Some(self.left.remove(at).node)
    }

    /// Takes a member that must be there.
    pub(super) fn required(&mut self, key: &'static str, diagnostics: &mut Diagnostics) -> Option<Node> {
        let node = self.optional(key);
        if node.is_none() {
            diagnostics.at(&self.span, format!("{} lacks `{key}`", self.what));
        }
        node
    }

    pub(super) fn string(&mut self, key: &'static str, diagnostics: &mut Diagnostics) -> Option<String> {
        string(self.required(key, diagnostics)?, diagnostics)
    }

    pub(super) fn optional_string(&mut self, key: &'static str, diagnostics: &mut Diagnostics) -> Option<String> {
        string(self.optional(key)?, diagnostics)
    }

    pub(super) fn optional_bool(&mut self, key: &'static str, diagnostics: &mut Diagnostics) -> Option<bool> {
        let node = self.optional(key)?;
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        mismatch(&node, "a boolean", diagnostics);
        None
    }

    /// The elements of an array; an absent one is empty.
    pub(super) fn optional_array(&mut self, key: &'static str, diagnostics: &mut Diagnostics) -> Vec<Node> {
        self.optional(key).map_or_else(Vec::new, |node| array(node, diagnostics))
    }

    /// The strings of an array; an absent one is empty.
    pub(super) fn optional_strings(&mut self, key: &'static str, diagnostics: &mut Diagnostics) -> Vec<String> {
        let nodes = self.optional_array(key, diagnostics);
        nodes.into_iter().filter_map(|node| string(node, diagnostics)).collect()
    }

    /// Drops members that hold prose or file headers: they say nothing about the API.
    pub(super) fn ignore(&mut self, keys: &[&'static str]) {
        self.left.retain(|member| !keys.contains(&member.key.as_str()));
    }

    /// Reports every member that was not read.
    pub(super) fn finish(self, diagnostics: &mut Diagnostics) {
        for member in &self.left {
            diagnostics.at(
                &member.node.span,
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
pub(super) fn named(node: Node, diagnostics: &mut Diagnostics) -> Vec<(String, Node)> {
    let Value::Object(members) = node.value else {
        mismatch(&node, "an object", diagnostics);
        return Vec::new();
    };
    let members = without_duplicates(members, diagnostics).into_iter();
    let sound = members.filter_map(|member| {
        let name = one_line(member.key, &member.node.span, diagnostics)?;
        Some((name, member.node))
    });
    sound.collect()
}

pub(super) fn array(node: Node, diagnostics: &mut Diagnostics) -> Vec<Node> {
    let Value::Array(elements) = node.value else {
        mismatch(&node, "an array", diagnostics);
        return Vec::new();
    };
    elements
}

pub(super) fn string(node: Node, diagnostics: &mut Diagnostics) -> Option<String> {
    let Value::String(value) = node.value else {
        mismatch(&node, "a string", diagnostics);
        return None;
    };
    one_line(value, &node.span, diagnostics)
}

/// Refuses control characters in facts: records and generated code hold one fact a line.
fn one_line(text: String, span: &Span, diagnostics: &mut Diagnostics) -> Option<String> {
    if let Some(control) = text.chars().find(|character| character.is_control()) {
        let message = format!("{text:?} has the control character U+{:04X}: expected one line", u32::from(control));
        diagnostics.at(span, message);
        return None;
    }
    Some(text)
}

pub(super) fn mismatch(node: &Node, expected: &str, diagnostics: &mut Diagnostics) {
    diagnostics.at(&node.span, format!("expected {expected}, found {}", node.value.kind()));
}

fn without_duplicates(members: Vec<Member>, diagnostics: &mut Diagnostics) -> Vec<Member> {
    let mut unique: Vec<Member> = Vec::with_capacity(members.len());
    for member in members {
        let Some(earlier) = unique.iter_mut().find(|earlier| earlier.key == member.key) else {
            unique.push(member);
            continue;
        };
        if DECLARED_TWICE.contains(&member.node.span.path.as_str()) {
            *earlier = member;
        } else {
            diagnostics.at(
                &member.node.span,
                format!("duplicate key `{}`: first on line {}", member.key, earlier.node.span.line),
            );
        }
    }
    unique
}
