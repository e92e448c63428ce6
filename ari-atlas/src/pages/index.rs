//! The first page.

use ari_codegen::api::Operation;
use ari_codegen::record::first_sentence;
use maud::{Markup, html};

use super::layout::{Page, render};
use super::parts;
use crate::markdown::inline;
use crate::site::{Site, key, model_page, operation_page};

pub(super) fn page(site: &Site<'_>) -> String {
    let (operations, events, models) = (site.api.operations().count(), site.api.events().len(), site.models().count());
    let releases = site.record.availability.releases().count();
    let span = |at: Option<ari_codegen::Release>| at.map(|release| release.major.to_string()).unwrap_or_default();
    let (first, last) =
        (span(site.record.availability.releases().next()), span(site.record.availability.releases().last()));
    let content = html! {
        article.home {
            div.hero {
                h1 { "Asterisk's REST interface" }
                p {
                    (operations) " operations, " (events) " events and " (models) " models of Asterisk " (first) " to " (last)
                    ", as servers behave: which release has what, what follows a request, and how to send it."
                }
                p.small { "Availability from " (releases) " releases. Choose yours above; press " kbd { "/" } " to search." }
            }
            @for resource in site.api.resources.values().filter(|resource| !resource.operations.is_empty()) {
                section #(resource.name) {
                    h2 { (resource.name) }
                    ul.index { @for operation in &resource.operations { (row(site, operation)) } }
                }
            }
            (data(site, "events", "Events", &site.api.events()))
            (data(site, "models", "Models", &site.models().collect::<Vec<_>>()))
        }
    };
    let about = "Every operation, model and event of Asterisk's REST interface, of every release.";
    render(site, &Page { title: "Asterisk's REST interface", about, root: "", path: "index.html", content })
}

fn row(site: &Site<'_>, operation: &Operation) -> Markup {
    let item = format!("operation {}", key(operation));
    html! {
        li data-runs=[site.runs(&item)] {
            a href=(operation_page(operation)) {
                (parts::method(operation.method))
                span.name { (operation.nickname) }
            }
            span.text { (inline(site, "", first_sentence(site.text(&item).unwrap_or_default()))) }
        }
    }
}

fn data(site: &Site<'_>, id: &str, title: &str, models: &[&ari_codegen::api::Model]) -> Markup {
    html! {
        section #(id) {
            h2 { (title) }
            ul.index {
                @for model in models {
                    @let item = site.item(model);
                    li data-runs=[site.runs(&item)] {
                        a href=(model_page(model, site)) { span.name { (model.name) } }
                        span.text { (inline(site, "", first_sentence(site.text(&item).unwrap_or_default()))) }
                    }
                }
            }
        }
    }
}
