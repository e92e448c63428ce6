//! What servers do that their declarations do not say.

use ari_codegen::api::Operation;
use ari_codegen::fixups::{Fix, Fixup};
use maud::{Markup, html};

use super::layout::{Page, render};
use crate::markdown::{code_link, inline};
use crate::site::{Site, key, model_page};

/// What is known of one item, as a section of its page.
pub(super) fn notes(site: &Site<'_>, root: &str, name: &str, operation: Option<&Operation>) -> Markup {
    let text = site.text(&format!("server {name}"));
    let fixups: Vec<&Fixup> = of_item(site, name).collect();
    let seen = operation.is_some_and(|operation| site.input.observed.seen(&key(operation)).next().is_some());
    html! {
        @if text.is_some() || !fixups.is_empty() || seen {
            section #servers {
                h2 { "What servers do" }
                @if let Some(text) = text { p { (inline(site, root, text)) } }
                @for fixup in fixups { (correction(site, root, fixup)) }
                @if let Some(operation) = operation { (observed(site, &key(operation))) }
            }
        }
    }
}

/// The fixups that change an operation or a model.
fn of_item<'a>(site: &Site<'a>, name: &str) -> impl Iterator<Item = &'a Fixup> {
    let about = move |fix: &Fix| {
        let place = fix.place();
        place == name || place.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
    };
    // Which id an item holds is a matter of types, not of the wire.
    let is_visible = |fix: &Fix| !matches!(fix, Fix::SetReference(..));
    site.input.fixups.iter().filter(move |fixup| fixup.fixes.iter().any(|fix| is_visible(fix) && about(fix)))
}

fn correction(site: &Site<'_>, root: &str, fixup: &Fixup) -> Markup {
    html! {
        div.correction {
            p { strong { "Corrected here: " } (fixup.name) "." }
            p.small { (fixup.evidence) }
            ul.small { @for fix in fixup.fixes { li { (place(site, root, fix.place())) ": " (fix.to_string()) } } }
        }
    }
}

/// `channels.mute.direction`, as a link to it.
fn place(site: &Site<'_>, root: &str, place: &str) -> Markup {
    let (owner, member) = match site.page(place) {
        Some(_) => (place, None),
        None => place.rsplit_once('.').map_or((place, None), |(owner, member)| (owner, Some(member))),
    };
    let anchor = member.map(|member| format!("#{member}")).unwrap_or_default();
    code_link(site.page(owner).map(|page| format!("{root}{page}{anchor}")), place)
}

/// What real servers answered, and whether the fake does the same.
fn observed(site: &Site<'_>, name: &str) -> Markup {
    let seen: Vec<_> = site.input.observed.seen(name).collect();
    let fake = |release: &str| {
        let results = site.input.observed.fake(name).iter();
        results.filter(|(of, _)| of == release).map(|(_, result)| result.as_str()).next().unwrap_or("not compared")
    };
    let list = |statuses: &[String]| if statuses.is_empty() { "–".to_owned() } else { statuses.join(" ") };
    html! {
        @if !seen.is_empty() {
            div.scroll tabindex="0" role="region" aria-label="What real servers answered" {
                table {
                    thead { tr {
                        th scope="col" { "Seen on" }
                        th scope="col" { "success" }
                        th scope="col" { "errors" }
                        th scope="col" { "not declared" }
                        th scope="col" { "declared, not provoked" }
                        th scope="col" { "ari-test" }
                    } }
                    tbody {
                        @for (release, seen) in seen {
                            tr {
                                th scope="row" { (release) }
                                td { (seen.successes) }
                                td { (list(&seen.declared)) }
                                td { (list(&seen.undeclared)) }
                                td { (list(&seen.unseen)) }
                                td { (fake(release)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// All of it on one page.
pub(super) fn page(site: &Site<'_>) -> String {
    let operations =
        site.api.operations().map(|operation| (key(operation), format!("operations/{}.html", key(operation))));
    let models = site.api.models.values().map(|model| (model.name.clone(), model_page(model, site)));
    let texts: Vec<(String, String, &str)> = operations
        .chain(models)
        .filter_map(|(name, page)| site.text(&format!("server {name}")).map(|text| (name, page, text)))
        .collect();
    let content = html! {
        article {
            h1 { "What servers do" }
            div.lead { p {
                "Where a real Asterisk differs from what it declares, or does what nobody would expect. Seen on 22.10.1 unless "
                "another release is named; the corrections are part of every other page, of the bindings and of the documents."
            } }
            section #behaviour {
                h2 { "Behaviour" }
                dl.notes { @for (name, page, text) in &texts { div { dt { a href=(page) { code { (name) } } } dd { (inline(site, "", text)) } } } }
            }
            section #corrections {
                h2 { "Faults of the declarations" }
                @for fixup in site.input.fixups { (correction(site, "", fixup)) }
            }
        }
    };
    let about = "Where a real Asterisk differs from what it declares.";
    render(site, &Page { title: "What servers do", about, root: "", path: "servers.html", content })
}
