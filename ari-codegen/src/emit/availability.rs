//! Since when items are there, as data.

use proc_macro2::TokenStream;
use quote::quote;

use super::tokens::ident;
use crate::release::Release;
use crate::rust::Availability;

pub(super) fn availability(availability: &Availability) -> TokenStream {
    let lists = lists(&availability.lists);
    let newest = availability.newest.iter().map(release);
    let items = availability.items.iter().map(|(item, at)| {
        let since = ident(&availability.lists[*at].0);
        quote!((#item, #since))
    });
    quote! {
        //! Since when items are there.

        use crate::Release;

        /// The newest release of each branch that is accounted for.
        pub(crate) const NEWEST: &[Release] = &[#(#newest),*];

        /// Every item, in order, with the first release of each branch that has it.
        pub(crate) const ITEMS: &[(&str, &[Release])] = &[#(#items),*];

        #lists
    }
}

/// The constants of the lists of first releases.
pub(super) fn lists(lists: &[(String, Vec<Release>)]) -> TokenStream {
    let constants = lists.iter().map(|(name, since)| {
        let (name, releases) = (ident(name), since.iter().map(release));
        quote! { const #name: &[Release] = &[#(#releases),*]; }
    });
    quote! { #(#constants)* }
}

fn release(release: &Release) -> TokenStream {
    let [major, minor, patch] = [release.major, release.minor, release.patch].map(proc_macro2::Literal::u32_unsuffixed);
    quote!(Release::new(#major, #minor, #patch))
}
