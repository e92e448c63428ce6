//! What every page has around its content.

use ari_codegen::api::Operation;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::site::{Site, key, model_page, operation_page};

/// Chooses the colours before anything is shown.
const THEME: &str = "document.documentElement.classList.add('js');try{const t=localStorage.getItem('theme');\
                     if(t)document.documentElement.dataset.theme=t}catch{}";

/// A page with its place in the site.
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    /// One sentence.
    pub(super) about: &'a str,
    /// The path from its folder to that of the site: empty, or `../`.
    pub(super) root: &'a str,
    /// Its own path under the site's folder.
    pub(super) path: &'a str,
    pub(super) content: Markup,
}

pub(super) fn render(site: &Site<'_>, page: &Page<'_>) -> String {
    let root = page.root;
    let markup = html! {
        (DOCTYPE)
        html lang="en" data-root=(root) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (page.title) " · ARI atlas" }
                meta name="description" content=(page.about);
                meta name="color-scheme" content="light dark";
                link rel="icon" type="image/svg+xml" href=(format!("{root}icon.svg"));
                link rel="stylesheet" href=(format!("{root}atlas.css"));
                script { (PreEscaped(THEME)) }
                script defer src=(format!("{root}atlas.js")) {}
            }
            body {
                a.skip href="#content" { "Skip to content" }
                (header(site, root))
                div.frame {
                    (navigation(site, page))
                    main #content tabindex="-1" { (page.content) }
                }
                (footer(root))
            }
        }
    };
    markup.into_string()
}

fn header(site: &Site<'_>, root: &str) -> Markup {
    let releases: Vec<String> = site.record.availability.releases().map(|release| release.to_string()).collect();
    html! {
        header.top {
            button #menu type="button" aria-expanded="false" aria-controls="nav" aria-label="Contents" {
                span aria-hidden="true" { "☰" }
            }
            a.brand href=(format!("{root}index.html")) { span.mark aria-hidden="true" { "ARI" } span { "atlas" } }
            div.search role="search" {
                input #search type="search" role="combobox" aria-expanded="false" aria-controls="results"
                    aria-autocomplete="list" aria-label="Search operations, models, events and their members"
                    placeholder="Search" autocomplete="off" spellcheck="false";
                kbd aria-hidden="true" { "/" }
                ul #results role="listbox" aria-label="Results" hidden {}
            }
            label.release {
                span { "Asterisk" }
                select #release aria-label="Release of Asterisk" data-releases=(releases.join(" ")) {
                    option value="" { "all releases" }
                }
            }
            a.compare href=(format!("{root}compare/index.html")) { "Compare" }
            button #theme type="button" aria-label="Switch between light and dark" { span aria-hidden="true" { "◐" } }
        }
        p #status.hidden role="status" {}
    }
}

fn navigation(site: &Site<'_>, page: &Page<'_>) -> Markup {
    let root = page.root;
    let models: Vec<_> = site.models().collect();
    let events = site.api.events();
    html! {
        nav #nav aria-label="Contents" {
            ul.top-links {
                @for (path, title) in [("history.html", "History"), ("servers.html", "What servers do"), ("compare/index.html", "Compare releases")] {
                    li { a href=(format!("{root}{path}")) aria-current=[(page.path == path).then_some("page")] { (title) } }
                }
            }
            h2 { "Operations" }
            @for resource in site.api.resources.values().filter(|resource| !resource.operations.is_empty()) {
                details open[resource.operations.iter().any(|it| operation_page(it) == page.path)] {
                    summary { (resource.name) span.count { (resource.operations.len()) } }
                    ul { @for it in &resource.operations { (operation_link(site, page, it)) } }
                }
            }
            h2 { "Data" }
            @for (title, models) in [("Events", &events), ("Models", &models)] {
                details open[models.iter().any(|model| model_page(model, site) == page.path)] {
                    summary { (title) span.count { (models.len()) } }
                    ul {
                        @for model in models {
                            @let path = model_page(model, site);
                            li data-runs=[site.runs(&site.item(model))] {
                                a href=(format!("{root}{path}")) aria-current=[(path == page.path).then_some("page")] { (model.name) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn operation_link(site: &Site<'_>, page: &Page<'_>, operation: &Operation) -> Markup {
    let path = operation_page(operation);
    html! {
        li data-runs=[site.runs(&format!("operation {}", key(operation)))] {
            a href=(format!("{}{path}", page.root)) aria-current=[(path == page.path).then_some("page")] {
                (operation.nickname)
            }
        }
    }
}

fn footer(root: &str) -> Markup {
    html! {
        footer {
            p {
                "The same data for programs: "
                @for (file, title) in [("openapi", "OpenAPI"), ("asyncapi", "AsyncAPI"), ("schema", "JSON Schema"), ("availability", "availability")] {
                    a href=(format!("{root}api/{file}.json")) { (title) } " "
                }
            }
            p { "Not affiliated with Asterisk or Sangoma. Asterisk is a trademark of Sangoma Technologies." }
        }
    }
}
