//! What came with which release.

use std::collections::BTreeMap;

use ari_codegen::Release;
use maud::{Markup, html};

use super::layout::{Page, render};
use crate::markdown::code_link;
use crate::site::{Coverage, Site, key, operation_page};

/// Kinds of item in the order of the page; values follow from what has them.
const KINDS: [(&str, &str); 5] = [
    ("operation", "Operations"),
    ("event", "Events"),
    ("model", "Models"),
    ("parameter", "Parameters"),
    ("property", "Properties"),
];

pub(super) fn page(site: &Site<'_>) -> String {
    let mut added: BTreeMap<Release, Vec<&str>> = BTreeMap::new();
    let availability = &site.record.availability;
    for item in availability.items() {
        for run in availability.spans(item) {
            added.entry(run.first).or_default().push(item);
        }
    }
    // What a branch's first release has is no news of that release.
    let oldest =
        |release: &Release| !availability.releases().any(|other| other.major == release.major && other < *release);
    added.retain(|release, _| !oldest(release));
    let content = html! {
        article {
            h1 { "History" }
            div.lead { p {
                "What each release added to its branch, newest first. Features come to several branches at once: a release of an older "
                "branch can have what the first ones of a newer branch lack."
            } }
            (matrix(site))
            @for (release, items) in added.iter().rev() {
                section #(format!("r{release}")) {
                    h2 { "Asterisk " (release) }
                    @for (kind, title) in KINDS { (group(site, kind, title, items)) }
                }
            }
        }
    };
    let about = "What each release of Asterisk added to its REST interface.";
    render(site, &Page { title: "History", about, root: "", path: "history.html", content })
}

fn group(site: &Site<'_>, kind: &str, title: &str, items: &[&str]) -> Markup {
    let names: Vec<&str> = items.iter().filter_map(|item| item.strip_prefix(kind)?.strip_prefix(' ')).collect();
    // A member of what is new itself needs no line.
    let is_new = |owner: &str| {
        ["operation", "event", "model"].iter().any(|kind| items.contains(&format!("{kind} {owner}").as_str()))
    };
    let names: Vec<&str> =
        names.into_iter().filter(|name| name.rsplit_once('.').is_none_or(|(owner, _)| !is_new(owner))).collect();
    html! {
        @if !names.is_empty() {
            div.group { h3 { (title) } ul.links { @for name in names { li { (link(site, name)) } } } }
        }
    }
}

/// An item, or a member at its place on the item's page.
fn link(site: &Site<'_>, name: &str) -> Markup {
    let of_owner = || name.rsplit_once('.').and_then(|(owner, member)| Some(format!("{}#{member}", site.page(owner)?)));
    code_link(site.page(name).or_else(of_owner), name)
}

/// The operations that not every branch has from its start.
fn matrix(site: &Site<'_>) -> Markup {
    let branches = site.coverage("");
    let partial =
        site.api.operations().filter(|operation| site.runs(&format!("operation {}", key(operation))).is_some());
    html! {
        section #matrix {
            h2 { "Operations that some releases lack" }
            div.scroll tabindex="0" role="region" aria-label="Operations that some releases lack" {
                table.matrix {
                    thead { tr { th scope="col" { "operation" } @for (major, _) in &branches { th scope="col" { (major) } } } }
                    tbody {
                        @for operation in partial {
                            tr {
                                th scope="row" { a href=(operation_page(operation)) { code { (key(operation)) } } }
                                @for (_, coverage) in site.coverage(&format!("operation {}", key(operation))) {
                                    @match coverage {
                                        Coverage::Always => td.always { "all" },
                                        Coverage::From(release) => td.from { (release) },
                                        Coverage::Until(release) => td.until { "to " (release) },
                                        Coverage::Never => td.never { "–" },
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
