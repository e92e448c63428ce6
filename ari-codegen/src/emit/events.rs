//! Events: a struct for each, one enum of all, the dispatch on their type.

use proc_macro2::TokenStream;
use quote::quote;

use super::tokens::{alias, derives, docs, field, ident, ty};
use crate::rust::{AboutChannel, CommonMember, Events, RustType, Struct};

pub(super) fn events(events: &Events) -> TokenStream {
    let structs = events.structs.iter().map(one);
    let (event, methods, decode) = (event(&events.structs), methods(events), decode(&events.structs));
    quote! {
        //! Events that Asterisk sends.

        use crate::event::{UndecodableEvent, UnknownEvent};
        #[cfg(feature = "websocket")]
        use crate::Resync;
        use serde::{Deserialize, Serialize};
        use crate::{Disconnected, Dropped, Reconnected};

        #event
        #methods
        #decode
        #(#structs)*
    }
}

/// The enum of all events and notices.
fn event(structs: &[Struct]) -> TokenStream {
    let names = structs.iter().map(|event| ident(&event.name));
    // The whole text is with the struct.
    let docs = structs.iter().map(|event| format!(" {}", event.brief));
    quote! {
        /// An event.
        ///
        /// Every type of event that a supported release can send has a variant. One of a type that the bindings do
        /// not know comes as [`Event::Unknown`], and a frame that is no event, or not of the shape that its type
        /// promises, as [`Event::Undecodable`]: nothing that Asterisk sends is lost.
        ///
        /// Four variants are notices of the bindings and no events of Asterisk: they stand where events are missing
        /// from the stream, and report what has changed meanwhile.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum Event {
            #(#[doc = #docs] #names(Box<#names>),)*
            /// An event of a type that the bindings do not know.
            Unknown(Box<UnknownEvent>),
            /// A frame that could not be decoded.
            Undecodable(Box<UndecodableEvent>),
            /// The connection is lost: events are missing from here on.
            Disconnected(Box<Disconnected>),
            /// There is a connection again, and events come from here on.
            Reconnected(Box<Reconnected>),
            /// What is different after a gap; only if it was asked for.
            #[cfg(feature = "websocket")]
            Resynced(Box<Resync>),
            /// Events are missing here because the program took them too slowly; only if it was asked for.
            Dropped(Box<Dropped>),
        }
    }
}

fn methods(events: &Events) -> TokenStream {
    let names: Vec<_> = events.structs.iter().map(|event| ident(&event.name)).collect();
    let wire: Vec<_> = events.structs.iter().map(|event| &event.wire).collect();
    let members = events.members.iter().map(common_member);
    let about_channels = events.about_channels.iter().map(about_channel);
    quote! {
        impl Event {
            /// The types of event that have a variant, as Asterisk spells them.
            pub const KINDS: &'static [&'static str] = &[#(#wire),*];

            /// The type as Asterisk spells it; empty where a frame names none. What is no event of Asterisk has the
            /// name of its variant.
            #[must_use]
            pub fn kind(&self) -> &str {
                match self {
                    #(Self::#names(_) => #wire,)*
                    Self::Unknown(event) => event.kind(),
                    Self::Undecodable(event) => event.kind().unwrap_or_default(),
                    Self::Disconnected(_) => "Disconnected",
                    Self::Reconnected(_) => "Reconnected",
                    #[cfg(feature = "websocket")]
                    Self::Resynced(_) => "Resynced",
                    Self::Dropped(_) => "Dropped",
                }
            }

            /// The channel that the event is about: its `channel`, or else the only one that it always has, or the
            /// one that is played to or recorded.
            ///
            /// `None` where it is about a bridge, something else, or several channels alike. Of an event that is
            /// unknown or cannot be decoded it is the `channel`, if that much can be read.
            #[must_use]
            pub fn channel_id(&self) -> Option<&str> {
                match self {
                    #(#about_channels,)*
                    Self::Unknown(event) => event.channel_id(),
                    Self::Undecodable(event) => event.channel_id(),
                    _ => None,
                }
            }

            #(#members)*
        }
    }
}

fn decode(structs: &[Struct]) -> TokenStream {
    let (names, wire) = (structs.iter().map(|event| ident(&event.name)), structs.iter().map(|event| &event.wire));
    quote! {
        /// Decodes the text of an event whose type is known; `None` says that it is not.
        pub(crate) fn decode(kind: &str, text: &str) -> Option<serde_json::Result<Event>> {
            Some(match kind {
                #(#wire => crate::event::boxed(text).map(Event::#names),)*
                _ => return None,
            })
        }
    }
}

fn one(event: &Struct) -> TokenStream {
    let (name, docs, alias) = (ident(&event.name), docs(&event.docs), alias(event));
    let fields = event.fields.iter().map(field);
    let (derives, wire) = (derives(), &event.wire);
    let tag = if event.name == *wire { quote!(tag = "type") } else { quote!(tag = "type", rename = #wire) };
    quote! {
        #docs
        #alias
        #derives
        #[serde(#tag)]
        #[non_exhaustive]
        pub struct #name {
            #(#fields,)*
        }
    }
}

fn about_channel(about: &AboutChannel) -> TokenStream {
    let (event, first) = (ident(&about.event), ident(&about.path[0]));
    let rest: Vec<_> = about.path[1..].iter().map(|name| ident(name)).collect();
    let id = match (about.optional, about.prefix) {
        (false, None) => quote!(Some(event.#first #(.#rest)*.as_str())),
        (true, None) => quote!(event.#first.as_ref().map(|#first| #first #(.#rest)*.as_str())),
        (false, Some(prefix)) => quote!(event.#first #(.#rest)*.strip_prefix(#prefix)),
        (true, Some(prefix)) => {
            quote!(event.#first.as_ref().and_then(|#first| #first #(.#rest)*.strip_prefix(#prefix)))
        }
    };
    quote!(Self::#event(event) => #id)
}

fn common_member(member: &CommonMember) -> TokenStream {
    let (name, docs) = (ident(&member.name), docs(&member.docs));
    // An event of unknown type has it as text.
    let text = matches!(member.ty, RustType::String | RustType::Id(_));
    let borrowed = if text { quote!(str) } else { ty(&member.ty) };
    let arms = member.holders.iter().map(|(event, optional)| {
        let event = ident(event);
        match (optional, text) {
            (true, true) => quote!(Self::#event(event) => crate::id::text(event.#name.as_ref())),
            (true, false) => quote!(Self::#event(event) => event.#name.as_ref()),
            (false, true) => quote!(Self::#event(event) => Some(event.#name.as_str())),
            (false, false) => quote!(Self::#event(event) => Some(&event.#name)),
        }
    });
    let unknown = member.on_unknown.map(|method| {
        let method = ident(method);
        quote!(Self::Unknown(event) => event.#method(),)
    });
    quote! {
        #docs
        #[must_use]
        pub fn #name(&self) -> Option<&#borrowed> {
            match self {
                #(#arms,)*
                #unknown
                _ => None,
            }
        }
    }
}
