//! Pieces that several emitters use.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::rust::{Absent, Docs, Field, RustType, Struct};

/// A name that lowering has made; raw where it is escaped.
pub(super) fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(keyword) => Ident::new_raw(keyword, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

pub(super) fn docs(lines: &Docs) -> TokenStream {
    let lines = lines.iter().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote! { #(#[doc = #lines])* }
}

/// So that the documentation is found by Asterisk's name too.
pub(super) fn alias(item: &Struct) -> Option<TokenStream> {
    let wire = &item.wire;
    (item.name != *wire).then(|| quote!(#[doc(alias = #wire)]))
}

pub(super) fn ty(ty: &RustType) -> TokenStream {
    match ty {
        RustType::String => quote!(String),
        RustType::Integer | RustType::Long => quote!(i64),
        RustType::Double => quote!(f64),
        RustType::Boolean => quote!(bool),
        RustType::Date => quote!(crate::Date),
        RustType::Json => quote!(serde_json::Value),
        RustType::StringMap => quote!(std::collections::BTreeMap<String, String>),
        RustType::Id(name) => path(&quote!(ids), name),
        RustType::Value(name) => path(&quote!(values), name),
        RustType::Model(name) => path(&quote!(models), name),
        RustType::Event(name) => path(&quote!(events), name),
        RustType::List(inner) => {
            let inner = self::ty(inner);
            quote!(Vec<#inner>)
        }
        RustType::Boxed(inner) => {
            let inner = self::ty(inner);
            quote!(Box<#inner>)
        }
    }
}

fn path(module: &TokenStream, name: &str) -> TokenStream {
    let name = ident(name);
    quote!(crate::#module::#name)
}

/// A field's documentation and itself.
pub(super) fn field(field: &Field) -> TokenStream {
    let (name, docs, serde, inner) = (ident(&field.name), docs(&field.docs), serde(field), ty(&field.ty));
    let ty = if field.is_option() { quote!(Option<#inner>) } else { inner };
    quote! { #docs #serde pub #name: #ty }
}

/// What serde has to know of a field.
fn serde(field: &Field) -> Option<TokenStream> {
    let mut parts = Vec::new();
    if field.name.trim_start_matches("r#") != field.wire {
        let wire = &field.wire;
        parts.push(quote!(rename = #wire));
    }
    let is_date = field.ty == RustType::Date;
    if field.absent == Absent::Empty || (is_date && field.is_option()) {
        parts.push(quote!(default));
    }
    match field.is_option() {
        true if is_date => parts.push(quote!(with = "crate::date::option")),
        false if is_date => parts.push(quote!(with = "crate::date")),
        _ => {}
    }
    if field.is_option() {
        parts.push(quote!(skip_serializing_if = "Option::is_none"));
    }
    (!parts.is_empty()).then(|| quote!(#[serde(#(#parts),*)]))
}

/// The traits of a struct. A later release may add a number with a fraction or any JSON, so `Eq` and `Hash` would not last.
pub(super) fn derives() -> TokenStream {
    quote!(#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)])
}
