//! One function for each kind of fix; the error says why there was nothing to do.

use super::Fix;
use crate::api::{Api, BodyForm, Location, Model, Operation, Parameter, Property, Type};

pub(super) fn fix(api: &mut Api, fix: Fix) -> Result<(), String> {
    match fix {
        Fix::AddValues(place, values) => add_values(api, place, values),
        Fix::AddProperty(place, ty) => add_property(api, place, ty.into()),
        Fix::SetType(place, ty) => set_type(api, place, ty.into()),
        Fix::SetBody(place, form) => set_body(api, place, form),
        Fix::SetTuples(place, model) => set_tuples(api, place, model),
        Fix::SetRequired(place) => set_required(api, place),
        Fix::SetOptional(place) => set_optional(api, place),
        Fix::SetStatus(operation, status) => set_status(api, operation, status),
        Fix::SetReference(place, id) => set_reference(api, place, id),
    }
}

fn add_values(api: &mut Api, place: &str, added: &[&str]) -> Result<(), String> {
    let values = match item(api, place)? {
        Item::Property(property) => &mut property.values,
        Item::Parameter(parameter) => &mut parameter.values,
    };
    let values = values.as_mut().ok_or_else(|| format!("`{place}` lists no values"))?;
    for value in added {
        if values.iter().any(|known| known == value) {
            return Err(format!("`{place}` lists `{value}` itself"));
        }
        values.push((*value).to_owned());
    }
    Ok(())
}

fn add_property(api: &mut Api, place: &str, ty: Type) -> Result<(), String> {
    let (model, name) = place.split_once('.').ok_or_else(|| format!("`{place}` is not `Model.property`"))?;
    let model = model_mut(api, model)?;
    if model.properties.iter().any(|property| property.name == name) {
        return Err(format!("`{place}` is declared"));
    }
    let property = Property {
        span: model.span.clone(),
        releases: model.releases.clone(),
        name: name.to_owned(),
        ty,
        required: false,
        values: None,
        refers_to: None,
    };
    model.properties.push(property);
    Ok(())
}

fn set_type(api: &mut Api, place: &str, ty: Type) -> Result<(), String> {
    let current = match item(api, place)? {
        Item::Property(property) => &mut property.ty,
        Item::Parameter(parameter) => &mut parameter.ty,
    };
    if *current == ty {
        return Err(format!("`{place}` is declared as {ty} itself"));
    }
    *current = ty;
    Ok(())
}

fn body<'a>(api: &'a mut Api, place: &str) -> Result<&'a mut Parameter, String> {
    match item(api, place)? {
        Item::Parameter(parameter) if matches!(parameter.location, Location::Body(_)) => Ok(parameter),
        _ => Err(format!("`{place}` is not a body parameter")),
    }
}

fn set_body(api: &mut Api, place: &str, form: BodyForm) -> Result<(), String> {
    body(api, place)?.location = Location::Body(form);
    Ok(())
}

fn set_tuples(api: &mut Api, place: &str, model: &str) -> Result<(), String> {
    if !api.models.contains_key(model) {
        return Err(format!("there is no model `{model}`"));
    }
    let parameter = body(api, place)?;
    parameter.location = Location::Body(BodyForm::Tuples);
    parameter.ty = Type::List(Box::new(Type::Model(model.to_owned())));
    Ok(())
}

fn set_required(api: &mut Api, place: &str) -> Result<(), String> {
    match item(api, place)? {
        Item::Parameter(parameter) if !parameter.required => {
            parameter.required = true;
            parameter.default = None;
            Ok(())
        }
        Item::Parameter(_) => Err(format!("`{place}` is declared as required itself")),
        Item::Property(_) => Err(format!("`{place}` is not a parameter")),
    }
}

fn set_optional(api: &mut Api, place: &str) -> Result<(), String> {
    match item(api, place)? {
        Item::Property(property) if property.required => {
            property.required = false;
            Ok(())
        }
        Item::Property(_) => Err(format!("`{place}` is declared as optional itself")),
        Item::Parameter(_) => Err(format!("`{place}` is not a property")),
    }
}

fn set_status(api: &mut Api, place: &str, status: u16) -> Result<(), String> {
    let operation = place.split_once('.').and_then(|(resource, nickname)| operation_mut(api, resource, nickname));
    let operation = operation.ok_or_else(|| format!("there is no operation `{place}`"))?;
    if operation.statuses.contains(&status) {
        return Err(format!("`{place}` answers with {status} anyway"));
    }
    operation.statuses = [status].into();
    Ok(())
}

fn set_reference(api: &mut Api, place: &str, id: &str) -> Result<(), String> {
    match item(api, place)? {
        Item::Property(property) => property.refers_to = Some(id.to_owned()),
        Item::Parameter(parameter) => parameter.refers_to = Some(id.to_owned()),
    }
    Ok(())
}

enum Item<'a> {
    Property(&'a mut Property),
    Parameter(&'a mut Parameter),
}

/// The item at `Model.property` or `resource.nickname.parameter`.
fn item<'a>(api: &'a mut Api, place: &str) -> Result<Item<'a>, String> {
    let missing = || format!("there is no `{place}`");
    match place.split('.').collect::<Vec<_>>().as_slice() {
        [model, name] => {
            let model = model_mut(api, model)?;
            let property = model.properties.iter_mut().find(|property| property.name == *name);
            property.map(Item::Property).ok_or_else(missing)
        }
        [resource, nickname, name] => {
            let parameter = operation_mut(api, resource, nickname)
                .and_then(|operation| operation.parameters.iter_mut().find(|parameter| parameter.name == *name));
            parameter.map(Item::Parameter).ok_or_else(missing)
        }
        _ => Err(format!("`{place}` is neither `Model.property` nor `resource.nickname.parameter`")),
    }
}

fn operation_mut<'a>(api: &'a mut Api, resource: &str, nickname: &str) -> Option<&'a mut Operation> {
    let operations = &mut api.resources.get_mut(resource)?.operations;
    operations.iter_mut().find(|operation| operation.nickname == nickname)
}

fn model_mut<'a>(api: &'a mut Api, name: &str) -> Result<&'a mut Model, String> {
    api.models.get_mut(name).ok_or_else(|| format!("there is no model `{name}`"))
}
