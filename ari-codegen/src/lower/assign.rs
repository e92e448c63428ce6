//! Assigns a Rust name to every item: the recorded name if there is one, otherwise one derived from its wire name, which
//! is made distinct if another item has it.

use std::collections::BTreeMap;

use heck::{ToSnakeCase, ToUpperCamelCase};

use super::handles;
use super::ids::Ids;
use super::names::{camel, event_name, type_name, value_name, value_name_beside, variant_name};
use super::values::EnumUse;
use super::{operations, values};
use crate::api::{Api, Model, Operation, Response};
use crate::diagnostic::Diagnostics;
use crate::merge::Notes;
use crate::record::{NameKind, Names};

/// The kinds of type that any file may import.
const TYPES: [NameKind; 4] = [NameKind::Id, NameKind::Model, NameKind::Event, NameKind::Enum];

/// An item that needs a name.
struct Item {
    kind: NameKind,
    key: String,
    wish: String,
    /// What to try before numbers where the wish is taken.
    otherwise: Option<String>,
}

impl Item {
    fn new(kind: NameKind, key: impl Into<String>, wish: impl Into<String>) -> Self {
        Self { kind, key: key.into(), wish: wish.into(), otherwise: None }
    }

    fn or(self, otherwise: impl Into<String>) -> Self {
        Self { otherwise: Some(otherwise.into()), ..self }
    }
}

/// The recorded names with those of renamed operations: they keep what was recorded for their former names.
pub(super) fn adopt(api: &Api, recorded: &Names) -> Names {
    let mut names = recorded.clone();
    for operation in api.operations() {
        for former in &operation.former_nicknames {
            names.copy(&format!("{}.{former}", operation.resource), &key(operation));
        }
    }
    names
}

/// The names of all items, those of `recorded` among them unchanged.
pub(super) fn assign(api: &Api, ids: &Ids, recorded: Names, notes: &mut Notes, diagnostics: &mut Diagnostics) -> Names {
    let mut assigner = Assigner { names: recorded, notes, diagnostics };
    assigner.types(api, ids);
    assigner.references(api, ids);
    assigner.variants(api);
    assigner.fields(api);
    assigner.resources(api);
    assigner.operations(api);
    assigner.handles(api);
    assigner.names
}

struct Assigner<'a> {
    names: Names,
    notes: &'a mut Notes,
    diagnostics: &'a mut Diagnostics,
}

