//! An explanation as text.

use std::fmt::Write as _;

use super::explanation::{Explanation, Value};
use crate::output::{HEADING, HINT, styled};
use crate::reference::brief;

/// How wide text is at most: longer lines are hard to read.
const MAX_WIDTH: usize = 100;

pub(super) fn text(item: &Explanation) -> String {
    let mut page = Page { text: String::new(), width: textwrap::termwidth().min(MAX_WIDTH) };
    page.head(item);
    page.facts(item);
    page.values(&item.values);
    page.errors(item);
    page.parts(item);
    page.used_by(&item.used_by);
    page.examples(item);
    page.text
}

struct Page {
    text: String,
    width: usize,
}

impl Page {
    fn head(&mut self, item: &Explanation) {
        let request = item.request.as_ref().map(|request| format!("   {request}")).unwrap_or_default();
        let _ = writeln!(self.text, "{} ({}){request}", styled(&item.name, HEADING), item.kind);
        if !item.text.is_empty() {
            self.text.push('\n');
            self.paragraph(item.text, "");
        }
    }

    fn facts(&mut self, item: &Explanation) {
        let mut facts: Vec<(&str, String)> = Vec::new();
        if let Some(ty) = &item.ty {
            facts.push(("Type", ty.clone()));
        }
        if let Some(place) = item.place {
            facts.push(("In", format!("the {place}")));
        }
        if let Some(required) = item.required {
            facts.push(("Required", if required { "yes" } else { "no" }.to_owned()));
        }
        facts.extend(item.default.map(|default| ("Default", default.to_owned())));
        facts.extend(range(item).map(|range| ("Range", range)));
        facts.extend(item.base.map(|base| ("Extends", base.to_owned())));
        facts.extend(since(item).map(|since| ("Since", since)));
        if !item.modules.is_empty() {
            facts.push(("Needs", item.modules.join(", ")));
        }
        if let Some(reply) = item.reply {
            let statuses: Vec<String> = item.statuses.iter().map(ToString::to_string).collect();
            facts.push(("Answers", format!("{}, {reply}", statuses.join(" or "))));
        }
        if !facts.is_empty() {
            self.text.push('\n');
        }
        for (name, fact) in facts {
            self.hanging(&format!("{name:<10}"), &fact);
        }
    }

    fn values(&mut self, values: &[Value]) {
        self.section("Values", values.is_empty());
        for value in values {
            let missing = match value.missing_in.as_slice() {
                [] => String::new(),
                releases => format!(" Not in {}.", releases.join(", ")),
            };
            self.hanging(&format!("  {:<18}", value.word), &format!("{}{missing}", value.text));
        }
    }

    fn errors(&mut self, item: &Explanation) {
        self.section("Errors", item.errors.is_empty());
        for error in &item.errors {
            self.hanging(&format!("  {}  ", error.status), error.text);
        }
    }

    fn parts(&mut self, item: &Explanation) {
        let heading = match item.kind {
            "resource" => "Operations",
            "operation" => "Parameters",
            _ => "Properties",
        };
        self.section(heading, item.parts.is_empty());
        for part in &item.parts {
            let name = part.name.rsplit('.').next().unwrap_or(&part.name);
            let notes: Vec<String> = notes(part, item);
            let _ = writeln!(self.text, "  {}  {}", styled(name, HEADING), notes.join(", "));
            self.paragraph(brief(part.text), "      ");
        }
    }

    fn used_by(&mut self, users: &[String]) {
        self.section("Used by", users.is_empty());
        if !users.is_empty() {
            self.paragraph(&users.join(", "), "  ");
        }
    }

    fn examples(&mut self, item: &Explanation) {
        let Some(examples) = &item.examples else { return };
        for (heading, code) in [("ari", &examples.ari), ("curl", &examples.curl), ("Rust", &examples.rust)] {
            self.section(&format!("Example: {heading}"), false);
            self.text.extend(code.lines().map(|line| format!("  {line}\n")));
        }
    }

    fn section(&mut self, heading: &str, is_empty: bool) {
        if !is_empty {
            let _ = writeln!(self.text, "\n{}", styled(heading, HINT));
        }
    }

    fn paragraph(&mut self, text: &str, indent: &str) {
        let options = textwrap::Options::new(self.width).initial_indent(indent).subsequent_indent(indent);
        let _ = writeln!(self.text, "{}", textwrap::fill(text, options).trim_end());
    }

    /// Text beside a label, whose further lines begin below the first.
    fn hanging(&mut self, label: &str, text: &str) {
        let indent = " ".repeat(label.chars().count());
        let options = textwrap::Options::new(self.width).initial_indent(label).subsequent_indent(&indent);
        let _ = writeln!(self.text, "{}", textwrap::fill(text, options).trim_end());
    }
}

/// What is said of a part on its first line.
fn notes(part: &Explanation, whole: &Explanation) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    notes.extend(part.request.clone());
    notes.extend(part.ty.clone());
    if part.required == Some(true) {
        notes.push(if part.kind == "property" { "always" } else { "required" }.to_owned());
    }
    notes.extend(part.default.map(|default| format!("default {default}")));
    notes.extend(range(part));
    if !part.values.is_empty() {
        let values: Vec<&str> = part.values.iter().map(|value| value.word).collect();
        notes.push(values.join("|"));
    }
    if part.since != whole.since && whole.kind != "resource"
        || part.releases.values().any(|has| !has) && whole.kind == "resource"
    {
        notes.extend(part.first().map(|first| format!("since {first}")));
    }
    notes
}

fn range(item: &Explanation) -> Option<String> {
    match (item.minimum, item.maximum) {
        (Some(lowest), Some(highest)) => Some(format!("{lowest} to {highest}")),
        (Some(lowest), None) => Some(format!("{lowest} or more")),
        (None, Some(highest)) => Some(format!("up to {highest}")),
        (None, None) => None,
    }
}

fn since(item: &Explanation) -> Option<String> {
    let first = item.first()?;
    let of = |wanted: bool| {
        let releases = item.releases.iter().filter(|(_, has)| **has == wanted);
        releases.map(|(release, _)| release.as_str()).collect::<Vec<_>>().join(", ")
    };
    let lacking = of(false);
    let supported = match lacking.as_str() {
        "" => "in all supported releases".to_owned(),
        lacking => format!("in {}, not in {lacking}", of(true)),
    };
    Some(format!("Asterisk {first}; {supported}"))
}

impl Explanation {
    /// The first release of each branch that has it.
    fn first(&self) -> Option<String> {
        let first: Vec<&str> =
            self.since.values().map(|release| release.strip_suffix(".0").unwrap_or(release)).collect();
        match (first.as_slice(), self.releases.values().all(|has| *has)) {
            ([], _) => None,
            ([oldest, ..], true) if first.iter().all(|release| release.ends_with(".0")) => {
                Some(format!("{oldest} or earlier"))
            }
            (first, _) => {
                // Branches that have it from their start, as all after them do, are one.
                let from_start = first.iter().rev().take_while(|release| release.ends_with(".0")).count();
                Some(first[..first.len() - from_start.saturating_sub(1)].join(", "))
            }
        }
    }
}
