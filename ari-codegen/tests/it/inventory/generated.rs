//! The generated code, parsed.

use std::collections::{BTreeMap, BTreeSet};

use ari_codegen::Generated;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, Fields, FnArg, ImplItem, Item, Lit, Pat, Type};

use super::{Inventory, necessity};

/// Texts of an open enum by its name.
type Values = BTreeMap<String, Vec<String>>;

pub(crate) fn generated(generated: &Generated) -> Inventory {
    let file = |path: &str| {
        let file = generated.files.iter().find(|file| file.path == path).unwrap();
        let items = syn::parse_file(&file.text).unwrap().items;
        let mut imports = BTreeMap::new();
        for item in &items {
            if let Item::Use(item) = item {
                imported(&item.tree, &TokenStream::new(), &mut imports);
            }
        }
        let others = items.into_iter().filter(|item| !matches!(item, Item::Use(_)));
        others.map(|item| syn::parse2(expanded(item.to_token_stream(), &imports)).unwrap()).collect::<Vec<Item>>()
    };
    let values = values(&file("values.rs"));
    let mut inventory = Inventory::new();
    structs(&mut inventory, "model", &file("models.rs"), &values);
    let events = file("events.rs");
    structs(&mut inventory, "event", &events, &values);
    check_events(&inventory, &events);
    for path in generated.files.iter().map(|file| &file.path) {
        if path.starts_with("operations/") && path != "operations/mod.rs" {
            operations(&mut inventory, &file(path), &values);
        }
    }
    check_list_of_operations(&inventory, &file("operations/mod.rs"));
    let renamed: Vec<(String, String)> = file("models.rs").iter().chain(&events).filter_map(renamed).collect();
    inventory.into_iter().map(|line| with_wire_names(&line, &renamed)).collect()
}

/// What each imported name stands for.
fn imported(tree: &syn::UseTree, parent: &TokenStream, found: &mut BTreeMap<String, TokenStream>) {
    match tree {
        syn::UseTree::Path(path) => {
            let name = &path.ident;
            imported(&path.tree, &quote::quote!(#parent #name ::), found);
        }
        syn::UseTree::Name(name) => {
            let name = &name.ident;
            let is_long = parent.clone().into_iter().count() > 3;
            if is_long || name == "Date" || (name == "Value" && parent.to_string().starts_with("serde_json")) {
                found.insert(name.to_string(), quote::quote!(#parent #name));
            }
        }
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| imported(tree, parent, found)),
        _ => {}
    }
}

/// Tokens with imported names written in full.
fn expanded(tokens: TokenStream, imports: &BTreeMap<String, TokenStream>) -> TokenStream {
    let (mut out, mut in_path) = (TokenStream::new(), false);
    for token in tokens {
        let follows = in_path;
        in_path = token.to_string() == ":";
        match token {
            TokenTree::Group(group) => {
                let inner = expanded(group.stream(), imports);
                out.extend([TokenTree::Group(proc_macro2::Group::new(group.delimiter(), inner))]);
            }
            TokenTree::Ident(ident) if !follows_double_colon(&out, follows) => match imports.get(&ident.to_string()) {
                Some(path) => out.extend(path.clone()),
                None => out.extend([TokenTree::Ident(ident)]),
            },
            other => out.extend([other]),
        }
    }
    out
}

fn follows_double_colon(before: &TokenStream, follows: bool) -> bool {
    let colons = before.clone().into_iter().collect::<Vec<_>>();
    follows && colons.iter().rev().take(2).filter(|token| token.to_string() == ":").count() == 2
}

/// The name of a struct and the one on the wire, where they differ.
fn renamed(item: &Item) -> Option<(String, String)> {
    let Item::Struct(item) = item else { return None };
    let alias = item.attrs.iter().filter(|attribute| attribute.path().is_ident("doc")).find_map(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return None };
        strings(list.tokens.clone()).pop()
    })?;
    Some((item.ident.to_string(), alias))
}

fn with_wire_names(line: &str, renamed: &[(String, String)]) -> String {
    let words = line.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_').map(|word| {
        let name = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_');
        match renamed.iter().find(|(rust, _)| rust == name) {
            Some((_, wire)) => word.replacen(name, wire, 1),
            None => word.to_owned(),
        }
    });
    words.collect()
}

