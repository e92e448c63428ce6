//! Pieces that several emitters use.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::rust::{Docs, Field, RustType, Struct};

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
        RustType::Integer => quote!(i64),
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
    let (name, docs, inner) = (ident(&field.name), docs(&field.docs), ty(&field.ty));
    let ty = if field.optional { quote!(Option<#inner>) } else { inner };
    quote! { #docs pub #name: #ty }
}

/// How a field is read and written, for the runtime's macro `object!`.
pub(super) fn member(field: &Field) -> TokenStream {
    let (name, wire) = (ident(&field.name), &field.wire);
    let how = match (field.ty == RustType::Date, field.optional) {
        (false, false) => quote!(),
        (false, true) => quote!(: optional),
        (true, false) => quote!(: date),
        (true, true) => quote!(: optional_date),
    };
    quote! { #name = #wire #how }
}
