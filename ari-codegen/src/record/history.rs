//! The history of the API over all imported releases, as a page of Markdown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::diagnostic::Diagnostics;
use crate::generate::{ReleaseSource, read};
use crate::record::Availability;
use crate::record::steps::{Group, KINDS, counted, grouped, kind_of, name_of};
use crate::release::Release;

/// The page that lists at which releases items came and went, and since when each branch has every operation and event.
///
/// The declarations, oldest first, give operations their method and path; those of operations that none has are left
/// out.
///
/// # Errors
/// Faults of the declarations.
pub fn history(availability: &Availability, declared: &[ReleaseSource]) -> Result<String, Diagnostics> {
    let mut routes = BTreeMap::new();
    for source in declared {
        for operation in read(source)?.operations() {
            let name = format!("{}.{}", operation.resource, operation.nickname);
            routes.insert(name, format!("{} {}", operation.method, operation.path));
        }
    }
    let page = Page { availability, routes };
    Ok([page.head(), page.sizes(), page.steps(), page.matrix("operation"), page.matrix("event"), page.releases()]
        .concat())
}

struct Page<'a> {
    availability: &'a Availability,
    /// Method and path by operation.
    routes: BTreeMap<String, String>,
}

impl Page<'_> {
    fn head(&self) -> String {
        let releases: Vec<Release> = self.availability.branches().flatten().collect();
        let first = releases.first().map_or("the first release".to_owned(), ToString::to_string);
        format!(
            "# History of the API\n\n\
             <!-- Written by `cargo xtask history` and `cargo xtask import`. -->\n\n\
             Asterisk's declarations of its REST interface (ARI), over [{} releases](#releases-looked-at): what each \
             release added, and since when each branch has which operations and events. Generated from \
             `availability.txt`, which `cargo xtask import` extends, and the declarations next to it.\n\n\
             - It lists which items exist. For changes of types, defaults, error statuses and of what is required, and \
             for whom each change breaks, see `cargo xtask diff OLD NEW`.\n\
             - **What do I gain or lose** between two releases? `cargo xtask diff OLD NEW`, where each is a release \
             that has a folder here, a folder of Asterisk's sources or the URL of a running server. For a downgrade, OLD \
             is the newer one: what is reported as removed is lost. See [the guide](../docs/src/comparing.md).\n\
             - Items of {first} were added then or earlier. A change between two of the releases is listed at the later \
             one.\n\n",
            releases.len(),
        )
    }

    /// How much the newest release of each branch has.
    fn sizes(&self) -> String {
        let newest = self.availability.newest();
        let mut text = "## Sizes\n\n| Asterisk |".to_owned();
        for (_, plural) in KINDS {
            let _ = write!(text, " {plural} |");
        }
        let _ = writeln!(text, "\n|---|{}", "--:|".repeat(KINDS.len()));
        for release in newest {
            let _ = write!(text, "| {release} |");
            for (kind, _) in KINDS {
                let of_kind = self.availability.items().filter(|item| kind_of(item) == kind);
                let has = |item: &&str| {
                    let mut spans = self.availability.spans(item).into_iter();
                    spans.any(|span| span.first.major == release.major && span.last.is_none())
                };
                let _ = write!(text, " {} |", of_kind.filter(has).count());
            }
            text.push('\n');
        }
        text.push('\n');
        text
    }

    fn steps(&self) -> String {
        let mut text = "## Steps\n\nNewest first; `=` joins the releases at which branches made the same step. The \
                        branches after them have it from their beginning.\n\n"
            .to_owned();
        for step in self.availability.steps() {
            let names: Vec<String> = step.releases.iter().map(ToString::to_string).collect();
            let _ = write!(text, "### {}\n\n", names.join(" = "));
            text += &self.list("", &step.came);
            text += &self.list("gone: ", &step.gone);
        }
        text
    }

    /// Formats items as a list, in which the parts of an item follow it.
    fn list(&self, prefix: &str, items: &BTreeSet<&str>) -> String {
        let mut text = String::new();
        if items.is_empty() {
            return text;
        }
        let _ = write!(text, "{prefix}{}\n\n", counted(items));
        for group in grouped(items) {
            let Group { kind, name, .. } = group;
            if kind == "value" {
                let _ = writeln!(text, "- {prefix}value of `{name}`: {}", quoted(&group.values).join(", "));
                continue;
            }
            let _ = write!(text, "- {prefix}{kind} `{name}`");
            if let (true, Some(route)) = (kind == "operation", self.routes.get(name)) {
                let _ = write!(text, ", `{route}`");
            }
            let parts = parts(&group);
            let _ = if parts.is_empty() { writeln!(text) } else { writeln!(text, ": {}", parts.join(", ")) };
        }
        text.push('\n');
        text
    }

    /// Since when each branch has every item of a kind.
    fn matrix(&self, kind: &str) -> String {
        let branches: Vec<Vec<Release>> = self.availability.branches().collect();
        let items: Vec<&str> = self.availability.items().filter(|item| kind_of(item) == kind).collect();
        let (always, some): (Vec<&str>, Vec<&str>) = items.iter().partition(|item| {
            let spans = self.availability.spans(item);
            branches.iter().all(|branch| spans.iter().any(|span| span.first == branch[0] && span.last.is_none()))
        });
        let mut text =
            format!("## Since when: {kind}s\n\nThe first release of each branch; `–` where it never came.\n\n");
        let _ = write!(text, "| {kind} |");
        for branch in &branches {
            let _ = write!(text, " {} |", branch[0].major);
        }
        let _ = writeln!(text, "\n|---|{}", "---|".repeat(branches.len()));
        for item in some {
            let name = name_of(item);
            let route = self.routes.get(name).filter(|_| kind == "operation");
            let _ = write!(text, "| `{name}`{} |", route.map(|route| format!("<br>`{route}`")).unwrap_or_default());
            for branch in &branches {
                let spans =
                    self.availability.spans(item).into_iter().filter(|span| span.first.major == branch[0].major);
                let spans: Vec<String> = spans.map(|span| span.to_string()).collect();
                let _ = write!(text, " {} |", if spans.is_empty() { "–".to_owned() } else { spans.join(", ") });
            }
            text.push('\n');
        }
        let names: Vec<String> = always.iter().map(|item| format!("`{}`", name_of(item))).collect();
        let _ = write!(
            text,
            "\n<details><summary>{} {kind}s that every branch has from its beginning</summary>\n\n{}\n\n</details>\n\n",
            names.len(),
            names.join(", "),
        );
        text
    }

    fn releases(&self) -> String {
        let mut text = "## Releases looked at\n\n".to_owned();
        for branch in self.availability.branches() {
            let names: Vec<String> = branch.iter().map(ToString::to_string).collect();
            let _ = writeln!(text, "- {}", names.join(", "));
        }
        text
    }
}

