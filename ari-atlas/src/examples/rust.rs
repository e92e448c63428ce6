//! Rust with the bindings.

use ari_codegen::api::{self, Response};
use ari_codegen::rust::{Argument, Form, Handle, Module, Operation, Reply, RustType};
use heck::ToSnakeCase as _;
use serde_json::Value;

use crate::samples::{Given, plain};
use crate::site::{Site, key};

pub(super) const NOTE: &str = "ari-bindings; `ari` is a `Client`.";

/// The example of the documentation, which its tests compile; else one that is made of the samples.
pub(super) fn example(site: &Site<'_>, operation: &api::Operation, given: &[Given<'_>]) -> Option<String> {
    if let Some(code) = site.text(&format!("example {}", key(operation))) {
        return Some(code.trim().to_owned());
    }
    if operation.response == Response::WebSocket {
        let applications = given.first().map(|given| literal(&given.value)).unwrap_or_default();
        return Some(format!(
            "let mut events = ari.events({applications}).await?;\nwhile let Some(event) = events.next().await {{\n    println!(\"{{event:?}}\");\n}}"
        ));
    }
    let is_same = |candidate: &Operation| candidate.nickname == operation.nickname && candidate.path == operation.path;
    let of_handle = site.rust.handles.iter().find_map(|handle| {
        let (_, held) = handle.operations.iter().find(|(_, held)| held.method == operation.method && is_same(held))?;
        Some(call(held, &on_handle(handle, given), handle.ids.len(), given))
    });
    of_handle.or_else(|| {
        let module = site.rust.modules.iter().find(|module| module.resource == operation.resource)?;
        let found = module.operations.iter().find(|found| is_same(found))?;
        Some(call(found, &on_module(module), 0, given))
    })
}

/// Whether the example is made of the samples, and not compiled as part of the documentation.
pub(super) fn is_generated(site: &Site<'_>, operation: &api::Operation) -> bool {
    site.text(&format!("example {}", key(operation))).is_none() && operation.response != Response::WebSocket
}

fn on_handle(handle: &Handle, given: &[Given<'_>]) -> String {
    let ids: Vec<String> = handle.ids.iter().filter_map(|id| argument(id, given)).collect();
    format!("ari.{}({})", handle.accessor, ids.join(", "))
}

fn on_module(module: &Module) -> String {
    format!("ari.{}()", module.accessor)
}

/// A call of a method, whose first arguments its object may hold already.
fn call(operation: &Operation, object: &str, held: usize, given: &[Given<'_>]) -> String {
    let arguments: Vec<String> = operation.arguments.iter().skip(held).filter_map(|it| argument(it, given)).collect();
    let setters = operation.setters.iter().filter_map(|it| Some(format!(".{}({})", it.name, argument(it, given)?)));
    let steps: String = setters.collect();
    let result = match &operation.reply {
        Reply::Void => String::new(),
        Reply::Download => "let file = ".to_owned(),
        Reply::Json(ty) => format!("let {} = ", variable(ty)),
    };
    let call = format!("{result}{object}.{}({}){steps}.await?;", operation.function, arguments.join(", "));
    match models(operation).as_slice() {
        [] => call,
        models => format!("use ari_bindings::models::{};\n\n{call}", models.join(", ")),
    }
}

/// What a result is called.
fn variable(ty: &RustType) -> String {
    match ty {
        RustType::Model(name) | RustType::Event(name) => name.to_snake_case(),
        RustType::List(inner) => format!("{}s", variable(inner)),
        _ => "value".to_owned(),
    }
}

/// The models that arguments are made of.
fn models(operation: &Operation) -> Vec<String> {
    let of = |argument: &Argument| match &argument.form {
        Form::Tuples(RustType::Model(name)) => Some(name.clone()),
        _ => None,
    };
    operation.arguments.iter().chain(&operation.setters).filter_map(of).collect()
}

fn argument(argument: &Argument, given: &[Given<'_>]) -> Option<String> {
    let given = given.iter().find(|given| given.parameter.name == argument.wire)?;
    Some(match (&argument.form, &given.value) {
        (Form::Variables | Form::BareVariables | Form::Members, Value::Object(members)) => {
            let pairs: Vec<String> =
                members.iter().map(|(key, value)| format!("({}, {})", text(key), literal(value))).collect();
            format!("[{}]", pairs.join(", "))
        }
        (Form::Tuples(RustType::Model(model)), Value::Array(elements)) => {
            let tuples: Vec<String> = elements.iter().map(|element| constructed(model, element)).collect();
            format!("[{}]", tuples.join(", "))
        }
        (Form::Path(_), value) => text(&plain(value)),
        (Form::BareFilter | Form::Json, value) => format!("serde_json::json!({value})"),
        // One value needs no list around it.
        (Form::QueryList(_), Value::Array(elements)) if elements.len() == 1 => literal(&elements[0]),
        (_, value) => literal(value),
    })
}

fn constructed(model: &str, members: &Value) -> String {
    let values: Vec<String> = members.as_object().into_iter().flatten().map(|(_, value)| literal(value)).collect();
    format!("{model}::new({})", values.join(", "))
}

fn literal(value: &Value) -> String {
    match value {
        Value::Array(elements) => format!("[{}]", elements.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::String(value) => text(value),
        other => other.to_string(),
    }
}

fn text(text: &str) -> String {
    format!("{text:?}")
}
