//! The declarations, walked as plain JSON.

use std::collections::{BTreeMap, BTreeSet};

use ari_codegen::fixups::{Fix, Fixup, Primitive};
use ari_codegen::{Release, ReleaseSource};
use serde_json::{Value, json};

use super::{Inventory, necessity};

/// Declarations of one thing by release, newest last.
type History<'a> = BTreeMap<Release, &'a Value>;

/// What releases declare together, mended by a table.
pub(crate) fn declared(sources: &[ReleaseSource], table: &[Fixup]) -> Inventory {
    let files: Vec<(Release, String, Value)> = sources
        .iter()
        .flat_map(|source| mended(source, table).into_iter().map(|(name, file)| (source.release, name, file)))
        .collect();
    let models = Models::of(&files);
    let mut inventory = models.inventory();
    for (resource, operations) in operations(&files) {
        for history in operations.values() {
            operation(&mut inventory, &models, &resource, history);
        }
    }
    inventory
}

/// One release's files with the table's changes written into them.
fn mended(source: &ReleaseSource, table: &[Fixup]) -> Vec<(String, Value)> {
    let read = |text: &str| serde_json::from_str(text).unwrap();
    let mut files: Vec<(String, Value)> =
        source.resources.iter().map(|(name, file)| (name.clone(), read(&file.text))).collect();
    let of_release = table.iter().filter(|fixup| fixup.releases.contains(source.release)).flat_map(|fixup| fixup.fixes);
    for fix in of_release {
        match fix {
            Fix::AddValues(place, values) => {
                let values = values.iter().map(|value| json!(value));
                item(&mut files, place)["allowableValues"]["values"].as_array_mut().unwrap().extend(values);
            }
            Fix::AddProperty(place, ty) => {
                let (model, name) = place.split_once('.').unwrap();
                self::model(&mut files, model)["properties"][name] = json!({ "type": spelling(*ty) });
            }
            Fix::SetType(place, ty) => item(&mut files, place)["type"] = json!(spelling(*ty)),
            Fix::SetRequired(place) => item(&mut files, place)["required"] = json!(true),
            Fix::SetOptional(place) => item(&mut files, place)["required"] = json!(false),
            Fix::SetBody(..) | Fix::SetTuples(..) | Fix::SetStatus(..) | Fix::SetReference(..) => {}
        }
    }
    files
}

fn spelling(ty: Primitive) -> &'static str {
    match ty {
        Primitive::Integer => "int",
        Primitive::Double => "double",
        Primitive::Date => "Date",
        Primitive::StringMap => "object of strings",
    }
}

fn model<'a>(files: &'a mut [(String, Value)], name: &str) -> &'a mut Value {
    files.iter_mut().find_map(|(_, file)| file["models"].get_mut(name)).unwrap()
}

fn item<'a>(files: &'a mut [(String, Value)], place: &str) -> &'a mut Value {
    match place.split('.').collect::<Vec<_>>().as_slice() {
        [model, property] => &mut self::model(files, model)["properties"][*property],
        [resource, nickname, name] => {
            let file = &mut files.iter_mut().find(|(found, _)| found == resource).unwrap().1;
            let apis = file["apis"].as_array_mut().unwrap().iter_mut();
            let mut operations = apis.flat_map(|api| api["operations"].as_array_mut().unwrap());
            let operation = operations.find(|operation| operation["nickname"] == *nickname).unwrap();
            let mut parameters = operation["parameters"].as_array_mut().unwrap().iter_mut();
            parameters.find(|parameter| parameter["name"] == *name).unwrap()
        }
        _ => panic!("{place}"),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn newest<'a>(history: &History<'a>) -> &'a Value {
    history.values().next_back().unwrap()
}

struct Models<'a> {
    models: BTreeMap<&'a str, History<'a>>,
    bases: BTreeMap<&'a str, &'a str>,
}

impl<'a> Models<'a> {
    fn of(files: &'a [(Release, String, Value)]) -> Self {
        let mut models: BTreeMap<&str, History<'_>> = BTreeMap::new();
        for (release, _, file) in files {
            for (name, model) in file["models"].as_object().into_iter().flatten() {
                models.entry(name).or_default().insert(*release, model);
            }
        }
        let declarations = models.iter().flat_map(|(name, history)| history.values().map(move |model| (*name, *model)));
        let bases = declarations
            .flat_map(|(base, model)| list(model, "subTypes").map(move |child| (child.as_str().unwrap(), base)));
        Self { bases: bases.collect(), models }
    }

