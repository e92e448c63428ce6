//! Kinds of id.

use proc_macro2::TokenStream;
use quote::quote;

use super::tokens::ident;
use crate::rust::Id;

pub(super) fn ids(ids: &[Id]) -> TokenStream {
    let ids = ids.iter().map(|id| {
        let (name, docs) = (ident(&id.name), id.docs.join(" "));
        quote! { id!(#name, #docs); }
    });
    quote! {
        //! Ids: text that says what it identifies, so that a bridge's id does not fit where a channel's belongs.

        use crate::id::id;

        #(#ids)*
    }
}
