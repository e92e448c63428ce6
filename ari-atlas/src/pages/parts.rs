//! Pieces that several pages have.

use ari_codegen::api::{Method, Model, Operation, Type};
use maud::{Markup, html};
use serde_json::Value;

use super::highlight::highlight;
use crate::markdown::code_link;
use crate::site::{Coverage, Site, key, model_page, operation_page};

pub(super) fn method(method: Method) -> Markup {
    let name = method.to_string();
    html! { span class={ "method " (name.to_lowercase()) } { (name) } }
}

pub(super) fn operation_link(root: &str, operation: &Operation) -> Markup {
    html! { a href=(format!("{root}{}", operation_page(operation))) { code { (key(operation)) } } }
}

pub(super) fn model_link(site: &Site<'_>, root: &str, model: &Model) -> Markup {
    html! { a href=(format!("{root}{}", model_page(model, site))) { code { (model.name) } } }
}

/// A type in words, with a link to its model.
pub(super) fn ty(site: &Site<'_>, root: &str, ty: &Type) -> Markup {
    match ty {
        Type::String => html! { "string" },
        Type::Integer => html! { "integer" },
        Type::Long => html! { "integer of 64 bits" },
        Type::Double => html! { "number" },
        Type::Boolean => html! { "boolean" },
        Type::Date => html! { "date" },
        Type::Object => html! { "object" },
        Type::StringMap => html! { "object of strings" },
        Type::List(inner) => html! { "list of " (self::ty(site, root, inner)) },
        Type::Model(name) => {
            let page = site.api.models.get(name).map(|model| format!("{root}{}", model_page(model, site)));
            code_link(page, name)
        }
    }
}

/// Which branches have an item, and from which release on.
pub(super) fn coverage(site: &Site<'_>, item: &str) -> Markup {
    html! {
        dl.coverage aria-label="Availability by branch" {
            @for (major, coverage) in site.coverage(item) {
                @let (class, text) = match coverage {
                    Coverage::Always => ("always", "all".to_owned()),
                    Coverage::From(release) => ("from", release.to_string()),
                    Coverage::Until(release) => ("until", format!("to {release}")),
                    Coverage::Never => ("never", "no".to_owned()),
                };
                div class=(class) { dt { (major) } dd { (text) } }
            }
        }
    }
}

/// What says that the chosen release lacks an item; the script shows it.
pub(super) fn absence(site: &Site<'_>, item: &str) -> Markup {
    let Some(runs) = site.runs(item) else { return html! {} };
    let since = site.record.availability.since_text(item).unwrap_or_default();
    html! { p.absence data-runs=(runs) hidden { "Asterisk " span.chosen {} " does not have it. " (since) } }
}

/// JSON, shortened where it is long.
pub(super) fn json(value: &Value) -> Markup {
    const LINES: usize = 60;
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let shown: Vec<&str> = text.lines().take(LINES).collect();
    let is_cut = text.lines().count() > LINES;
    html! { (code("json", &shown.join("\n"))) @if is_cut { p.small { "Shortened to its first " (LINES) " lines." } } }
}

/// A listing that can be scrolled by the keyboard.
pub(super) fn code(language: &str, text: &str) -> Markup {
    html! { pre tabindex="0" { code { (highlight(language, text)) } } }
}
