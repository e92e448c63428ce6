//! The page of an operation.

use ari_codegen::api::{BodyForm, Location, Operation, Parameter, Response, path_parameters};
use ari_codegen::record::first_sentence;
use maud::{Markup, html};

use super::fields::{Field, Required, fields};
use super::layout::{Page, render};
use super::{parts, servers};
use crate::examples::examples;
use crate::markdown::{blocks, inline, plain};
use crate::site::{Site, is_nothing, key, operation_page};

const ROOT: &str = "../";

pub(super) fn page(site: &Site<'_>, operation: &Operation) -> String {
    let (name, item) = (key(operation), format!("operation {}", key(operation)));
    let text = site.text(&item).unwrap_or_default();
    let content = html! {
        article.operation {
            div.summary {
                p.crumb { a href=(format!("../index.html#{}", operation.resource)) { (operation.resource) } }
                h1 { code { (operation.resource) "." wbr; (operation.nickname) } }
                p.route { (parts::method(operation.method)) code { (path(operation)) } }
                (parts::absence(site, &item))
                div.lead { (blocks(site, ROOT, text)) }
                (parts::coverage(site, &item))
            }
            (examples_section(site, operation))
            div.rest {
                (follows(site, operation))
                (parameters(site, operation))
                (responses(site, operation))
                (servers::notes(site, ROOT, &name, Some(operation)))
            }
        }
    };
    let about = plain(first_sentence(text));
    let path = operation_page(operation);
    render(site, &Page { title: &name, about: &about, root: ROOT, path: &path, content })
}

/// The path with its parameters marked; it may break before each segment.
fn path(operation: &Operation) -> Markup {
    html! {
        "/ari"
        @for segment in operation.path.split('/').skip(1) {
            wbr;
            "/"
            @if segment.starts_with('{') { a.variable href=(format!("#{}", segment.trim_matches(['{', '}']))) { (segment) } } @else { (segment) }
        }
    }
}

fn examples_section(site: &Site<'_>, operation: &Operation) -> Markup {
    let examples = examples(site, operation);
    html! {
        section #examples aria-labelledby="examples-title" {
            h2 #examples-title { "Examples" }
            div.tabs {
                @for example in &examples {
                    section.tab data-title=(example.title) {
                        h3 { (example.title) }
                        (parts::code(example.language, &example.code))
                        p.small { (example.note) }
                    }
                }
            }
        }
    }
}

fn parameters(site: &Site<'_>, operation: &Operation) -> Markup {
    if operation.parameters.is_empty() {
        return html! {};
    }
    let in_path = path_parameters(&operation.path)
        .filter_map(|name| operation.parameters.iter().find(|parameter| parameter.name == name));
    let mut others: Vec<&Parameter> =
        operation.parameters.iter().filter(|parameter| parameter.location != Location::Path).collect();
    others.sort_by_key(|parameter| !parameter.required);
    let described: Vec<Field<'_>> = in_path.chain(others).map(|it| parameter(site, operation, it)).collect();
    html! {
        section #parameters { h2 { "Parameters" } (fields(site, ROOT, &described)) }
    }
}

fn parameter<'a>(site: &'a Site<'_>, operation: &Operation, parameter: &'a Parameter) -> Field<'a> {
    let ty = parts::ty(site, ROOT, &parameter.ty);
    let ty = if parameter.multiple {
        html! { "list of " (ty) }
    } else {
        ty
    };
    let of_release = |api: &ari_codegen::api::Api| {
        let same = api.operations().find(|it| it.method == operation.method && it.path == operation.path)?;
        let found = same.parameters.iter().find(|it| it.name == parameter.name)?;
        Some((api.releases.iter().next()?.to_string(), found.required))
    };
    let releases: Vec<_> = site.apis.iter().filter_map(of_release).collect();
    let place = match parameter.location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Body(BodyForm::BareVariables | BodyForm::BareFilter) => "the body itself",
        Location::Body(_) => "member of the body",
    };
    Field {
        place: Some(html! { (place) }),
        ..Field::of_parameter(parameter, &key(operation), ty, Required::of(&releases))
    }
}

fn responses(site: &Site<'_>, operation: &Operation) -> Markup {
    let name = key(operation);
    let result = match &operation.response {
        Response::Void => html! { "nothing" },
        Response::Binary => html! { "the bytes of a file" },
        Response::Json(ty) => parts::ty(site, ROOT, ty),
        Response::WebSocket => html! { "a WebSocket, each of whose messages is an event" },
    };
    let error = |status: &u16| site.text(&format!("error {name} {status}"));
    html! {
        section #responses {
            h2 { "Responses" }
            dl.statuses {
                @for status in &operation.statuses { div { dt.good { (status) } dd { (result) } } }
                @for status in &operation.errors {
                    div #(status) { dt { (status) } dd { @if let Some(text) = error(status) { (inline(site, ROOT, text)) } } }
                }
            }
            @if let Some(reply) = site.input.observed.reply(&name) {
                details { summary { "A reply that was recorded" } (parts::json(reply)) }
            }
        }
    }
}

fn follows(site: &Site<'_>, operation: &Operation) -> Markup {
    let Some(text) = site.text(&format!("follows {}", key(operation))) else { return html! {} };
    let mut events: Vec<&str> = Vec::new();
    for name in text.split('`').skip(1).step_by(2) {
        let is_event = site.api.models.get(name).is_some_and(|model| site.is_event(model));
        if is_event && !events.contains(&name) && !is_nothing(text) {
            events.push(name);
        }
    }
    html! {
        section #follows {
            h2 { "Events that follow" }
            @if !events.is_empty() {
                ul.chain { @for event in events { li { a href=(format!("../events/{event}.html")) { (event) } } } }
            }
            p { (inline(site, ROOT, text)) }
        }
    }
}
