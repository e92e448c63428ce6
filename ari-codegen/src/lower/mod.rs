//! From the model of the API to the generated crate: the one place that decides names, types and optionality.

mod about;
mod assign;
mod availability;
mod docs;
mod handles;
mod ids;
mod keep;
mod names;
mod operations;
mod reference;
mod structs;
mod surface;
mod values;

use crate::api::{Api, Type};
use crate::diagnostic::Diagnostics;
use crate::merge::Notes;
use crate::record::{NameKind, Names, Record};
use crate::rust::{Crate, RustType};

use docs::Facts;
use ids::Ids;

/// What lowering gives.
pub struct Lowered {
    /// The generated crate.
    pub code: Crate,
    /// The recorded names, and those of new items.
    pub names: Names,
    /// Items that could not have the name that their wire name gives.
    pub notes: Notes,
}

/// Lowers an API; `record` holds what is known of its items and the names that they have already.
///
/// # Errors
/// Shapes that the generated crate has no form for, and contradictions in the recorded names.
pub fn lower(api: &Api, record: &Record) -> Result<Lowered, Diagnostics> {
    let (mut diagnostics, mut notes) = (Diagnostics::default(), Notes::new());
    let declared = api;
    let recorded = assign::adopt(api, &record.names);
    let api = &keep::keep(api.clone(), &recorded);
    let ids = Ids::of(api);
    let mut names = assign::assign(api, &ids, recorded, &mut notes, &mut diagnostics);
    keep::record(&mut names, api);
    let events = api.events().into_iter().map(|event| event.name.clone()).collect();
    let facts = Facts { availability: &record.availability, prose: &record.prose, names: &names, events };
    let context = Context { api, facts, ids, names: &names };
    let modules = operations::modules(&context);
    let mut handles = handles::handles(&context, &modules);
    let models = structs::models(&context);
    handles::describe(&mut handles, &models);
    let code = Crate {
        ids: context.ids.types(api, &names),
        values: values::types(api, &context.facts, &names),
        events: structs::events(&context, &models, &mut diagnostics),
        models,
        handles,
        modules,
        availability: availability::availability(&record.availability),
        surface: surface::surface(declared, &record.availability),
        reference: reference::reference(declared, &context),
    };
    diagnostics.or(Lowered { code, names, notes })
}

/// What the passes share.
struct Context<'a> {
    api: &'a Api,
    facts: Facts<'a>,
    ids: Ids,
    names: &'a Names,
}

impl Context<'_> {
    /// The Rust type of a declared one, before ids and values are distinguished from text.
    fn plain(&self, ty: &Type) -> RustType {
        match ty {
            Type::String => RustType::String,
            Type::Integer => RustType::Integer,
            Type::Long => RustType::Long,
            Type::Double => RustType::Double,
            Type::Boolean => RustType::Boolean,
            Type::Date => RustType::Date,
            Type::Object => RustType::Json,
            Type::StringMap => RustType::StringMap,
            // No declaration has such a list; its elements would need a date's form of their own.
            Type::List(inner) if **inner == Type::Date => RustType::List(Box::new(RustType::String)),
            Type::List(inner) => RustType::List(Box::new(self.plain(inner))),
            Type::Model(name) => match self.api.models.get(name) {
                Some(model) if !self.api.is_message(model) => RustType::Model(self.names.of(NameKind::Model, name)),
                Some(model) if model.sub_types.is_empty() => RustType::Event(self.names.of(NameKind::Event, name)),
                _ => RustType::Json,
            },
        }
    }
}
