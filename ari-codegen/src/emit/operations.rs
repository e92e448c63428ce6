//! Operations: a request for each, a struct that lists those of a resource.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::tokens::{docs, ident, ty};
use crate::api::Method;
use crate::rust::{Argument, Form, Module, Operation, Reply};

pub(super) fn root(modules: &[Module]) -> TokenStream {
    let names = modules.iter().map(|module| ident(&module.name));
    let docs = modules.iter().map(|module| format!(" Operations on `{}`.", module.resource));
    let needs_client = needs_client();
    let descriptions = modules
        .iter()
        .flat_map(|module| module.operations.iter().map(|operation| description(&module.resource, operation)));
    quote! {
        //! Operations: requests are values that a client makes and that are awaited.

        use crate::{Method, Operation};

        #(#[doc = #docs] #needs_client pub mod #names;)*

        /// Every operation of the supported releases, except the one that opens the events.
        pub const OPERATIONS: &[Operation] = &[#(#descriptions),*];
    }
}

/// The attribute of what a program has only with a client.
pub(super) fn needs_client() -> TokenStream {
    quote!(#[cfg(feature = "http")])
}

fn description(resource: &str, operation: &Operation) -> TokenStream {
    let method = match operation.method {
        Method::Get => quote!(Method::Get),
        Method::Post => quote!(Method::Post),
        Method::Put => quote!(Method::Put),
        Method::Patch => quote!(Method::Patch),
        Method::Delete => quote!(Method::Delete),
    };
    let (nickname, path) = (&operation.nickname, &operation.path);
    quote!(Operation::new(#resource, #nickname, #method, #path))
}

pub(super) fn module(module: &Module) -> TokenStream {
    let (type_name, accessor, docs) = (ident(&module.type_name), ident(&module.accessor), docs(&module.docs));
    let module_docs = &docs;
    let methods = module.operations.iter().map(|operation| method(operation, None));
    let requests = module.operations.iter().map(|operation| request(module, operation));
    let title = format!(" Operations on `{}`.", module.resource);
    quote! {
        #![doc = #title]

        use crate::{Client, Method, Operation};
        use crate::client::{Call, call};

        #module_docs
        #[derive(Debug, Clone)]
        pub struct #type_name {
            client: Client,
        }

        impl Client {
            #docs
            #[must_use]
            pub fn #accessor(&self) -> #type_name {
                #type_name { client: self.clone() }
            }
        }

        impl #type_name {
            #(#methods)*
        }

        #(#requests)*
    }
}

/// A method that makes a request; a handle passes the ids that it holds.
pub(super) fn method(operation: &Operation, held: Option<&Held<'_>>) -> TokenStream {
    let (function, mut request) = (ident(&operation.function), ident(&operation.name).into_token_stream());
    let mut fields = Vec::new();
    if let Some(held) = held {
        let module = ident(held.module);
        request = quote!(crate::operations::#module::#request);
        fields.extend(held.fields.iter().map(|field| ident(field)));
    }
    let link = match held {
        Some(held) => format!(
            " {} See [`{}`](crate::operations::{}::{}).",
            operation.brief, operation.name, held.module, operation.name
        ),
        None => format!(" {} See [`{}`].", operation.brief, operation.name),
    };
    let own = fields.iter().map(|field| quote!(&self.#field));
    let rest = operation.arguments.iter().skip(fields.len());
    let signature = rest.clone().map(parameter);
    let passed = rest.map(|argument| ident(&argument.name));
    quote! {
        #[doc = #link]
        pub fn #function(&self #(, #signature)*) -> #request {
            #request::new(&self.client #(, #own)* #(, #passed)*)
        }
    }
}

/// What is said before the arguments, the arguments, and the rest.
fn operation_docs(operation: &Operation) -> TokenStream {
    let mut lines = operation.summary.clone();
    let arguments = &operation.arguments;
    if !arguments.is_empty() {
        lines.push(String::new());
    }
    lines.extend(arguments.iter().map(|argument| format!("- {}", listed(argument))));
    lines.extend(operation.docs.iter().cloned());
    docs(&lines)
}

/// An argument in one line.
fn listed(argument: &Argument) -> String {
    let lines: Vec<&str> = argument.docs.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
    format!("`{}`: {}", argument.name.trim_start_matches("r#"), lines.join(" "))
}

/// What a handle holds for its operations.
pub(super) struct Held<'a> {
    pub(super) module: &'a str,
    pub(super) fields: &'a [String],
}

fn request(module: &Module, operation: &Operation) -> TokenStream {
    let (name, docs, example) = (ident(&operation.name), operation_docs(operation), docs(&operation.example));
    let description = description(&module.resource, operation);
    let signature = operation.arguments.iter().map(parameter);
    let steps = operation.arguments.iter().map(step);
    let setters = operation.setters.iter().map(setter);
    let reply = match &operation.reply {
        Reply::Void => quote!(void),
        Reply::Download => quote!(download),
        Reply::Json(json) => {
            let json = ty(json);
            quote!(json #json)
        }
    };
    quote! {
        #docs
        #example
        #[derive(Debug, Clone)]
        #[must_use = "a request does nothing until it is awaited"]
        pub struct #name(Call);

        impl #name {
            /// The operation that the request executes.
            pub const OPERATION: Operation = #description;

            pub(crate) fn new(client: &Client #(, #signature)*) -> Self {
                Self(Call::new(client, &Self::OPERATION) #(#steps)*)
            }

            #(#setters)*
        }

        call!(#name -> #reply);
    }
}

fn setter(argument: &Argument) -> TokenStream {
    let (name, docs, parameter, step) =
        (ident(&argument.name), docs(&argument.docs), parameter(argument), step(argument));
    quote! {
        #docs
        pub fn #name(mut self, #parameter) -> Self {
            self.0 = self.0 #step;
            self
        }
    }
}

/// An argument as a function takes it.
fn parameter(argument: &Argument) -> TokenStream {
    use crate::rust::RustType::{Boolean, Double, Integer, Long};
    let name = ident(&argument.name);
    let ty = match &argument.form {
        Form::Query(number @ (Integer | Long | Double | Boolean)) => ty(number),
        Form::Path(text) | Form::Query(text) => {
            let text = ty(text);
            quote!(impl Into<#text>)
        }
        Form::QueryList(text) => {
            let text = ty(text);
            quote!(impl crate::IntoList<#text>)
        }
        Form::Variables | Form::BareVariables => {
            quote!(impl IntoIterator<Item = (impl Into<String>, impl Into<crate::VariableValue>)>)
        }
        Form::Members => quote!(impl IntoIterator<Item = (impl Into<String>, impl Into<serde_json::Value>)>),
        Form::Tuples(model) => {
            let model = ty(model);
            quote!(impl IntoIterator<Item = #model>)
        }
        Form::BareFilter => quote!(impl Into<crate::EventFilter>),
        Form::Json => quote!(impl Into<serde_json::Value>),
    };
    quote!(#name: #ty)
}

/// The call that lays an argument into the request.
fn step(argument: &Argument) -> TokenStream {
    use crate::rust::RustType::{Boolean, Double, Integer, Long, String};
    let (name, wire) = (ident(&argument.name), &argument.wire);
    match &argument.form {
        Form::Path(text) => {
            let text = ty(text);
            quote!(.path(#wire, Into::<#text>::into(#name).as_ref()))
        }
        Form::Query(Integer) => quote!(.int(#wire, #name)),
        Form::Query(Long) => quote!(.long(#wire, #name)),
        Form::Query(Double) => quote!(.double(#wire, #name)),
        Form::Query(Boolean) => quote!(.bool(#wire, #name)),
        Form::Query(String) => quote!(.text(#wire, #name.into())),
        Form::Query(text) => {
            let text = ty(text);
            quote!(.text(#wire, Into::<#text>::into(#name).into()))
        }
        Form::QueryList(String) => quote!(.list(#wire, #name.into_list())),
        Form::QueryList(_) => quote!(.list(#wire, #name.into_list().into_iter().map(Into::into).collect())),
        Form::Variables => quote!(.member(#wire, crate::request::variables::to_json(#name))),
        Form::Members => quote!(.member(#wire, crate::request::variables::to_json_object(#name))),
        Form::Tuples(_) => quote!(.member(#wire, crate::request::variables::to_json_list(#name))),
        Form::BareVariables => quote!(.whole(crate::request::variables::to_json(#name))),
        Form::BareFilter => quote!(.whole(#name.into().into_json())),
        Form::Json => quote!(.member(#wire, #name.into())),
    }
}
