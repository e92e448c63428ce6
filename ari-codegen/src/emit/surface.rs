//! Every operation as a server reads it, as data for the fake server.

use proc_macro2::TokenStream;
use quote::quote;

use super::availability::lists;
use super::tokens::ident;
use crate::rust::{Served, ServedKind, ServedParameter, ServedPlace, Surface};

pub(super) fn root() -> TokenStream {
    quote! {
        //! Everything that is generated from the API declarations.

        pub(crate) mod surface;
    }
}

pub(super) fn surface(surface: &Surface) -> TokenStream {
    let lists = lists(&surface.lists);
    let operations = surface.operations.iter().map(|served| operation(served, surface));
    quote! {
        //! Every operation of the supported releases, as Asterisk reads it.

        use crate::surface::{Kind, Operation, Parameter};
        use ari_bindings::Release;

        /// Resource by resource, in the order of the declarations: routing depends on it.
        pub(crate) const OPERATIONS: &[Operation] = &[#(#operations),*];

        #lists
    }
}

fn operation(served: &Served, surface: &Surface) -> TokenStream {
    let Served { resource, name, path, opens_events, modules, .. } = served;
    let (method, since) = (served.method.to_string(), ident(&surface.lists[served.since].0));
    let parameters = served.parameters.iter().map(|served| parameter(served, surface));
    quote! {
        Operation {
            resource: #resource,
            name: #name,
            method: #method,
            path: #path,
            parameters: &[#(#parameters),*],
            opens_events: #opens_events,
            modules: &[#(#modules),*],
            since: #since,
        }
    }
}

fn parameter(served: &ServedParameter, surface: &Surface) -> TokenStream {
    let name = &served.name;
    let made = match served.place {
        ServedPlace::Path => quote!(Parameter::path(#name)),
        ServedPlace::Query { kind: of, list } => {
            let (kind, list) = (kind(of), list.then(|| quote!(.list())));
            quote!(Parameter::query(#name, #kind) #list)
        }
        ServedPlace::Body => quote!(Parameter::body(#name)),
        ServedPlace::Filter => quote!(Parameter::filter(#name)),
    };
    let since = served.since.map(|position| ident(&surface.lists[position].0)).map(|since| quote!(.since(#since)));
    quote!(#made #since)
}

fn kind(kind: ServedKind) -> TokenStream {
    match kind {
        ServedKind::Text => quote!(Kind::Text),
        ServedKind::Integer => quote!(Kind::Integer),
        ServedKind::Long => quote!(Kind::Long),
        ServedKind::Boolean => quote!(Kind::Boolean),
    }
}
