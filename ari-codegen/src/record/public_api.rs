//! The public API of generated code as text, one item per line, so that a diff shows what changes for users.
//!
//! It is read from the emitted code and not from its source model, so it does not share mistakes of the emitters. The text
//! includes the names of arguments: swapping two arguments of the same type changes nothing else.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use rayon::prelude::*;
use syn::{Attribute, Fields, ImplItem, Item, ReturnType, Visibility};

use crate::diagnostic::Diagnostics;
use crate::emit::File;

const HEADER: &str = "\
# The public API of the generated code, written by `cargo xtask regen`: what changes here changes for users.
";

/// The public items of generated files, sorted.
///
/// # Errors
/// Code of a kind that the walk does not know.
pub fn public_api(files: &[File]) -> Result<String, Diagnostics> {
    let walks: Vec<Walk> = files.par_iter().map(Walk::through).collect();
    let (mut lines, mut diagnostics) = (BTreeSet::new(), Diagnostics::default());
    for walk in walks {
        lines.extend(walk.lines);
        diagnostics.extend(walk.diagnostics);
    }
    let lines: Vec<String> = lines.into_iter().collect();
    diagnostics.or(format!("{HEADER}{}\n", lines.join("\n")))
}

/// `operations::channels` of `operations/channels.rs`; empty for the root.
fn module(path: &str) -> String {
    let path = path.trim_end_matches(".rs").trim_end_matches("mod").trim_end_matches('/');
    path.replace('/', "::")
}

#[derive(Default)]
struct Walk {
    lines: BTreeSet<String>,
    diagnostics: Diagnostics,
}

impl Walk {
    fn through(file: &File) -> Self {
        let mut walk = Self::default();
        match super::imported::parse_file(&file.text) {
            Ok(parsed) => walk.file(&module(&file.path), &file.path, &parsed.items),
            Err(error) => walk.diagnostics.general(format!("{}: {error}", file.path)),
        }
        walk
    }

    fn line(&mut self, path: &str, name: &dyn ToTokens, what: &str) {
        let name = tight(name);
        let path = if path.is_empty() { name } else { format!("{path}::{name}") };
        self.lines.insert(format!("{path}: {what}"));
    }

    fn file(&mut self, module: &str, file: &str, items: &[Item]) {
        for item in items {
            match item {
                Item::Struct(item) if public(&item.vis) => {
                    self.line(module, &item.ident, &format!("struct{}", traits(&item.attrs)));
                    self.fields(&below(module, &item.ident), &item.fields);
                }
                Item::Enum(item) if public(&item.vis) => {
                    self.line(module, &item.ident, &format!("enum{}", traits(&item.attrs)));
                    for variant in &item.variants {
                        self.line(&below(module, &item.ident), variant, "variant");
                    }
                }
                Item::Impl(item) => self.block(module, item),
                Item::Const(item) if public(&item.vis) => {
                    self.line(module, &item.ident, &format!("const {}", tight(&item.ty)));
                }
                Item::Fn(item) if public(&item.vis) => self.line(module, &item.sig.ident, &signature(&item.sig)),
                Item::Mod(item) if public(&item.vis) => self.line(module, &item.ident, "mod"),
                Item::Macro(item) => self.invocation(module, file, &item.mac),
                Item::Use(item) if !public(&item.vis) => {}
                Item::Struct(_) | Item::Enum(_) | Item::Const(_) | Item::Fn(_) | Item::Mod(_) => {}
                other => {
                    let item = tight(other);
                    self.diagnostics
                        .general(format!("{file}: teach `ari-codegen/src/record/public_api.rs` this item: {item}"));
                }
            }
        }
    }

    fn fields(&mut self, path: &str, fields: &Fields) {
        for (index, field) in fields.iter().enumerate().filter(|(_, field)| public(&field.vis)) {
            let name = field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
            self.lines.insert(format!("{path}.{name}: {}", tight(&field.ty)));
        }
    }

    fn block(&mut self, module: &str, block: &syn::ItemImpl) {
        let of = tight(&block.self_ty);
        if let Some((of_trait, _)) = &block.trait_ {
            self.lines.insert(format!("{}: impl {}", within(module, &of), tight(of_trait)));
            return;
        }
        let path = within(module, &of);
        for item in &block.items {
            match item {
                ImplItem::Fn(item) if public(&item.vis) => self.line(&path, &item.sig.ident, &signature(&item.sig)),
                ImplItem::Const(item) if public(&item.vis) => {
                    self.line(&path, &item.ident, &format!("const {}", tight(&item.ty)));
                }
                _ => {}
            }
        }
    }