fn values(items: &[Item]) -> Values {
    let mut values = Values::new();
    for item in items {
        let Item::Impl(block) = item else { continue };
        let name = block.self_ty.to_token_stream().to_string();
        let [ImplItem::Const(list), ImplItem::Fn(as_str), ImplItem::Fn(known)] = block.items.as_slice() else {
            panic!("values.rs: {name} has other items");
        };
        let listed = strings(list.expr.to_token_stream());
        assert_eq!(strings(as_str.block.to_token_stream()), listed, "{name}");
        assert_eq!(strings(known.block.to_token_stream()), listed, "{name}");
        let is_enum = |item: &&Item| matches!(item, Item::Enum(it) if it.ident == name.as_str());
        let Some(Item::Enum(definition)) = items.iter().find(is_enum) else { panic!("no enum {name}") };
        assert_eq!(definition.variants.len(), listed.len() + 1, "{name} has a variant for each value and `Other`");
        values.insert(name, listed);
    }
    values
}

/// String literals in the order of the text, doc comments aside.
fn strings(tokens: TokenStream) -> Vec<String> {
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Group(group) => strings(group.stream()),
            TokenTree::Literal(literal) => string(&literal).into_iter().collect(),
            _ => Vec::new(),
        })
        .collect()
}

fn string(literal: &proc_macro2::Literal) -> Option<String> {
    match Lit::new(literal.clone()) {
        Lit::Str(text) => Some(text.value()),
        _ => None,
    }
}

fn structs(inventory: &mut Inventory, kind: &str, items: &[Item], values: &Values) {
    for item in items {
        let Item::Struct(item) = item else { continue };
        let of_struct = serde(&item.attrs);
        let name = of_struct.get("rename").cloned().unwrap_or_else(|| item.ident.to_string());
        assert_eq!(of_struct.get("tag").map(String::as_str), (kind == "event").then_some("type"), "{name}");
        inventory.insert(format!("{kind} {name}"));
        let Fields::Named(fields) = &item.fields else { continue };
        for field in &fields.named {
            let serde = serde(&field.attrs);
            let rust = field.ident.as_ref().unwrap().to_string();
            let wire = serde.get("rename").map_or(rust.trim_start_matches("r#"), String::as_str);
            let optional = last_segment(&field.ty).0 == "Option";
            let ty = ty(&field.ty);
            let with = match (optional, ty.as_str()) {
                (false, "crate::Date") => Some("crate::date"),
                (true, "crate::Date") => Some("crate::date::option"),
                _ => None,
            };
            assert_eq!(serde.get("with").map(String::as_str), with, "{name}.{wire}");
            assert_eq!(serde.contains_key("skip_serializing_if"), optional, "{name}.{wire}");
            let required = !optional && !serde.contains_key("default");
            inventory.insert(format!("property {name}.{wire} {ty}, {}", necessity(required)));
            let place = format!("{name}.{wire}");
            insert_values(inventory, &place, field.ty.to_token_stream(), values);
        }
    }
}

/// The arguments of serde attributes: `rename = "x", default` gives `x` for `rename`, and nothing for `default`.
fn serde(attributes: &[syn::Attribute]) -> BTreeMap<String, String> {
    let mut arguments = BTreeMap::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        attribute
            .parse_nested_meta(|meta| {
                let value = match meta.value() {
                    Ok(value) => value.parse::<syn::LitStr>()?.value(),
                    Err(_) => String::new(),
                };
                arguments.insert(meta.path.to_token_stream().to_string(), value);
                Ok(())
            })
            .unwrap();
    }
    arguments
}

