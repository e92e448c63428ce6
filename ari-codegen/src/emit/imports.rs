//! Long paths become `use` declarations, as a person would write them.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::Item;

/// Names that mean something without an import.
const PRELUDE: [&str; 12] =
    ["Box", "Default", "Err", "Into", "IntoIterator", "Iterator", "None", "Ok", "Option", "Result", "String", "Vec"];

/// Shortens the paths of a file whose last part is unambiguous in it.
pub(super) fn shorten(file: &mut syn::File) -> syn::Result<()> {
    let mut taken: BTreeSet<String> = PRELUDE.iter().map(|&name| name.to_owned()).collect();
    let mut found = BTreeSet::new();
    for item in &file.items {
        match item {
            Item::Use(item) => names(item.to_token_stream(), &mut taken),
            Item::Struct(item) => {
                taken.insert(item.ident.to_string());
            }
            Item::Enum(item) => {
                taken.insert(item.ident.to_string());
            }
            _ => {}
        }
        if !matches!(item, Item::Use(_)) {
            visit(item.to_token_stream(), &mut |path| {
                found.insert(path.to_vec());
            });
        }
    }
    let mut by_name: BTreeMap<&String, Vec<&Vec<String>>> = BTreeMap::new();
    for path in &found {
        by_name.entry(&path[path.len() - 1]).or_default().push(path);
    }
    let imported: BTreeSet<Vec<String>> = by_name
        .into_iter()
        .filter(|(name, paths)| paths.len() == 1 && !taken.contains(*name))
        .map(|(_, paths)| paths[0].clone())
        .collect();
    let mut items = uses(&imported)?;
    for item in std::mem::take(&mut file.items) {
        let short = match item {
            Item::Use(_) => item,
            other => syn::parse2(rewritten(other.to_token_stream(), &imported))?,
        };
        items.push(short);
    }
    // Declarations of modules and imports come first, as they were.
    items.sort_by_key(|item| !matches!(item, Item::Use(_)));
    file.items = items;
    Ok(())
}

fn uses(imported: &BTreeSet<Vec<String>>) -> syn::Result<Vec<Item>> {
    let mut by_parent: BTreeMap<&[String], Vec<TokenStream>> = BTreeMap::new();
    for path in imported {
        let (name, parent) = path.split_last().unwrap_or((&path[0], &[]));
        by_parent.entry(parent).or_default().push(name.parse()?);
    }
    let uses = by_parent.into_iter().map(|(parent, names)| {
        let parent: TokenStream = parent.join("::").parse()?;
        match names.as_slice() {
            [name] => syn::parse2(quote!(use #parent::#name;)),
            names => syn::parse2(quote!(use #parent::{#(#names),*};)),
        }
    });
    uses.collect()
}

fn names(tokens: TokenStream, into: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => names(group.stream(), into),
            TokenTree::Ident(ident) => {
                into.insert(ident.to_string());
            }
            _ => {}
        }
    }
}

/// The part of a path that an import would name, and how many tokens it has.
fn path_at(tokens: &[TokenTree]) -> Option<(Vec<String>, usize)> {
    let root = tokens.first()?.to_string();
    if !["crate", "serde_json", "std"].contains(&root.as_str()) {
        return None;
    }
    let (mut path, mut at) = (vec![root], 1);
    while let [TokenTree::Punct(one), TokenTree::Punct(two), TokenTree::Ident(ident), ..] = &tokens[at..] {
        if one.as_char() != ':' || two.as_char() != ':' {
            break;
        }
        path.push(ident.to_string());
        at += 3;
        let is_type = ident.to_string().starts_with(|c: char| c.is_ascii_uppercase());
        let is_module_of_requests = path.len() == 3 && path[1] == "operations";
        if is_type || is_module_of_requests {
            return Some((path, at));
        }
    }
    None
}

fn visit(tokens: TokenStream, found: &mut dyn FnMut(&[String])) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if let TokenTree::Group(group) = &tokens[at] {
            visit(group.stream(), found);
        }
        let path = if follows_path(&tokens, at) { None } else { path_at(&tokens[at..]) };
        at += path.map_or(1, |(path, length)| {
            found(&path);
            length
        });
    }
}

/// Whether a token continues a path, so that it is no root.
fn follows_path(tokens: &[TokenTree], at: usize) -> bool {
    at > 0 && tokens[at - 1].to_string() == ":" && at > 1 && tokens[at - 2].to_string() == ":"
}

fn rewritten(tokens: TokenStream, imported: &BTreeSet<Vec<String>>) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        let path = if follows_path(&tokens, at) { None } else { path_at(&tokens[at..]) };
        if let Some((path, length)) = path.filter(|(path, _)| imported.contains(path)) {
            let name = &path[path.len() - 1];
            let ident = match name.strip_prefix("r#") {
                Some(keyword) => proc_macro2::Ident::new_raw(keyword, proc_macro2::Span::call_site()),
                None => format_ident!("{name}"),
            };
            out.push(TokenTree::Ident(ident));
            at += length;
            continue;
        }
        out.push(match &tokens[at] {
            TokenTree::Group(group) => {
                TokenTree::Group(Group::new(group.delimiter(), rewritten(group.stream(), imported)))
            }
            other => other.clone(),
        });
        at += 1;
    }
    out.into_iter().collect()
}
