//! Undoes the `use` declarations of a generated file: each name becomes the path that it stands for.

use std::collections::BTreeMap;

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Item, UseTree, Visibility};

/// The imported names of a file, with their paths.
type Imports = BTreeMap<String, TokenStream>;

/// Reads a file, with whole paths in the place of imported names.
pub(super) fn parse_file(text: &str) -> syn::Result<syn::File> {
    let mut file = syn::parse_file(text)?;
    let mut imports = Imports::new();
    file.items.retain(|item| match item {
        Item::Use(item) if matches!(item.vis, Visibility::Inherited) => {
            collect(&item.tree, &TokenStream::new(), &mut imports);
            false
        }
        _ => true,
    });
    syn::parse2(expanded(file.to_token_stream(), &imports))
}

fn collect(tree: &UseTree, prefix: &TokenStream, imports: &mut Imports) {
    match tree {
        UseTree::Path(path) => {
            let ident = &path.ident;
            collect(&path.tree, &quote!(#prefix #ident ::), imports);
        }
        // What the root of the crate exports keeps its one name, and names of functions are those of methods, too.
        UseTree::Name(name) if prefix.to_string() != "crate ::" => {
            let ident = &name.ident;
            if ident.to_string().starts_with(char::is_uppercase) {
                imports.insert(ident.to_string(), quote!(#prefix #ident));
            }
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| collect(tree, prefix, imports)),
        _ => {}
    }
}

fn expanded(tokens: TokenStream, imports: &Imports) -> TokenStream {
    let mut out = TokenStream::new();
    let (mut colons, mut is_in_path) = (0, false);
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        // `Item = …` names an associated type.
        let is_bound = matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '=');
        let is_colon = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ':');
        colons = if is_colon { colons + 1 } else { 0 };
        match token {
            TokenTree::Ident(ident) if !is_in_path && !is_bound => match imports.get(&ident.to_string()) {
                Some(path) => out.extend(path.clone()),
                None => out.extend([TokenTree::Ident(ident)]),
            },
            TokenTree::Group(group) => {
                let inner = expanded(group.stream(), imports);
                out.extend([TokenTree::Group(Group::new(group.delimiter(), inner))]);
            }
            token => out.extend([token]),
        }
        is_in_path = colons == 2;
    }
    out
}