fn last_segment(ty: &Type) -> (String, Option<&Type>) {
    let Type::Path(path) = ty else { panic!("{}", ty.to_token_stream()) };
    let last = path.path.segments.last().unwrap();
    let inner = match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
            Some(syn::GenericArgument::Type(inner)) => Some(inner),
            _ => None,
        },
        _ => None,
    };
    (last.ident.to_string(), inner)
}

fn spelled(ty: &Type) -> String {
    ty.to_token_stream().into_iter().map(|token| token.to_string()).collect()
}

/// A type without `Option` and `Box`; text, ids and values are all text.
fn ty(ty: &Type) -> String {
    match last_segment(ty) {
        (name, Some(inner)) if name == "Option" || name == "Box" => self::ty(inner),
        (name, Some(_)) if name == "BTreeMap" => spelled(ty),
        (name, Some(inner)) => format!("{name}<{}>", self::ty(inner)),
        (name, None) if name == "String" => "text".to_owned(),
        (_, None) => {
            let path = spelled(ty);
            if path.starts_with("crate::ids::") || path.starts_with("crate::values::") {
                "text".to_owned()
            } else {
                path
            }
        }
    }
}

/// The values of the open enum that a type or an expression names.
fn insert_values(inventory: &mut Inventory, place: &str, tokens: TokenStream, values: &Values) {
    let tokens = flat(tokens);
    let Some(at) = tokens.iter().position(|token| token.to_string() == "values") else { return };
    // `values :: Name`
    let name = tokens[at + 3].to_string();
    let values = values.get(&name).unwrap_or_else(|| panic!("{place}: no enum {name}"));
    inventory.extend(values.iter().map(|value| format!("value {place} `{value}`")));
}

fn flat(tokens: TokenStream) -> Vec<TokenTree> {
    let flatten = |token: TokenTree| match token {
        TokenTree::Group(group) => flat(group.stream()),
        other => vec![other],
    };
    tokens.into_iter().flat_map(flatten).collect()
}

/// The enum, the list of types and the dispatch have the events that there are structs for.
fn check_events(inventory: &Inventory, items: &[Item]) {
    let events: Vec<String> =
        inventory.iter().filter_map(|line| line.strip_prefix("event ")).map(str::to_owned).collect();
    for item in items {
        match item {
            Item::Enum(item) => {
                let names: Vec<String> = item.variants.iter().map(|variant| variant.ident.to_string()).collect();
                let (of_events, others) = names.split_at(events.len());
                assert_eq!(of_events.len(), events.len());
                // What no event is, but comes in the stream.
                assert_eq!(others, ["Unknown", "Undecodable", "Disconnected", "Reconnected", "Resynced", "Dropped"]);
            }
            Item::Fn(decode) => assert_eq!(strings(decode.block.to_token_stream()), events),
            Item::Impl(block) if block.trait_.is_none() => {
                let Some(ImplItem::Const(kinds)) = block.items.first() else { panic!("no KINDS") };
                assert_eq!(strings(kinds.expr.to_token_stream()), events);
            }
            _ => {}
        }
    }
}

/// The list that needs no client has the same operations.
fn check_list_of_operations(inventory: &Inventory, items: &[Item]) {
    let lists = items.iter().filter_map(|item| match item {
        Item::Const(list) => match &*list.expr {
            Expr::Reference(list) => Some(&*list.expr),
            _ => None,
        },
        _ => None,
    });
    let elements = lists.flat_map(|list| match list {
        Expr::Array(list) => list.elems.iter().collect(),
        _ => Vec::new(),
    });
    let listed: BTreeSet<String> = elements
        .map(|element| {
            let (place, line) = constant(element);
            format!("operation {place} {line}")
        })
        .collect();
    let operations = inventory.iter().filter(|line| line.starts_with("operation "));
    let operations: BTreeSet<String> =
        operations.filter_map(|line| line.split_once(" -> ")).map(|(operation, _)| operation.to_owned()).collect();
    assert_eq!(listed, operations);
}

