//! Tables of parameters and properties.

use ari_codegen::api::{Parameter, Property};
use maud::{Markup, html};

use crate::markdown::inline;
use crate::site::Site;

/// A parameter or a property.
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    /// How the record names it: `parameter channels.originate.app`.
    pub(super) item: String,
    /// What it is part of.
    pub(super) owner: String,
    pub(super) ty: Markup,
    /// Where it travels, or from where it is inherited.
    pub(super) place: Option<Markup>,
    /// The releases of those that have it which require it.
    pub(super) required: Required,
    pub(super) values: &'a [String],
    /// Range and default.
    pub(super) limits: Vec<String>,
}

/// Whether a field is always there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Required {
    Always,
    /// In these releases.
    In(Vec<String>),
    Never,
}

impl Required {
    /// Of each release that has the field, whether it requires it.
    pub(super) fn of(releases: &[(String, bool)]) -> Self {
        let required = || releases.iter().filter(|(_, required)| *required).map(|(release, _)| release.clone());
        match required().count() {
            0 => Self::Never,
            all if all == releases.len() => Self::Always,
            _ => Self::In(required().collect()),
        }
    }
}

impl<'a> Field<'a> {
    pub(super) fn of_parameter(parameter: &'a Parameter, operation: &str, ty: Markup, required: Required) -> Self {
        let mut limits = Vec::new();
        match &parameter.range {
            Some((Some(min), Some(max))) => limits.push(format!("{min} to {max}")),
            Some((Some(min), None)) => limits.push(format!("{min} or more")),
            Some((None, Some(max))) => limits.push(format!("up to {max}")),
            Some((None, None)) | None => {}
        }
        limits.extend(parameter.default.as_ref().map(|default| format!("default {}", literal(default))));
        Self {
            name: &parameter.name,
            item: format!("parameter {operation}.{}", parameter.name),
            owner: format!("operation {operation}"),
            ty,
            place: None,
            required,
            values: parameter.values.as_deref().unwrap_or_default(),
            limits,
        }
    }

    pub(super) fn of_property(
        property: &'a Property,
        holder: &str,
        owner: String,
        ty: Markup,
        required: Required,
    ) -> Self {
        Self {
            name: &property.name,
            item: format!("property {holder}.{}", property.name),
            owner,
            ty,
            place: None,
            required,
            values: property.values.as_deref().unwrap_or_default(),
            limits: Vec::new(),
        }
    }
}

fn literal(value: &ari_codegen::api::Literal) -> String {
    use ari_codegen::api::Literal::{Bool, Number, String};
    match value {
        Bool(value) => value.to_string(),
        Number(value) | String(value) => value.clone(),
    }
}

/// A list of fields, each with an anchor of its name.
pub(super) fn fields(site: &Site<'_>, root: &str, fields: &[Field<'_>]) -> Markup {
    html! { div.fields { @for field in fields { (row(site, root, field)) } } }
}

fn row(site: &Site<'_>, root: &str, field: &Field<'_>) -> Markup {
    html! {
        section.field #(field.name) data-runs=[site.runs(&field.item)] {
            div.head {
                h3 { a.anchor href=(format!("#{}", field.name)) { code { (field.name) } } }
                span.type { (field.ty) }
                @if let Some(place) = &field.place { span.place { (place) } }
                @match &field.required {
                    Required::Always => span.badge.required { "required" },
                    Required::In(releases) => span.badge.required { "required in " (releases.join(", ")) },
                    Required::Never => {}
                }
                @for limit in &field.limits { span.limit { (limit) } }
                @if let Some(since) = site.since(&field.item, &field.owner) { span.badge.since { (since) } }
            }
            @if let Some(text) = site.text(&field.item) { p { (inline(site, root, text)) } }
            @if !field.values.is_empty() { (values(site, root, field)) }
        }
    }
}

/// The known values; servers may have others.
fn values(site: &Site<'_>, root: &str, field: &Field<'_>) -> Markup {
    let (_, place) = field.item.split_once(' ').unwrap_or_default();
    let item = |value: &str| format!("value {place} {value}");
    html! {
        ul.values {
            @for value in field.values {
                li data-runs=[site.runs(&item(value))] {
                    code { @if value.is_empty() { "\"\"" } @else { (value) } }
                    @if let Some(text) = site.text(&item(value)) { span { (inline(site, root, text)) } }
                    @if let Some(since) = site.since(&item(value), &field.item) { span.badge.since { (since) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_is_required_always_never_or_in_some_releases() {
        let of = |releases: &[(&str, bool)]| {
            Required::of(&releases.iter().map(|(name, required)| ((*name).to_owned(), *required)).collect::<Vec<_>>())
        };
        assert_eq!(of(&[("16", true), ("22", true)]), Required::Always);
        assert_eq!(of(&[("16", false), ("22", true)]), Required::In(vec!["22".to_owned()]));
        assert_eq!(of(&[("16", false)]), Required::Never);
    }
}
