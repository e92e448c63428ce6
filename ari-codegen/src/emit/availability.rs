//! Since when items are there, as data.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::record::Availability;
use crate::release::Release;

pub(super) fn availability(availability: &Availability) -> TokenStream {
    let mut groups: BTreeMap<Vec<Release>, proc_macro2::Ident> = BTreeMap::new();
    for item in availability.items() {
        let next = format_ident!("SINCE_{}", groups.len());
        groups.entry(availability.since(item)).or_insert(next);
    }
    let mut lists: Vec<_> = groups.iter().map(|(since, name)| (name, since)).collect();
    lists.sort_by_key(|(name, _)| name.to_string()[6..].parse::<usize>().unwrap_or_default());
    let lists = lists.into_iter().map(|(name, since)| {
        let releases = since.iter().map(release);
        quote! { const #name: &[Release] = &[#(#releases),*]; }
    });
    let newest = availability.newest();
    let newest = newest.iter().map(release);
    let items = availability.items().map(|item| {
        let since = &groups[&availability.since(item)];
        quote!((#item, #since))
    });
    quote! {
        //! Since when items are there.

        use crate::Release;

        /// The newest release of each branch that is accounted for.
        pub(crate) const NEWEST: &[Release] = &[#(#newest),*];

        /// Every item, in order, with the first release of each branch that has it.
        pub(crate) const ITEMS: &[(&str, &[Release])] = &[#(#items),*];

        #(#lists)*
    }
}

fn release(release: &Release) -> TokenStream {
    let [major, minor, patch] = [release.major, release.minor, release.patch].map(proc_macro2::Literal::u32_unsuffixed);
    quote!(Release::new(#major, #minor, #patch))
}