    fn lineage(&self, name: &'a str) -> Vec<&'a str> {
        std::iter::successors(Some(name), |name| self.bases.get(name).copied()).collect()
    }

    fn discriminator(&self, name: &'a str) -> Option<&'a str> {
        let root = self.lineage(name).pop().unwrap();
        self.models[root].values().find_map(|model| model["discriminator"].as_str())
    }

    fn has_sub_types(&self, name: &str) -> bool {
        self.bases.values().any(|base| *base == name)
    }

    fn inventory(&self) -> Inventory {
        let mut inventory = Inventory::new();
        for &name in self.models.keys() {
            let discriminator = self.discriminator(name);
            if discriminator.is_some() && self.has_sub_types(name) {
                continue;
            }
            let kind = if discriminator.is_some() { "event" } else { "model" };
            inventory.insert(format!("{kind} {name}"));
            for base in self.lineage(name) {
                self.properties(&mut inventory, name, &self.models[base], discriminator);
            }
        }
        inventory
    }

    fn properties(&self, inventory: &mut Inventory, model: &str, history: &History<'a>, except: Option<&str>) {
        let mut properties: BTreeMap<&str, History<'_>> = BTreeMap::new();
        for (release, model) in history {
            for (name, property) in model["properties"].as_object().unwrap() {
                properties.entry(name).or_default().insert(*release, property);
            }
        }
        for (name, property) in properties.into_iter().filter(|(name, _)| Some(*name) != except) {
            let required = property.len() == history.len() && property.values().all(|it| it["required"] == true);
            let types: BTreeSet<String> = property.values().map(|it| self.ty(text(it, "type"))).collect();
            let ty = match types.iter().next() {
                Some(ty) if types.len() == 1 => ty,
                _ => "serde_json::Value",
            };
            inventory.insert(format!("property {model}.{name} {ty}, {}", necessity(required)));
            if ty == "text" {
                values(inventory, &format!("{model}.{name}"), &property);
            }
        }
    }

    /// How generated code spells a type; text, ids and values are all text.
    fn ty(&self, declared: &str) -> String {
        if let Some(inner) = declared.strip_prefix("List[").and_then(|rest| rest.strip_suffix(']')) {
            return format!("Vec<{}>", if inner == "Date" { "text".to_owned() } else { self.ty(inner) });
        }
        match declared {
            "string" => "text".to_owned(),
            "int" | "long" => "i64".to_owned(),
            "double" | "float" | "number" => "f64".to_owned(),
            "boolean" => "bool".to_owned(),
            "Date" => "crate::Date".to_owned(),
            "object" | "containers" => "serde_json::Value".to_owned(),
            "object of strings" => "std::collections::BTreeMap<String,String>".to_owned(),
            model => match self.models.get_key_value(model) {
                Some((name, _)) if self.discriminator(name).is_none() => format!("crate::models::{model}"),
                Some((name, _)) if !self.has_sub_types(name) => format!("crate::events::{model}"),
                _ => "serde_json::Value".to_owned(),
            },
        }
    }
}

/// The listed values of all releases, unless one of them lists none.
fn values(inventory: &mut Inventory, place: &str, history: &History<'_>) {
    let lists = history.values().map(|item| list(&item["allowableValues"], "values").collect::<Vec<_>>());
    let lists: Vec<Vec<&Value>> = lists.collect();
    if lists.iter().all(|list| !list.is_empty()) {
        inventory.extend(lists.concat().iter().map(|value| format!("value {place} `{}`", value.as_str().unwrap())));
    }
}

type Operations<'a> = BTreeMap<(String, String), BTreeMap<Release, (&'a str, &'a Value)>>;

/// Operations by resource, then by method and path without the names in it.
fn operations(files: &[(Release, String, Value)]) -> BTreeMap<String, Operations<'_>> {
    let mut operations: BTreeMap<String, Operations<'_>> = BTreeMap::new();
    for (release, resource, file) in files {
        for api in list(file, "apis") {
            let path = text(api, "path");
            let segments = path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment });
            let shape = segments.collect::<Vec<_>>().join("/");
            for operation in list(api, "operations") {
                let key = (text(operation, "httpMethod").to_owned(), shape.clone());
                let of_resource = operations.entry(resource.clone()).or_default();
                of_resource.entry(key).or_default().insert(*release, (path, operation));
            }
        }
    }
    operations
}

fn operation(
    inventory: &mut Inventory,
    models: &Models<'_>,
    resource: &str,
    history: &BTreeMap<Release, (&str, &Value)>,
) {
    let (path, newest) = *history.values().next_back().unwrap();
    if newest.get("upgrade").is_some() {
        return;
    }
    let replies: BTreeSet<String> = history.values().map(|(_, it)| reply(models, text(it, "responseClass"))).collect();
    let reply = match replies.iter().next() {
        Some(reply) if replies.len() == 1 => reply,
        _ => "json serde_json::Value",
    };
    let place = format!("{resource}.{}", text(newest, "nickname"));
    inventory.insert(format!("operation {place} {} {path} -> {reply}", text(newest, "httpMethod")));
    let mut parameters: BTreeMap<&str, History<'_>> = BTreeMap::new();
    for (release, (_, operation)) in history {
        for parameter in list(operation, "parameters") {
            parameters.entry(text(parameter, "name")).or_default().insert(*release, parameter);
        }
    }
    for (name, parameter) in parameters {
        self::parameter(inventory, &format!("{place}.{name}"), &parameter, history.len(), path);
    }
}

fn reply(models: &Models<'_>, declared: &str) -> String {
    match declared {
        "void" => "void".to_owned(),
        "binary" => "download".to_owned(),
        json => format!("json {}", models.ty(json)),
    }
}

fn parameter(inventory: &mut Inventory, place: &str, history: &History<'_>, releases: usize, path: &str) {
    let newest = newest(history);
    let (location, ty) = (text(newest, "paramType"), text(newest, "dataType"));
    let name = text(newest, "name");
    if location == "path" && !path.contains(&format!("{{{name}}}")) {
        return;
    }
    let multiple = history.values().any(|it| it["allowMultiple"] == true);
    let form = match (location, ty) {
        ("path", _) => "path",
        ("body", _) => "body",
        (_, _) if multiple => "query list",
        (_, "int") => "query int",
        (_, "long") => "query long",
        (_, "boolean") => "query bool",
        (_, "double" | "float" | "number") => "query double",
        _ => "query text",
    };
    let required = history.len() == releases && history.values().all(|it| it["required"] == true);
    inventory.insert(format!("parameter {place} {form}, {}", necessity(required || location == "path")));
    if ty == "string" && location != "body" {
        values(inventory, place, history);
    }
}
