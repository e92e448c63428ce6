//! From the model of the API to the generated crate: the one place that decides names, types and optionality.

mod about;
mod docs;
mod handles;
mod ids;
mod names;
mod operations;
mod structs;
mod values;

use crate::api::{Api, Type};
use crate::diagnostic::Diagnostics;
use crate::record::Availability;
use crate::record::Prose;
use crate::rust::{Crate, RustType};

use docs::Facts;
use ids::Ids;
use values::ValueTypes;

/// Lowers an API; `availability` tells since when its items are there, `prose` what they are.
///
/// # Errors
/// Names that clash once they are Rust names, and shapes that the generated crate has no form for.
pub fn lower(api: &Api, availability: &Availability, prose: &Prose) -> Result<Crate, Diagnostics> {
    let mut diagnostics = Diagnostics::default();
    let events = api.events().into_iter().map(|event| event.name.clone()).collect();
    let facts = Facts { availability, prose, events };
    let values = ValueTypes::of(api, &facts, &mut diagnostics);
    let context = Context { api, facts, ids: Ids::of(api), values };
    let mut modules = operations::modules(&context, &mut diagnostics);
    let handles = handles::handles(&context, &modules, &mut diagnostics);
    operations::leave_examples_to(&handles, &mut modules);
    let models = structs::models(&context, &mut diagnostics);
    let lowered = Crate {
        ids: context.ids.types(),
        values: context.values.types(),
        events: structs::events(&context, &models, &mut diagnostics),
        models,
        handles,
        modules,
    };
    diagnostics.or(lowered)
}

/// What the passes share.
struct Context<'a> {
    api: &'a Api,
    facts: Facts<'a>,
    ids: Ids,
    values: ValueTypes,
}

impl Context<'_> {
    /// The Rust type of a declared one, before ids and values are told apart from text.
    fn plain(&self, ty: &Type) -> RustType {
        match ty {
            Type::String => RustType::String,
            Type::Integer => RustType::Integer,
            Type::Double => RustType::Double,
            Type::Boolean => RustType::Boolean,
            Type::Date => RustType::Date,
            Type::Object => RustType::Json,
            Type::StringMap => RustType::StringMap,
            // No declaration has such a list; its elements would need a date's form of their own.
            Type::List(inner) if **inner == Type::Date => RustType::List(Box::new(RustType::String)),
            Type::List(inner) => RustType::List(Box::new(self.plain(inner))),
            Type::Model(name) => match self.api.models.get(name) {
                Some(model) if !self.api.is_message(model) => RustType::Model(names::type_name(name, "Model")),
                Some(model) if model.sub_types.is_empty() => RustType::Event(names::event_name(name)),
                _ => RustType::Json,
            },
        }
    }
}
