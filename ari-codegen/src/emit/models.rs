//! Models.

use proc_macro2::TokenStream;
use quote::quote;

use super::tokens::{alias, docs, field, ident, member, ty};
use crate::rust::{RustType, Struct};

pub(super) fn models(models: &[Struct]) -> TokenStream {
    let models = models.iter().map(one);
    quote! {
        //! Models: what operations answer with and events carry.

        use crate::object::object;

        #(#models)*
    }
}

fn one(model: &Struct) -> TokenStream {
    let (name, docs, alias) = (ident(&model.name), docs(&model.docs), alias(model));
    let fields = model.fields.iter().map(field);
    let members = model.fields.iter().map(member);
    let constructor = model.constructed.then(|| constructor(model));
    let identity = model.identified_by.as_ref().map(|(property, id)| identity(model, property, id));
    quote! {
        #docs
        #alias
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct #name {
            #(#fields,)*
        }

        object!(#name { #(#members),* });

        #constructor
        #identity
    }
}

fn constructor(model: &Struct) -> TokenStream {
    let name = ident(&model.name);
    let required = model.fields.iter().filter(|field| !field.optional);
    let arguments = required.clone().map(|field| {
        let (name, ty) = (ident(&field.name), ty(&field.ty));
        match field.ty {
            RustType::String | RustType::Id(_) | RustType::Value(_) => quote!(#name: impl Into<#ty>),
            _ => quote!(#name: #ty),
        }
    });
    let values = model.fields.iter().map(|field| {
        let name = ident(&field.name);
        match field.ty {
            _ if field.optional => quote!(#name: None),
            RustType::String | RustType::Id(_) | RustType::Value(_) => quote!(#name: #name.into()),
            _ => quote!(#name),
        }
    });
    quote! {
        impl #name {
            /// One with the members that it must have.
            #[must_use]
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#values),* }
            }
        }
    }
}

/// So that a handle can be had from the model: `ari.channel(&start.channel)`.
fn identity(model: &Struct, property: &str, id: &str) -> TokenStream {
    let (name, id) = (ident(&model.name), ident(id));
    let field = model.fields.iter().find(|field| field.wire == property).map(|field| ident(&field.name));
    quote! {
        impl From<&#name> for crate::ids::#id {
            fn from(model: &#name) -> Self {
                model.#field.clone()
            }
        }
    }
}
