//! The page of a model or an event.

use ari_codegen::api::{Model, Property};
use ari_codegen::record::first_sentence;
use maud::{Markup, html};

use super::fields::{Field, Required, fields};
use super::layout::{Page, render};
use super::{parts, servers};
use crate::markdown::{blocks, plain};
use crate::site::{Site, model_page};

const ROOT: &str = "../";

pub(super) fn page(site: &Site<'_>, model: &Model) -> String {
    let item = site.item(model);
    let text = site.text(&item).unwrap_or_default();
    let kind = if site.is_event(model) { "events" } else { "models" };
    let content = html! {
        article {
            p.crumb { a href=(format!("../index.html#{kind}")) { (kind) } }
            h1 { code { (model.name) } }
            (parts::absence(site, &item))
            div.lead { (blocks(site, ROOT, text)) }
            (parts::coverage(site, &item))
            (causes(site, model))
            section #members { h2 { "Members" } (fields(site, ROOT, &members(site, model))) }
            @if let Some(event) = site.input.observed.event(&model.name).filter(|_| site.is_event(model)) {
                section #example { h2 { "An event that was recorded" } (parts::json(event)) }
            }
            (uses(site, model))
            (servers::notes(site, ROOT, &model.name, None))
        }
    };
    let (about, path) = (plain(first_sentence(text)), model_page(model, site));
    render(site, &Page { title: &model.name, about: &about, root: ROOT, path: &path, content })
}

fn causes(site: &Site<'_>, model: &Model) -> Markup {
    let operations = site.causes(&model.name);
    html! {
        @if site.is_event(model) && !operations.is_empty() {
            section #causes {
                h2 { "Follows" }
                ul.links { @for operation in operations { li { (parts::operation_link(ROOT, operation)) } } }
            }
        }
    }
}

/// Own members first, then those that it inherits.
fn members<'a>(site: &'a Site<'_>, model: &'a Model) -> Vec<Field<'a>> {
    let lineage = site.api.lineage(model);
    let mut members: Vec<Field<'_>> = Vec::new();
    for holder in lineage {
        for property in &holder.properties {
            if members.iter().any(|known| known.name == property.name) {
                continue;
            }
            let inherited =
                (holder.name != model.name).then(|| html! { "of every " (parts::model_link(site, ROOT, holder)) });
            members.push(Field { place: inherited, ..member(site, holder, property) });
        }
    }
    members
}

fn member<'a>(site: &'a Site<'_>, holder: &Model, property: &'a Property) -> Field<'a> {
    let of_release = |api: &ari_codegen::api::Api| {
        let found = api.models.get(&holder.name)?.properties.iter().find(|it| it.name == property.name)?;
        Some((api.releases.iter().next()?.to_string(), found.required))
    };
    let releases: Vec<_> = site.apis.iter().filter_map(of_release).collect();
    let ty = parts::ty(site, ROOT, &property.ty);
    Field::of_property(property, &holder.name, site.item(holder), ty, Required::of(&releases))
}

fn uses(site: &Site<'_>, model: &Model) -> Markup {
    let (operations, holders) = (site.operations_with(&model.name), site.holders(&model.name));
    html! {
        @if !operations.is_empty() || !holders.is_empty() {
            section #uses {
                h2 { "Used by" }
                ul.links {
                    @for operation in operations { li { (parts::operation_link(ROOT, operation)) } }
                    @for holder in holders { li { (parts::model_link(site, ROOT, holder)) } }
                }
            }
        }
    }
}
