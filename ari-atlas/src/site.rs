//! What the pages have in common: the model of the API, links to items, and the releases that have them.

use std::collections::BTreeMap;

use ari_codegen::api::{Api, Model, Operation, Type};
use ari_codegen::rust::Crate;
use ari_codegen::{Record, Release};

use crate::Input;

/// Everything that pages are made of.
pub(crate) struct Site<'a> {
    pub(crate) input: &'a Input<'a>,
    pub(crate) record: &'a Record,
    /// Each release, corrected.
    pub(crate) apis: &'a [Api],
    /// All releases together.
    pub(crate) api: &'a Api,
    pub(crate) rust: &'a Crate,
}

/// How a branch of releases has an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coverage {
    /// From its first release on.
    Always,
    /// From a later release on.
    From(Release),
    /// No longer.
    Until(Release),
    Never,
}

impl Site<'_> {
    /// The text about an item.
    pub(crate) fn text(&self, item: &str) -> Option<&str> {
        self.record.prose.get(item)
    }

    pub(crate) fn operation(&self, name: &str) -> Option<&Operation> {
        self.api.operations().find(|operation| key(operation) == name)
    }

    pub(crate) fn is_event(&self, model: &Model) -> bool {
        self.api.is_message(model) && model.sub_types.is_empty()
    }

    /// Models that are no events; the inner nodes of the tree of events are shown in those.
    pub(crate) fn models(&self) -> impl Iterator<Item = &Model> {
        self.api.models.values().filter(|model| !self.is_event(model))
    }

    /// `event NAME` or `model NAME`.
    pub(crate) fn item(&self, model: &Model) -> String {
        format!("{} {}", if self.is_event(model) { "event" } else { "model" }, model.name)
    }

    /// The page of what a name in a text stands for, under the site's folder.
    pub(crate) fn page(&self, name: &str) -> Option<String> {
        match self.api.models.get(name) {
            Some(model) => Some(model_page(model, self)),
            None => self.operation(name).map(operation_page),
        }
    }

    /// Runs of releases that have an item, as the script reads them; none where every release has it.
    pub(crate) fn runs(&self, item: &str) -> Option<String> {
        let runs = self.record.availability.spans(item);
        let is_always = self.coverage(item).iter().all(|(_, coverage)| *coverage == Coverage::Always);
        let texts: Vec<String> = runs.iter().map(ToString::to_string).collect();
        (!is_always).then(|| texts.join(" "))
    }

    /// How each branch has an item.
    pub(crate) fn coverage(&self, item: &str) -> Vec<(u32, Coverage)> {
        let mut branches: BTreeMap<u32, Release> = BTreeMap::new();
        for release in self.record.availability.releases() {
            branches.entry(release.major).or_insert(release);
        }
        let runs = self.record.availability.spans(item);
        let of_branch = |(major, oldest): (u32, Release)| {
            let run = runs.iter().rfind(|run| run.first.major == major);
            let coverage = match run {
                None => Coverage::Never,
                Some(run) => match run.last {
                    Some(last) => Coverage::Until(last),
                    None if run.first == oldest => Coverage::Always,
                    None => Coverage::From(run.first),
                },
            };
            (major, coverage)
        };
        branches.into_iter().map(of_branch).collect()
    }

    /// Since when an item is there, unless that is so since its owner is there.
    pub(crate) fn since(&self, item: &str, owner: &str) -> Option<String> {
        let availability = &self.record.availability;
        let since = availability.since_text(item)?;
        let same = availability.since(item) == availability.since(owner);
        (!same).then(|| since.trim_end_matches('.').replace("Since Asterisk", "since"))
    }

    /// Operations that answer with a model, or take one.
    pub(crate) fn operations_with(&self, model: &str) -> Vec<&Operation> {
        use ari_codegen::api::Response;
        let uses = |operation: &&Operation| {
            let answers = matches!(&operation.response, Response::Json(ty) if names(ty, model));
            answers || operation.parameters.iter().any(|parameter| names(&parameter.ty, model))
        };
        self.api.operations().filter(uses).collect()
    }

    /// Models and events with a property of a model.
    pub(crate) fn holders(&self, model: &str) -> Vec<&Model> {
        let has = |holder: &&Model| holder.properties.iter().any(|property| names(&property.ty, model));
        self.api.models.values().filter(has).collect()
    }

    /// Operations that a type of event follows.
    pub(crate) fn causes(&self, event: &str) -> Vec<&Operation> {
        let name = format!("`{event}`");
        let causes = |operation: &&Operation| {
            let text = self.text(&format!("follows {}", key(operation)));
            text.is_some_and(|text| !is_nothing(text) && text.contains(&name))
        };
        self.api.operations().filter(causes).collect()
    }
}

/// Whether a text says that no event follows.
pub(crate) fn is_nothing(text: &str) -> bool {
    text.starts_with("Nothing")
}

/// Whether a type is a model or contains it.
fn names(ty: &Type, model: &str) -> bool {
    match ty {
        Type::Model(name) => name == model,
        Type::List(inner) => names(inner, model),
        _ => false,
    }
}

/// How the record names an operation: `channels.originate`.
pub(crate) fn key(operation: &Operation) -> String {
    format!("{}.{}", operation.resource, operation.nickname)
}

pub(crate) fn operation_page(operation: &Operation) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '_' { c } else { '-' };
    format!("operations/{}.html", key(operation).chars().map(plain).collect::<String>())
}

pub(crate) fn model_page(model: &Model, site: &Site<'_>) -> String {
    format!("{}/{}.html", if site.is_event(model) { "events" } else { "models" }, model.name)
}
