//! Models.

use proc_macro2::TokenStream;
use quote::quote;

use super::tokens::{alias, derives, docs, field, ident, ty};
use crate::rust::{Absent, RustType, Struct};

pub(super) fn models(models: &[Struct]) -> TokenStream {
    let models = models.iter().map(one);
    quote! {
        //! Models: what operations answer with and events carry.

        use serde::{Deserialize, Serialize};

        #(#models)*
    }
}

fn one(model: &Struct) -> TokenStream {
    let (name, docs, alias) = (ident(&model.name), docs(&model.docs), alias(model));
    let fields = model.fields.iter().map(field);
    let derives = derives();
    let constructor = model.constructed.then(|| constructor(model));
    let identity = model.identified_by.as_ref().map(|(property, id)| identity(model, property, id));
    quote! {
        #docs
        #alias
        #derives
        #[non_exhaustive]
        pub struct #name {
            #(#fields,)*
        }

        #constructor
        #identity
    }
}

fn constructor(model: &Struct) -> TokenStream {
    let name = ident(&model.name);
    let required = model.fields.iter().filter(|field| field.absent == Absent::Error);
    let arguments = required.clone().map(|field| {
        let (name, ty) = (ident(&field.name), ty(&field.ty));
        if converts(&field.ty) { quote!(#name: impl Into<#ty>) } else { quote!(#name: #ty) }
    });
    let values = model.fields.iter().map(|field| {
        let name = ident(&field.name);
        match field.absent {
            Absent::None => quote!(#name: None),
            Absent::Empty => quote!(#name: Default::default()),
            Absent::Error if converts(&field.ty) => quote!(#name: #name.into()),
            Absent::Error => quote!(#name),
        }
    });
    quote! {
        impl #name {
            /// One with the required members; the others can be set afterwards.
            #[must_use]
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#values),* }
            }
        }
    }
}

fn converts(ty: &RustType) -> bool {
    matches!(ty, RustType::String | RustType::Id(_) | RustType::Value(_))
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
