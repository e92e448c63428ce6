//! The index of the search, as a script: pages opened from a disk may load no other data.

use ari_codegen::api::Operation;
use ari_codegen::record::first_sentence;
use serde_json::{Value, json};

use crate::markdown::plain;
use crate::site::{Site, key, model_page, operation_page};

/// Items as `[kind, name, page, text, runs]`.
pub(crate) fn index(site: &Site<'_>) -> String {
    let mut items: Vec<Value> = Vec::new();
    for operation in site.api.operations() {
        operation_items(site, operation, &mut items);
    }
    for model in site.api.models.values() {
        let (item, page) = (site.item(model), model_page(model, site));
        let kind = if site.is_event(model) { "event" } else { "model" };
        items.push(entry(site, kind, &model.name, &page, &item));
        for property in &model.properties {
            let name = format!("{}.{}", model.name, property.name);
            items.push(entry(
                site,
                "property",
                &name,
                &format!("{page}#{}", property.name),
                &format!("property {name}"),
            ));
        }
    }
    format!("window.ATLAS = {};\n", Value::from(items))
}

fn operation_items(site: &Site<'_>, operation: &Operation, items: &mut Vec<Value>) {
    let (name, page) = (key(operation), operation_page(operation));
    let mut described = entry(site, &operation.method.to_string(), &name, &page, &format!("operation {name}"));
    described[3] = json!(format!("{} — {}", operation.path, described[3].as_str().unwrap_or_default()));
    items.push(described);
    for parameter in &operation.parameters {
        let name = format!("{name}.{}", parameter.name);
        items.push(entry(
            site,
            "parameter",
            &name,
            &format!("{page}#{}", parameter.name),
            &format!("parameter {name}"),
        ));
    }
}

fn entry(site: &Site<'_>, kind: &str, name: &str, page: &str, item: &str) -> Value {
    let text = site.text(item).map(|text| plain(first_sentence(text))).unwrap_or_default();
    json!([kind, name, page, text, site.runs(item).unwrap_or_default()])
}
