//! Handles: ids and a client, with the operations on what they identify.

use proc_macro2::TokenStream;
use quote::quote;

use super::operations::{Held, method};
use super::tokens::{docs, ident, ty};
use crate::rust::{Form, Handle, RustType};

pub(super) fn handles(handles: &[Handle]) -> TokenStream {
    let handles = handles.iter().map(one);
    quote! {
        //! Handles: the operations on one channel, bridge, playback, …; cheap to make and to clone.

        use crate::Client;

        #(#handles)*
    }
}

fn one(handle: &Handle) -> TokenStream {
    let (name, accessor, docs) = (ident(&handle.name), ident(&handle.accessor), docs(&handle.docs));
    let struct_docs = &docs;
    let names: Vec<String> = handle.ids.iter().map(|id| id.name.clone()).collect();
    let fields: Vec<_> = names.iter().map(|name| ident(name)).collect();
    let types: Vec<_> = handle
        .ids
        .iter()
        .map(|id| match &id.form {
            Form::Path(held) => ty(held),
            _ => ty(&RustType::String),
        })
        .collect();
    let getters = handle.ids.iter().zip(&types).map(|(id, ty)| {
        let (field, docs) = (ident(&id.name), super::tokens::docs(&id.docs));
        let ty = if id.form == Form::Path(RustType::String) { &quote!(str) } else { ty };
        quote! {
            #docs
            #[must_use]
            pub fn #field(&self) -> &#ty {
                &self.#field
            }
        }
    });
    let methods =
        handle.operations.iter().map(|(module, operation)| method(operation, Some(&Held { module, fields: &names })));
    let models = handle.models.iter().map(|model| {
        let model = ident(model);
        quote! {
            impl crate::models::#model {
                /// A handle for the operations on it.
                #[must_use]
                pub fn handle(&self, client: &Client) -> #name {
                    client.#accessor(self)
                }
            }

            impl crate::IntoList<#(#types)*> for &crate::models::#model {
                fn into_list(self) -> Vec<#(#types)*> {
                    vec![self.into()]
                }
            }
        }
    });
    quote! {
        #struct_docs
        #[derive(Debug, Clone)]
        pub struct #name {
            client: Client,
            #(#fields: #types,)*
        }

        impl Client {
            #docs
            #[must_use]
            pub fn #accessor(&self, #(#fields: impl Into<#types>),*) -> #name {
                #name { client: self.clone(), #(#fields: #fields.into()),* }
            }
        }

        impl #name {
            /// The client that its requests are sent with.
            #[must_use]
            pub fn client(&self) -> &Client {
                &self.client
            }

            #(#getters)*
            #(#methods)*
        }

        #(#models)*
    }
}
