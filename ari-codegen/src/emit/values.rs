//! Open enums.

use proc_macro2::TokenStream;
use quote::quote;

use super::tokens::{docs, ident};
use crate::rust::Values;

pub(super) fn values(values: &[Values]) -> TokenStream {
    let values = values.iter().map(one);
    quote! {
        //! Values that Asterisk uses in some places; each enum is open, since servers know more than declarations say.

        use crate::value::value;

        #(#values)*
    }
}

fn one(values: &Values) -> TokenStream {
    let (name, docs) = (ident(&values.name), docs(&values.docs));
    let variants: Vec<_> = values.variants.iter().map(|variant| ident(&variant.name)).collect();
    let wire: Vec<_> = values.variants.iter().map(|variant| &variant.wire).collect();
    let variant_docs = values.variants.iter().map(|variant| super::tokens::docs(&variant.docs));
    quote! {
        #docs
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum #name {
            #(#variant_docs #variants,)*
            /// A value that the bindings do not know.
            Other(String),
        }

        impl #name {
            /// The values that have a variant, as Asterisk spells them.
            pub const VALUES: &'static [&'static str] = &[#(#wire),*];

            /// The value as Asterisk spells it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#variants => #wire,)*
                    Self::Other(value) => value,
                }
            }

            fn known(value: &str) -> Option<Self> {
                Some(match value {
                    #(#wire => Self::#variants,)*
                    _ => return None,
                })
            }
        }

        value!(#name);
    }
}