/// The parameters or properties of an item, each with its values, and its own values.
fn parts(group: &Group<'_>) -> Vec<String> {
    let parts = group.parts.iter().map(|(name, values)| match values.as_slice() {
        [] => format!("`{name}`"),
        values => format!("`{name}` ({})", quoted(values).join(", ")),
    });
    parts.chain(quoted(&group.values)).collect()
}

fn quoted(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| format!("`{value}`")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Source;

    fn page(record: &str) -> String {
        let source = Source { file: "availability.txt".to_owned(), text: record.to_owned() };
        history(&Availability::parse(&source).unwrap(), &[]).unwrap()
    }

    const RELEASES: &str = "releases 16.0.0 16.2.0 16.9.0 18.0.0 18.5.0 20.0.0 20.1.0\n";

    /// The page's part between a heading and the next of its level.
    fn part(page: &str, heading: &str) -> String {
        let (_, rest) = page.split_once(&format!("{heading}\n\n")).unwrap_or_else(|| panic!("no {heading}: {page}"));
        rest.split("\n## ").next().unwrap().trim().to_owned()
    }

    fn headings(record: &str) -> Vec<String> {
        let page = page(&format!("{RELEASES}{record}"));
        page.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_owned).collect()
    }

    #[test]
    fn branches_with_the_same_step_share_an_entry() {
        assert_eq!(headings("since 16.9.0 18.5.0 20.0.0\n model A\n"), ["16.9.0 = 18.5.0 = 20.0.0"]);
        assert_eq!(headings("since 16.9.0 18.0.0 20.0.0\n model A\n"), ["16.9.0 = 18.0.0"]);
        assert_eq!(headings("since 18.5.0 20.1.0\n model A\n"), ["18.5.0 = 20.1.0"]);
        assert!(headings("since 16.0.0 18.0.0 20.0.0\n model A\n").is_empty(), "nobody knows when it came");
    }

    #[test]
    fn history_reports_removals() {
        assert_eq!(headings("since 16.2.0..16.2.0\n model A\n"), ["16.9.0 = 18.0.0", "16.2.0"]);
        assert_eq!(headings("since 16.0.0 18.0.0\n model A\n"), ["20.0.0"]);
        assert_eq!(headings("since 16.0.0..16.2.0 18.0.0 20.0.0\n model A\n"), ["18.0.0", "16.9.0"], "came back");
        assert_eq!(headings("since 18.5.0\n model A\n"), ["18.5.0"], "20 may get it yet");
        let page = page(&format!("{RELEASES}since 16.0.0..16.2.0\n model A\n property A.b\n"));
        assert!(page.contains("gone: 1 model, 1 property\n\n- gone: model `A`: `b`\n"), "{page}");
    }

    #[test]
    fn steps_are_in_the_order_that_the_branches_share() {
        let record = "since 16.2.0 18.0.0 20.0.0\n model A\nsince 16.9.0 18.5.0 20.0.0\n model B\n\
                      since 18.0.0 20.0.0\n model C\nsince 18.5.0 20.1.0\n model D\nsince 20.0.0\n model E\n";
        assert_eq!(
            headings(record),
            ["18.5.0 = 20.1.0", "20.0.0", "16.9.0 = 18.5.0 = 20.0.0", "18.0.0", "16.2.0 = 18.0.0"]
        );
    }

    #[test]
    fn history_groups_parts_with_their_item() {
        let page = page(&format!(
            "{RELEASES}since 16.0.0 18.0.0 20.0.0\n operation a.old\n parameter a.old.p\n value a.old.p x\n property M.s\n\
             since 18.5.0 20.1.0\n operation a.new\n parameter a.new.q\n value a.new.q one\n value a.new.q two\n \
             parameter a.old.r\n value a.old.p y\n value M.s Dialing Offhook\n event E\n property E.f\n"
        ));
        assert_eq!(
            part(&page, "### 18.5.0 = 20.1.0"),
            "1 operation, 2 parameters, 1 event, 1 property, 4 values\n\n\
             - operation `a.new`: `q` (`one`, `two`)\n\
             - parameter `a.old.r`\n\
             - event `E`: `f`\n\
             - value of `M.s`: `Dialing Offhook`\n\
             - value of `a.old.p`: `y`"
        );
    }

    #[test]
    fn matrix_lists_first_releases_and_removals() {
        let page = page(&format!(
            "{RELEASES}since 16.0.0 18.0.0 20.0.0\n operation a.always\nsince 16.2.0..16.2.0 20.1.0\n operation a.some\n"
        ));
        assert_eq!(
            part(&page, "## Since when: operations"),
            "The first release of each branch; `–` where it never came.\n\n\
             | operation | 16 | 18 | 20 |\n|---|---|---|---|\n| `a.some` | 16.2.0..16.2.0 | – | 20.1.0 |\n\n\
             <details><summary>1 operations that every branch has from its beginning</summary>\n\n`a.always`\n\n</details>"
        );
        assert!(part(&page, "## Sizes").ends_with("| 16.9.0 | 1 | 0 | 0 | 0 | 0 | 0 |\n| 18.5.0 | 1 | 0 | 0 | 0 | 0 | 0 |\n| 20.1.0 | 2 | 0 | 0 | 0 | 0 | 0 |"), "{page}");
    }

    #[test]
    fn an_empty_record_gives_a_page() {
        assert!(page("").contains("over [0 releases]"));
    }
}