impl Assigner<'_> {
    /// Names the items of one scope. `kinds` are all that it has, also those without an item here, `reserved` are names
    /// that others have, and `absent` says which recorded items belong to the scope: they keep their names even while no
    /// release declares them.
    fn settle(
        &mut self,
        what: &str,
        kinds: &[NameKind],
        reserved: &[&str],
        absent: impl Fn(NameKind, &str) -> bool,
        items: Vec<Item>,
    ) {
        let mut taken: BTreeMap<String, String> =
            reserved.iter().map(|name| ((*name).to_owned(), "the generated code".to_owned())).collect();
        debug_assert!(items.iter().all(|item| kinds.contains(&item.kind)), "{what} has items of other kinds");
        for &kind in kinds {
            for (key, name) in self.names.iter(kind).filter(|(key, _)| absent(kind, key)) {
                let other = taken.insert(name.to_owned(), key.to_owned());
                let present = |key: &str| items.iter().any(|item| item.key == key);
                // Uses of one enum share its name, and only new ones are among the items.
                let is_shared = |other: &str| self.names.get(kind, other) == Some(name);
                let other = other.filter(|other| match kind {
                    NameKind::Enum => present(other) && !is_shared(other),
                    _ => present(key) && present(other),
                });
                if let Some(other) = other {
                    let message = format!("names.toml: `{key}` and `{other}` are both `{name}` in {what}");
                    self.diagnostics.general(message);
                }
            }
        }
        for item in items {
            if self.names.get(item.kind, &item.key).is_some() {
                continue;
            }
            let numbered = (2..).map(|number| distinct(item.kind, &item.wish, number));
            let mut candidates = [item.wish.clone()].into_iter().chain(item.otherwise).chain(numbered);
            let Some(name) = candidates.find(|name| !taken.contains_key(name)) else { continue };
            if let Some(owner) = taken.get(&item.wish) {
                let (key, wish) = (&item.key, &item.wish);
                self.notes.insert(format!("{what}: `{key}` becomes `{name}`: `{owner}` has the name `{wish}`"));
            }
            self.names.insert(item.kind, &item.key, &name);
            taken.insert(name, item.key);
        }
    }

    /// Types that other files refer to share one scope, so that any file can import any of them.
    fn types(&mut self, api: &Api, ids: &Ids) {
        let mut items = Vec::new();
        for model in api.models.values() {
            if !api.is_message(model) {
                items.push(Item::new(NameKind::Model, &model.name, type_name(&model.name, "Model")));
            } else if model.sub_types.is_empty() {
                items.push(Item::new(NameKind::Event, &model.name, event_name(&model.name)));
            }
        }
        items.extend(ids.kinds().map(|kind| Item::new(NameKind::Id, kind, camel(kind))));
        let groups = values::groups(api, &mut self.names);
        items.extend(groups.iter().map(|group| {
            let item = Item::new(NameKind::Enum, &group.uses[0].key, &group.wish);
            if let Some(resource) = &group.resource {
                item.or(format!("{}{}", camel(resource), group.wish))
            } else {
                item
            }
        }));
        self.settle("types", &TYPES, &[], |_, _| true, items);
        for group in groups {
            let name = self.names.of(NameKind::Enum, &group.uses[0].key);
            for used in &group.uses[1..] {
                self.names.insert(NameKind::Enum, &used.key, &name);
            }
        }
    }

    /// Text that was recorded without an id stays text, even if its name matches a new kind of id.
    fn references(&mut self, api: &Api, ids: &Ids) {
        for model in api.models.values() {
            for property in &model.properties {
                let held = ids.of_property(model, property);
                self.reference(NameKind::Field, &format!("{}.{}", model.name, property.name), held);
            }
        }
        for operation in api.operations() {
            for parameter in &operation.parameters {
                let held = ids.of_parameter(parameter);
                self.reference(NameKind::Parameter, &format!("{}.{}", key(operation), parameter.name), held);
            }
        }
    }

    fn reference(&mut self, kind: NameKind, key: &str, held: Option<String>) {
        let is_new = self.names.get(kind, key).is_none() && self.names.get(NameKind::Reference, key).is_none();
        if let Some(id) = held.filter(|_| is_new) {
            let id = self.names.of(NameKind::Id, &id);
            self.names.insert(NameKind::Reference, key, &id);
        }
    }

    fn variants(&mut self, api: &Api) {
        let mut of_enum: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for EnumUse { key, values, .. } in values::uses(api) {
            let known = of_enum.entry(self.names.of(NameKind::Enum, &key)).or_default();
            known.extend(values.iter().filter(|value| !known.contains(value)).cloned().collect::<Vec<_>>());
        }
        for (name, values) in of_enum {
            let prefix = format!("{name}.");
            let item = |value: &String| Item::new(NameKind::Variant, format!("{prefix}{value}"), variant_name(value));
            let items = values.iter().map(item).collect();
            let what = format!("the values of `{name}`");
            self.settle(&what, &[NameKind::Variant], &["Other"], |_, key| key.starts_with(&prefix), items);
        }
    }

    /// A property's name is the same in all models that inherit it, so it must be distinct from theirs too.
    fn fields(&mut self, api: &Api) {
        let mut models: Vec<&Model> = api.models.values().collect();
        models.sort_by_key(|model| api.lineage(model).len());
        for model in models {
            let related = |name: &str| {
                let inherits = |heir: &str, base: &str| {
                    api.models.get(heir).is_some_and(|heir| api.lineage(heir).iter().any(|model| model.name == base))
                };
                inherits(name, &model.name) || inherits(&model.name, name)
            };
            let in_scope = |_, key: &str| key.split_once('.').is_some_and(|(name, _)| related(name));
            let mut items = Vec::new();
            for property in &model.properties {
                let key = format!("{}.{}", model.name, property.name);
                let redeclared = api.lineage(model).into_iter().skip(1).find_map(|base| {
                    self.names.get(NameKind::Field, &format!("{}.{}", base.name, property.name)).map(str::to_owned)
                });
                match redeclared {
                    Some(name) if self.names.get(NameKind::Field, &key).is_none() => {
                        self.names.insert(NameKind::Field, &key, &name);
                    }
                    Some(_) => {}
                    None => items.push(Item::new(NameKind::Field, key, value_name(&property.name))),
                }
            }
            self.settle(&format!("the properties of `{}`", model.name), &[NameKind::Field], &[], in_scope, items);
        }
    }

    fn resources(&mut self, api: &Api) {
        let resources = || api.resources.values().filter(|resource| resource.operations.iter().any(is_request));
        let item = |name: &String| Item::new(NameKind::Module, name, value_name_beside(name, &["r#mod"]));
        let items = resources().map(|resource| item(&resource.name)).collect();
        self.settle("the modules of resources", &[NameKind::Module], &[], |_, _| true, items);
        for resource in resources() {
            // The struct of the resource and its requests are in one module.
            let name = &resource.name;
            let prefix = format!("{name}.");
            let mut items =
                vec![Item::new(NameKind::Resource, name, type_name(&name.to_upper_camel_case(), "Operations"))];
            for operation in resource.operations.iter().filter(|operation| is_request(operation)) {
                let wish = type_name(&operation.nickname.to_upper_camel_case(), "Request");
                let otherwise = format!("{wish}Request");
                items.push(Item::new(NameKind::Request, key(operation), wish).or(otherwise));
            }
            let in_scope = |_, key: &str| key == name || key.starts_with(&prefix);
            let kinds = [NameKind::Resource, NameKind::Request];
            self.settle(&format!("the requests of `{name}`"), &kinds, &[], in_scope, items);
        }
    }

    fn operations(&mut self, api: &Api) {
        for resource in api.resources.values() {
            let prefix = format!("{}.", resource.name);
            let requests = || resource.operations.iter().filter(|operation| is_request(operation));
            let item = |operation: &Operation| {
                Item::new(NameKind::Function, key(operation), value_name(&operation.nickname.to_snake_case()))
            };
            let what = format!("the operations of `{}`", resource.name);
            let items = requests().map(item).collect();
            self.settle(&what, &[NameKind::Function], &[], |_, key| key.starts_with(&prefix), items);
            for operation in requests() {
                let prefix = format!("{}.", key(operation));
                let items = operations::in_order(operation).map(|parameter| {
                    let wish = value_name_beside(&parameter.name, &operations::TAKEN);
                    Item::new(NameKind::Parameter, format!("{prefix}{}", parameter.name), wish)
                });
                let what = format!("the parameters of `{}`", key(operation));
                let items = items.collect();
                self.settle(
                    &what,
                    &[NameKind::Parameter],
                    &operations::TAKEN,
                    |_, key| key.starts_with(&prefix),
                    items,
                );
            }
        }
    }

    fn handles(&mut self, api: &Api) {
        let requests = api.operations().filter(|operation| is_request(operation));
        let found = handles::by_prefix(&self.names, requests.map(|operation| (operation.path.as_str(), operation)));
        let mut accessors: Vec<Item> = Vec::new();
        for resource in api.resources.values().filter(|resource| resource.operations.iter().any(is_request)) {
            accessors.push(Item::new(NameKind::Accessor, &resource.name, operations::accessor(&resource.name)));
        }
        let mut types = Vec::new();
        for prefix in found.keys() {
            let accessor = handles::accessor(prefix);
            let wish = format!("{}Handle", accessor.to_upper_camel_case());
            types.push(Item::new(NameKind::Handle, *prefix, wish));
            let otherwise = format!("{}_handle", accessor.trim_start_matches("r#"));
            accessors.push(Item::new(NameKind::HandleAccessor, *prefix, accessor).or(otherwise));
        }
        let kinds = [NameKind::Accessor, NameKind::HandleAccessor];
        self.settle("the client's methods", &kinds, &operations::CLIENT_METHODS, |_, _| true, accessors);
        self.settle("the handles", &[NameKind::Handle], &[], |_, _| true, types);
        for (prefix, operations) in found {
            self.handle_methods(prefix, &operations);
        }
    }

    fn handle_methods(&mut self, prefix: &str, operations: &[&Operation]) {
        let ids = crate::api::path_parameters(prefix);
        let ids = ids.map(|id| self.names.of(NameKind::Parameter, &format!("{}.{id}", key(operations[0]))));
        let ids: Vec<String> = ids.collect();
        let reserved: Vec<&str> = ids.iter().map(String::as_str).chain(["clone"]).collect();
        let scope = format!("{prefix} ");
        let items = operations.iter().map(|operation| {
            let wish = self.names.of(NameKind::Function, &key(operation));
            let otherwise = format!("{}_{}", operation.resource.to_snake_case(), wish.trim_start_matches("r#"));
            Item::new(NameKind::HandleFunction, format!("{scope}{}", key(operation)), wish).or(otherwise)
        });
        let items = items.collect();
        let what = format!("the methods of `{prefix}`");
        self.settle(&what, &[NameKind::HandleFunction], &reserved, |_, key| key.starts_with(&scope), items);
    }
}

/// Whether an operation becomes a request.
pub(super) fn is_request(operation: &Operation) -> bool {
    operation.response != Response::WebSocket
}

/// The item that an operation's names are recorded for.
pub(super) fn key(operation: &Operation) -> String {
    format!("{}.{}", operation.resource, operation.nickname)
}

/// A name made distinct by a number.
fn distinct(kind: NameKind, wish: &str, number: usize) -> String {
    let is_type = matches!(
        kind,
        NameKind::Id
            | NameKind::Model
            | NameKind::Event
            | NameKind::Enum
            | NameKind::Variant
            | NameKind::Resource
            | NameKind::Request
            | NameKind::Handle
    );
    if is_type {
        format!("{wish}{number}")
    } else {
        format!("{}_{number}", wish.trim_start_matches("r#").trim_end_matches('_'))
    }
}