    /// Macros of the runtime, which expand to items.
    fn invocation(&mut self, module: &str, file: &str, invocation: &syn::Macro) {
        let tokens: Vec<TokenTree> = invocation.tokens.clone().into_iter().collect();
        let name = invocation.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        match (name.as_str(), tokens.as_slice()) {
            ("id", [id, ..]) => self.line(module, id, "id"),
            ("value", [value, ..]) => self.line(module, value, "open enum"),
            ("call", [request, _, _, reply @ ..]) => {
                let reply: TokenStream = reply.iter().cloned().collect();
                self.line(module, request, &format!("request -> {}", tight(&reply)));
            }
            _ => self
                .diagnostics
                .general(format!("{file}: teach `ari-codegen/src/record/public_api.rs` the macro `{name}!`")),
        }
    }
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn below(module: &str, name: &syn::Ident) -> String {
    within(module, &name.to_string())
}

/// A type's path: one of the crate's own is named from its root, another is one of this module.
fn within(module: &str, name: &str) -> String {
    let is_elsewhere = name == "Client" || name.contains("::");
    if module.is_empty() || is_elsewhere { name.to_owned() } else { format!("{module}::{name}") }
}

/// What is derived, and whether users may take the item apart exhaustively.
fn traits(attributes: &[Attribute]) -> String {
    let mut out = String::new();
    for attribute in attributes {
        if attribute.path().is_ident("non_exhaustive") {
            out.push_str(", non_exhaustive");
        } else if let (true, syn::Meta::List(list)) = (attribute.path().is_ident("derive"), &attribute.meta) {
            out.push_str(", ");
            out.push_str(&tight(&list.tokens).replace(", ", " "));
        }
    }
    out
}

fn signature(signature: &syn::Signature) -> String {
    let inputs: Vec<String> = signature.inputs.iter().map(tight).collect();
    let output = match &signature.output {
        ReturnType::Default => String::new(),
        ReturnType::Type(_, ty) => format!(" -> {}", tight(ty)),
    };
    format!("fn{}({}){output}", tight(&signature.generics), inputs.join(", "))
}

/// Tokens without attributes, as a human would write them, named from the crate's root.
fn tight(tokens: &(impl ToTokens + ?Sized)) -> String {
    let mut out = String::new();
    write(&mut out, tokens.to_token_stream());
    out.replace("crate::", "")
}

fn write(out: &mut String, tokens: TokenStream) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            // An attribute: documentation, serde.
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                tokens.next();
            }
            TokenTree::Punct(punct) => {
                if matches!(punct.as_char(), '=' | '+') {
                    out.push(' ');
                }
                out.push(punct.as_char());
                let in_path = punct.as_char() == ':' && (punct.spacing() == Spacing::Joint || out.ends_with("::"));
                if matches!(punct.as_char(), ',' | '=' | '+' | ':') && !in_path && tokens.peek().is_some() {
                    out.push(' ');
                }
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                if open == "[" && out.ends_with(char::is_alphanumeric) {
                    out.push(' ');
                }
                out.push_str(open);
                write(out, group.stream());
                out.push_str(close);
            }
            word => {
                if out.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                    out.push(' ');
                }
                out.push_str(&word.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<String, Diagnostics> {
        public_api(&[File { path: "things/mod.rs".to_owned(), text: text.to_owned() }])
    }

    #[test]
    fn public_items_are_lines() {
        let api = of("
            use crate::Client;
            /// A thing.
            #[derive(Debug, Clone)]
            #[non_exhaustive]
            pub struct Thing { pub id: crate::ids::ThingId, hidden: String }
            pub struct Get(Call);
            pub enum State { Up, Other(String) }
            impl Client { pub fn things(&self) -> Things { todo!() } }
            impl Get {
                pub const OPERATION: &'static [&'static str] = &[];
                pub(crate) fn new() -> Self { todo!() }
                pub fn set<T: Into<String>>(mut self, to: impl IntoIterator<Item = (T, i64)>) -> Self { todo!() }
            }
            impl From<&Thing> for crate::ids::ThingId { fn from(_: &Thing) -> Self { todo!() } }
            call!(Get -> json Vec<crate::things::Thing>);
            value!(State);
        ")
        .unwrap();
        let expected = "\
Client::things: fn(&self) -> Things
ids::ThingId: impl From<&Thing>
things::Get: request -> json Vec<things::Thing>
things::Get: struct
things::Get::OPERATION: const &'static [&'static str]
things::Get::set: fn<T: Into<String>>(mut self, to: impl IntoIterator<Item = (T, i64)>) -> Self
things::State: enum
things::State: open enum
things::State::Other(String): variant
things::State::Up: variant
things::Thing.id: ids::ThingId
things::Thing: struct, Debug Clone, non_exhaustive
";
        assert_eq!(api, format!("{HEADER}{expected}"));
    }

    #[test]
    fn unknown_code_is_an_error() {
        for text in ["trait T {}", "unheard!(Of);", "pub use crate::Client;", "fn ("] {
            assert!(of(text).unwrap_err().to_string().starts_with("things/mod.rs: "), "{text}");
        }
    }
}
