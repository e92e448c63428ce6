//! Models and events become structs.

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, about, docs};
use crate::api::{BodyForm, Location, Model, Property, Type};
use crate::diagnostic::Diagnostics;
use crate::record::NameKind;
use crate::rust::{Absent, CommonMember, Events, Field, RustType, Struct};

/// Members that the runtime reads from events of unknown type too, by methods of these names.
const ON_UNKNOWN: [&str; 3] = ["application", "asterisk_id", "timestamp"];

/// Methods of the events that do not read one member.
const EVENT_METHODS: [&str; 5] = ["channel_id", "clone", "from_binary", "from_text", "kind"];

/// A member that this many types of event have is read by method.
const SHARED_BY: usize = 3;

/// The key by which the runtime distinguishes events.
const DISCRIMINATOR: &str = "type";

pub(super) fn models(context: &Context<'_>) -> Vec<Struct> {
    let constructed = constructed(context);
    let mut structs = Vec::new();
    for model in context.api.models.values().filter(|model| !context.api.is_message(model)) {
        structs.push(Struct {
            fields: fields(context, &context.api.lineage(model), None),
            brief: docs::brief(&context.facts.model(model)),
            docs: context.facts.model(model),
            wire: model.name.clone(),
            constructed: constructed.contains(model.name.as_str()),
            identified_by: context.ids.identity(model, context.names),
            name: context.names.of(NameKind::Model, &model.name),
        });
    }
    structs
}

/// Models that users put into a body.
fn constructed<'a>(context: &Context<'a>) -> BTreeSet<&'a str> {
    let parameters = context.api.operations().flat_map(|operation| &operation.parameters);
    let tuples = parameters.filter(|parameter| parameter.location == Location::Body(BodyForm::Tuples));
    tuples.filter_map(|parameter| parameter.ty.model()).collect()
}

pub(super) fn events(context: &Context<'_>, models: &[Struct], diagnostics: &mut Diagnostics) -> Events {
    let Some(message) = context.api.message() else { return Events::default() };
    let discriminator = message.discriminator.as_deref().unwrap_or_default();
    if discriminator != DISCRIMINATOR {
        let message_text = format!("the discriminator is `{discriminator}`: the runtime reads `{DISCRIMINATOR}`");
        diagnostics.at(&message.span, message_text);
    }
    let mut structs = Vec::new();
    for model in context.api.events() {
        structs.push(Struct {
            fields: fields(context, &context.api.lineage(model), Some(discriminator)),
            brief: docs::brief(&context.facts.event(model)),
            docs: context.facts.event(model),
            wire: model.name.clone(),
            constructed: false,
            identified_by: None,
            name: context.names.of(NameKind::Event, &model.name),
        });
    }
    let members = common_members(&structs);
    let about_channels = about::channels(&structs, models);
    Events { structs, members, about_channels }
}

/// Fields of a model and of those it inherits from, own ones first.
///
/// A property that an heir declares again is the heir's.
fn fields(context: &Context<'_>, lineage: &[&Model], discriminator: Option<&str>) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for model in lineage {
        for property in &model.properties {
            let redeclared = fields.iter().any(|field| field.wire == property.name);
            if Some(property.name.as_str()) != discriminator && !redeclared {
                fields.push(field(context, lineage[0], model, property));
            }
        }
    }
    fields
}

/// A field of `holder`, for a property of `model`, which is `holder` itself or what it inherits from.
fn field(context: &Context<'_>, holder: &Model, model: &Model, property: &Property) -> Field {
    let ty = property_type(context, holder, model, property);
    Field {
        name: context.names.of(NameKind::Field, &format!("{}.{}", model.name, property.name)),
        wire: property.name.clone(),
        docs: context.facts.property(model, property, &ty),
        absent: absent(context, model, property, &ty),
        ty,
    }
}

/// What a member becomes that a server does not send: one that is not required, and one that came to a branch after
/// its first release.
fn absent(context: &Context<'_>, model: &Model, property: &Property, ty: &RustType) -> Absent {
    if !property.required {
        return Absent::None;
    }
    if !context.facts.availability.came_later(&model.name, &property.name) {
        return Absent::Error;
    }
    match ty {
        RustType::String | RustType::List(_) => Absent::Empty,
        _ => Absent::None,
    }
}

fn property_type(context: &Context<'_>, holder: &Model, model: &Model, property: &Property) -> RustType {
    let item = format!("{}.{}", model.name, property.name);
    if property.ty == Type::String && property.values.as_ref().is_some_and(|values| !values.is_empty()) {
        return RustType::Value(context.names.of(NameKind::Enum, &item));
    }
    if let Some(id) = context.names.get(NameKind::Reference, &item).map(|id| RustType::Id(id.to_owned())) {
        match &property.ty {
            Type::String => return id,
            Type::List(inner) if **inner == Type::String => return RustType::List(Box::new(id)),
            _ => {}
        }
    }
    let plain = context.plain(&property.ty);
    match &property.ty {
        Type::Model(inner) if contains(context, inner, &holder.name) => RustType::Boxed(Box::new(plain)),
        _ => plain,
    }
}

/// Whether an object of `outer` can hold one of `inner` without a list between them: its size would be infinite.
fn contains(context: &Context<'_>, outer: &str, inner: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![outer];
    while let Some(name) = open.pop() {
        if name == inner {
            return true;
        }
        if let (true, Some(model)) = (seen.insert(name), context.api.models.get(name)) {
            let properties = context.api.lineage(model).into_iter().flat_map(|model| &model.properties);
            open.extend(properties.filter_map(|property| match &property.ty {
                Type::Model(name) => Some(name.as_str()),
                _ => None,
            }));
        }
    }
    false
}

fn common_members(events: &[Struct]) -> Vec<CommonMember> {
    let mut by_name: BTreeMap<&str, Vec<(&Struct, &Field)>> = BTreeMap::new();
    for event in events {
        for field in &event.fields {
            by_name.entry(&field.name).or_default().push((event, field));
        }
    }
    by_name
        .into_iter()
        .filter(|(name, _)| !EVENT_METHODS.contains(name))
        .filter_map(|(name, holders)| {
            let holders = of_usual_type(holders);
            let field = holders.first()?.1;
            let is_plain = matches!(field.ty, RustType::String | RustType::Id(_) | RustType::Date);
            let on_unknown = ON_UNKNOWN.into_iter().find(|known| is_plain && field.wire == *known);
            let is_object = matches!(field.ty, RustType::Model(_));
            (on_unknown.is_some() || (is_object && holders.len() >= SHARED_BY)).then(|| CommonMember {
                name: name.to_owned(),
                docs: docs::common_member(&field.wire, holders.len()),
                ty: field.ty.clone(),
                holders: holders.iter().map(|(event, field)| (event.name.clone(), field.is_option())).collect(),
                on_unknown,
            })
        })
        .collect()
}

/// The events whose member has the type that most events give it: one that differs must not take the method from all.
fn of_usual_type<'a>(holders: Vec<(&'a Struct, &'a Field)>) -> Vec<(&'a Struct, &'a Field)> {
    let count = |ty: &RustType| holders.iter().filter(|(_, other)| other.ty == *ty).count();
    // Of equally many, the first in order.
    let usual = holders.iter().rev().map(|(_, field)| &field.ty).max_by_key(|ty| count(ty));
    let usual = usual.cloned();
    holders.into_iter().filter(|(_, field)| Some(&field.ty) == usual.as_ref()).collect()
}