fn operations(inventory: &mut Inventory, items: &[Item], values: &Values) {
    let replies: BTreeMap<String, String> = items.iter().filter_map(reply).collect();
    for item in items {
        let Item::Impl(block) = item else { continue };
        let Some(ImplItem::Const(operation)) = block.items.first() else { continue };
        let name = block.self_ty.to_token_stream().to_string();
        let (place, line) = constant(&operation.expr);
        inventory.insert(format!("operation {place} {line} -> {}", replies[&name]));
        for item in &block.items {
            let ImplItem::Fn(function) = item else { continue };
            let arguments: BTreeMap<String, &Type> = function.sig.inputs.iter().filter_map(argument).collect();
            for step in steps(function.block.to_token_stream(), &arguments) {
                let place = format!("{place}.{}", step.wire);
                let necessity = necessity(function.sig.ident == "new");
                inventory.insert(format!("parameter {place} {}, {necessity}", step.form));
                insert_values(inventory, &place, step.arguments, values);
            }
        }
    }
}

/// `Play` and `json crate::models::Playback` of `call!(Play -> json crate::models::Playback);`
fn reply(item: &Item) -> Option<(String, String)> {
    let Item::Macro(call) = item else { return None };
    let tokens: Vec<TokenTree> = call.mac.tokens.clone().into_iter().collect();
    let form = tokens[3].to_string();
    let rest: TokenStream = tokens[4..].iter().cloned().collect();
    let reply = if rest.is_empty() { form } else { format!("{form} {}", ty(&syn::parse2(rest).unwrap())) };
    Some((tokens[0].to_string(), reply))
}

/// `channels.play` and `POST /channels/{channelId}/play`.
fn constant(value: &Expr) -> (String, String) {
    let Expr::Call(value) = value else { panic!("OPERATION is no call") };
    let [resource, name, method, path] = [0, 1, 2, 3].map(|at| value.args[at].to_token_stream());
    let text = |tokens| strings(tokens).pop().unwrap();
    let method = flat(method).pop().unwrap().to_string().to_uppercase();
    (format!("{}.{}", text(resource), text(name)), format!("{method} {}", text(path)))
}

fn argument(argument: &FnArg) -> Option<(String, &Type)> {
    match argument {
        FnArg::Typed(argument) => match &*argument.pat {
            Pat::Ident(ident) => Some((ident.ident.to_string(), &*argument.ty)),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    }
}

struct Step {
    form: &'static str,
    wire: String,
    /// What the call takes, and the types of the function's arguments in it.
    arguments: TokenStream,
}

/// The calls that lay a parameter into a request.
fn steps(tokens: TokenStream, arguments: &BTreeMap<String, &Type>) -> Vec<Step> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        let called = index.checked_sub(1).map(|before| tokens[before].to_string()).unwrap_or_default();
        let is_method =
            index > 1 && tokens[index - 2].to_string() == "." && group.delimiter() == Delimiter::Parenthesis;
        let form = match called.as_str() {
            "path" => "path",
            "text" => "query text",
            "int" => "query int",
            "long" => "query long",
            "double" => "query double",
            "bool" => "query bool",
            "list" => "query list",
            "member" | "whole" => "body",
            _ => "",
        };
        if !is_method || form.is_empty() {
            found.extend(steps(group.stream(), arguments));
            continue;
        }
        let idents = flat(group.stream()).into_iter().map(|token| token.to_string());
        let taken: Vec<_> = idents.filter_map(|ident| arguments.get_key_value(&ident)).collect();
        let wire = strings(group.stream()).into_iter().next();
        let wire = wire.or_else(|| taken.first().map(|(name, _)| (*name).clone())).unwrap();
        let types = taken.iter().flat_map(|(_, ty)| ty.to_token_stream());
        found.push(Step { form, wire, arguments: group.stream().into_iter().chain(types).collect() });
    }
    found
}
