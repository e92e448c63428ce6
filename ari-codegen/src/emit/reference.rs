//! What a command line offers and explains, as data for it.

use proc_macro2::TokenStream;
use quote::quote;

use super::tokens::ident;
use crate::api::{BodyForm, Location};
use crate::rust::{
    ExplainedModel, ExplainedProperty, OfferedOperation, OfferedParameter, OfferedReply, OfferedResource, Reference,
    ServedKind,
};

pub(super) fn root() -> TokenStream {
    quote! {
        //! Everything that is generated from the API declarations.

        mod models;
        mod resources;

        pub(crate) use models::MODELS;
        pub(crate) use resources::RESOURCES;
    }
}

pub(super) fn resources(reference: &Reference) -> TokenStream {
    let resources = reference.resources.iter().map(resource);
    quote! {
        //! Every operation of the supported releases, as the command line offers it.

        use crate::reference::{Form, Kind, Operation, Parameter, Reply, Resource};

        /// By resource, in the order of the declarations.
        pub(crate) const RESOURCES: &[Resource] = &[#(#resources),*];
    }
}

fn resource(offered: &OfferedResource) -> TokenStream {
    let OfferedResource { name, command, modules, .. } = offered;
    let operations = offered.operations.iter().map(operation);
    quote! {
        Resource { name: #name, command: #command, modules: &[#(#modules),*], operations: &[#(#operations),*] }
    }
}

fn operation(offered: &OfferedOperation) -> TokenStream {
    let OfferedOperation { name, command, path, text, statuses, example, .. } = offered;
    let (method, reply) = (ident(&format!("{:?}", offered.method)), reply(&offered.reply));
    let parameters = offered.parameters.iter().map(parameter);
    let errors = offered.errors.iter().map(|(status, text)| quote!((#status, #text)));
    quote! {
        Operation {
            name: #name,
            command: #command,
            method: ari_bindings::Method::#method,
            path: #path,
            text: #text,
            reply: #reply,
            statuses: &[#(#statuses),*],
            parameters: &[#(#parameters),*],
            errors: &[#(#errors),*],
            example: #example,
        }
    }
}

fn reply(reply: &OfferedReply) -> TokenStream {
    match reply {
        OfferedReply::Nothing => quote!(Reply::Nothing),
        OfferedReply::File => quote!(Reply::File),
        OfferedReply::Json(ty) => quote!(Reply::Json(#ty)),
        OfferedReply::Events => quote!(Reply::Events),
    }
}

fn parameter(offered: &OfferedParameter) -> TokenStream {
    let OfferedParameter { name, command, text, .. } = offered;
    let made = match offered.location {
        Location::Path => quote!(Parameter::path(#name, #command, #text)),
        Location::Query => {
            let kind = kind(offered.kind);
            quote!(Parameter::query(#name, #command, Kind::#kind, #text))
        }
        Location::Body(form) => {
            let form = self::form(form, &offered.members);
            quote!(Parameter::body(#name, #command, #form, #text))
        }
    };
    let required = (offered.required && offered.location != Location::Path).then(|| quote!(.required()));
    let list = offered.list.then(|| quote!(.list()));
    let default = offered.default.as_ref().map(|default| quote!(.default(#default)));
    let range = offered.range.as_ref().map(|(from, to)| {
        let (from, to) = (option(from.as_ref()), option(to.as_ref()));
        quote!(.range(#from, #to))
    });
    let values = (!offered.values.is_empty()).then(|| {
        let values = values(&offered.values);
        quote!(.values(#values))
    });
    let id = offered.id.as_ref().map(|id| quote!(.id(#id)));
    quote!(#made #required #list #default #range #values #id)
}

fn kind(kind: ServedKind) -> TokenStream {
    match kind {
        ServedKind::Text => quote!(Text),
        ServedKind::Integer => quote!(Integer),
        ServedKind::Long => quote!(Long),
        ServedKind::Boolean => quote!(Boolean),
    }
}

fn form(form: BodyForm, members: &[String]) -> TokenStream {
    match form {
        BodyForm::Variables => quote!(Form::Variables),
        BodyForm::Members => quote!(Form::Members),
        BodyForm::Tuples => quote!(Form::Tuples(&[#(#members),*])),
        BodyForm::BareVariables => quote!(Form::BareVariables),
        BodyForm::BareFilter => quote!(Form::BareFilter),
        BodyForm::Json => quote!(Form::Json),
    }
}

fn option(value: Option<&String>) -> TokenStream {
    value.map_or_else(|| quote!(None), |value| quote!(Some(#value)))
}

fn values(values: &[(String, String)]) -> TokenStream {
    let values = values.iter().map(|(value, text)| quote!((#value, #text)));
    quote!(&[#(#values),*])
}

pub(super) fn models(reference: &Reference) -> TokenStream {
    let models = reference.models.iter().map(model);
    quote! {
        //! Every model and event of the supported releases, as the command line explains it.

        use crate::reference::{Model, Property};

        /// By name.
        pub(crate) const MODELS: &[Model] = &[#(#models),*];
    }
}

fn model(explained: &ExplainedModel) -> TokenStream {
    let ExplainedModel { name, is_event, text, .. } = explained;
    let base = option(explained.base.as_ref());
    let id = explained.id.as_ref().map(|(kind, property)| quote!((#kind, #property)));
    let id = id.map_or_else(|| quote!(None), |id| quote!(Some(#id)));
    let properties = explained.properties.iter().map(property);
    quote! {
        Model { name: #name, is_event: #is_event, base: #base, id: #id, text: #text, properties: &[#(#properties),*] }
    }
}

fn property(explained: &ExplainedProperty) -> TokenStream {
    let ExplainedProperty { name, ty, text, .. } = explained;
    let required = explained.required.then(|| quote!(.required()));
    let values = (!explained.values.is_empty()).then(|| {
        let values = values(&explained.values);
        quote!(.values(#values))
    });
    quote!(Property::new(#name, #ty, #text) #required #values)
}
