//! What changed between two releases, as `ari-diff` judges it.

use ari_codegen::emit::File;
use ari_diff::report::{context, heading, summary, values};
use ari_diff::{Declared, Finding, Level, Report, diff};
use maud::{Markup, html};

use super::layout::{Page, render};
use crate::file;
use crate::markdown::code_link;
use crate::site::Site;

const ROOT: &str = "../";

/// A page for each pair of releases, and one to choose from.
pub(super) fn pages(site: &Site<'_>) -> Vec<File> {
    let declared = site.input.declared;
    let pairs = declared.iter().flat_map(|old| declared.iter().map(move |new| (old, new)));
    let pairs = pairs.filter(|(old, new)| old.name != new.name);
    let mut files: Vec<File> = pairs.map(|(old, new)| file(&path(old, new), pair(site, old, new))).collect();
    files.push(file("compare/index.html", choice(site)));
    files
}

fn path(old: &Declared, new: &Declared) -> String {
    format!("compare/{}...{}.html", old.name, new.name)
}

fn choice(site: &Site<'_>) -> String {
    let declared = site.input.declared;
    let content = html! {
        article {
            h1 { "Compare releases" }
            div.lead { p { "What changed from one release to another, and whom it breaks: clients in any language, and users of the Rust bindings." } }
            (chooser(site, declared.first(), declared.last()))
            div.scroll tabindex="0" role="region" aria-label="All comparisons" {
                table.matrix {
                    thead { tr { th scope="col" { "from, to" } @for new in declared { th scope="col" { (new.name) } } } }
                    tbody {
                        @for old in declared {
                            tr {
                                th scope="row" { (old.name) }
                                @for new in declared {
                                    td {
                                        @if old.name != new.name {
                                            @let changes = diff(old, new).findings.len();
                                            a href=(format!("{ROOT}{}", path(old, new)))
                                                aria-label=(format!("{changes} changes from {} to {}", old.name, new.name)) { (changes) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            p.small { "Numbers of changes." }
        }
    };
    let about = "What changed between two releases of Asterisk, and whom it breaks.";
    render(site, &Page { title: "Compare releases", about, root: ROOT, path: "compare/index.html", content })
}

/// Two lists of releases; the script opens the page of the pair.
fn chooser(site: &Site<'_>, old: Option<&Declared>, new: Option<&Declared>) -> Markup {
    let options = |chosen: Option<&Declared>| {
        html! {
            @for release in site.input.declared {
                option selected[chosen.is_some_and(|chosen| chosen.name == release.name)] { (release.name) }
            }
        }
    };
    html! {
        form.chooser #chooser {
            label { span { "From" } select #from { (options(old)) } }
            label { span { "to" } select #to { (options(new)) } }
            button type="submit" { "Compare" }
        }
    }
}

fn pair(site: &Site<'_>, old: &Declared, new: &Declared) -> String {
    let report = diff(old, new);
    let title = format!("{} → {}", old.name, new.name);
    let content = html! {
        article {
            p.crumb { a href="index.html" { "Compare releases" } }
            h1 { "Asterisk " (old.name) " → " (new.name) }
            (chooser(site, Some(old), Some(new)))
            p #summary { (summary(&report)) }
            (filter(&report))
            @for (resource, findings) in report.groups() {
                section.changes {
                    h2 { (heading(resource)) }
                    ul { @for finding in findings { (change(site, finding)) } }
                }
            }
        }
    };
    let about = format!("What changed from Asterisk {} to {}.", old.name, new.name);
    render(site, &Page { title: &title, about: &about, root: ROOT, path: &path(old, new), content })
}

/// Shows changes of some levels; the script acts on it.
fn filter(report: &Report) -> Markup {
    let count = |level: Level| report.findings.iter().filter(|finding| finding.worst() == level).count();
    html! {
        fieldset.filter #levels {
            legend { "Show" }
            @for level in Level::ALL.into_iter().filter(|level| count(*level) > 0) {
                label { input type="checkbox" value=(level.name()) checked; span class={ "level " (level.name()) } { (level.name()) } " " (count(level)) }
            }
        }
    }
}

fn change(site: &Site<'_>, finding: &Finding) -> Markup {
    let subject = &finding.change.subject;
    let owner = || subject.rsplit_once('.').and_then(|(owner, member)| Some(format!("{}#{member}", site.page(owner)?)));
    let target = site.page(subject).or_else(owner).map(|page| format!("{ROOT}{page}"));
    html! {
        li data-level=(finding.worst().name()) {
            div.levels {
                span class={ "level " (finding.wire.name()) } title="Clients in any language" { "wire " (finding.wire.name()) }
                span class={ "level " (finding.rust.name()) } title="Users of the bindings" { "Rust " (finding.rust.name()) }
            }
            div {
                p.subject {
                    (code_link(target, subject))
                    @if let Some(context) = context(finding) { span.small { " " (context) } }
                }
                p { (values(finding).unwrap_or_else(|| finding.rule.detects.to_owned())) }
                details { summary { (finding.rule.detects) }
                    p { (finding.rule.wire_why) " " (finding.rule.advice) }
                }
            }
        }
    }
}
