//! Builds the [`Api`] of a release from its files: parses types, inverts the inheritance, and resolves every name.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Api, BodyForm, Location, Method, Model, Operation, Parameter, Presence, Property, Resource, Response, Type,
};
use crate::diagnostic::Diagnostics;
use crate::release::Release;
use crate::swagger::{self, AllowableValues};

/// Resolves the resource files of one release.
///
/// # Errors
/// Every name that is undefined or defined twice, every type, method or path that cannot be understood.
pub fn resolve(release: Release, files: &[(String, swagger::Resource)]) -> Result<Api, Diagnostics> {
    let mut resolver = Resolver { presence: Presence::from([release]), diagnostics: Diagnostics::default() };
    let models = resolver.models(files);
    let mut resources = BTreeMap::new();
    for (name, file) in files {
        let resource = resolver.resource(name, file);
        if resources.insert(name.clone(), resource).is_some() {
            resolver.diagnostics.at(&file.span, format!("resource `{name}` is given twice"));
        }
    }
    let api = Api { releases: resolver.presence.clone(), resources, models };
    resolver.check_references(&api);
    resolver.diagnostics.or(api)
}

struct Resolver {
    presence: Presence,
    diagnostics: Diagnostics,
}

impl Resolver {
    fn ty(&mut self, text: &str, span: &crate::diagnostic::Span) -> Type {
        Type::parse(text).unwrap_or_else(|message| {
            self.diagnostics.at(span, message);
            Type::Object
        })
    }

    fn models(&mut self, files: &[(String, swagger::Resource)]) -> BTreeMap<String, Model> {
        let mut models: BTreeMap<String, Model> = BTreeMap::new();
        for (resource, file) in files {
            for declared in &file.models {
                let model = self.model(resource, declared);
                if let Some(earlier) = models.get(&declared.id) {
                    let message = format!("model `{}` is declared twice: first in {}", declared.id, earlier.span);
                    self.diagnostics.at(&declared.span, message);
                } else {
                    models.insert(declared.id.clone(), model);
                }
            }
        }
        self.link_bases(&mut models);
        models
    }

    /// The declarations list the sub-types at the base; what follows needs the base at the sub-type.
    fn link_bases(&mut self, models: &mut BTreeMap<String, Model>) {
        let edges: Vec<(String, String)> = models
            .values()
            .flat_map(|base| base.sub_types.iter().map(|child| (base.name.clone(), child.clone())))
            .collect();
        for (base, child) in edges {
            let span = models[&base].span.clone();
            match models.get_mut(&child) {
                None => self.diagnostics.at(&span, format!("sub-type `{child}` of `{base}` is not defined")),
                Some(model) => match &model.base {
                    Some(other) => {
                        let message = format!("`{child}` is a sub-type of both `{other}` and `{base}`");
                        self.diagnostics.at(&span, message);
                    }
                    None => model.base = Some(base),
                },
            }
        }
        self.check_inheritance(models);
    }

    fn check_inheritance(&mut self, models: &BTreeMap<String, Model>) {
        for model in models.values() {
            let mut base = model.base.as_ref();
            // A chain longer than there are models goes round.
            for _ in 0..models.len() {
                base = base.and_then(|name| models[name].base.as_ref());
            }
            if base.is_some() {
                self.diagnostics.at(&model.span, format!("`{}` inherits from itself, directly or not", model.name));
            }
        }
    }

    fn model(&mut self, resource: &str, model: &swagger::Model) -> Model {
        Model {
            span: model.span.clone(),
            releases: self.presence.clone(),
            name: model.id.clone(),
            resource: resource.to_owned(),
            base: None,
            sub_types: model.sub_types.iter().cloned().collect(),
            discriminator: model.discriminator.clone(),
            properties: model.properties.iter().map(|property| self.property(property)).collect(),
        }
    }

    fn property(&mut self, property: &swagger::Property) -> Property {
        let (values, _) = constraint(property.allowable_values.as_ref());
        Property {
            span: property.span.clone(),
            releases: self.presence.clone(),
            name: property.name.clone(),
            ty: self.ty(&property.r#type, &property.span),
            required: property.required == Some(true),
            values,
            refers_to: None,
        }
    }

    fn resource(&mut self, name: &str, file: &swagger::Resource) -> Resource {
        let mut operations: Vec<Operation> = Vec::new();
        for api in &file.apis {
            for declared in &api.operations {
                let Some(operation) = self.operation(name, api, declared) else { continue };
                self.check_unique(&operations, &operation);
                operations.push(operation);
            }
        }
        Resource {
            name: name.to_owned(),
            releases: self.presence.clone(),
            requires_modules: file.requires_modules.iter().cloned().collect(),
            operations,
        }
    }

    fn check_unique(&mut self, earlier: &[Operation], operation: &Operation) {
        for other in earlier {
            let clash = if other.nickname == operation.nickname {
                format!("nickname `{}`", operation.nickname)
            } else if other.method == operation.method && other.path == operation.path {
                format!("operation `{} {}`", operation.method, operation.path)
            } else {
                continue;
            };
            self.diagnostics.at(&operation.span, format!("{clash} is declared twice: first in {}", other.span));
        }
    }

    fn operation(&mut self, resource: &str, api: &swagger::Api, operation: &swagger::Operation) -> Option<Operation> {
        let method = match operation.http_method.as_str() {
            "GET" => Method::Get,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            "DELETE" => Method::Delete,
            other => {
                let message = format!("unknown httpMethod `{other}`: known are GET, POST, PUT, PATCH, DELETE");
                self.diagnostics.at(&operation.span, message);
                return None;
            }
        };
        let parameters: Vec<Parameter> =
            operation.parameters.iter().filter_map(|parameter| self.parameter(parameter)).collect();
        self.check_parameters(api, operation, &parameters);
        let response = if operation.upgrade.is_some() {
            Response::WebSocket
        } else {
            match operation.response_class.as_str() {
                "void" => Response::Void,
                "binary" => Response::Binary,
                text => Response::Json(self.ty(text, &operation.span)),
            }
        };
        Some(Operation {
            span: operation.span.clone(),
            releases: self.presence.clone(),
            resource: resource.to_owned(),
            nickname: operation.nickname.clone(),
            former_nicknames: BTreeSet::new(),
            method,
            path: api.path.clone(),
            statuses: BTreeSet::from([match response {
                Response::Void => 204,
                Response::Binary | Response::Json(_) => 200,
                Response::WebSocket => 101,
            }]),
            response,
            parameters,
            errors: operation.error_responses.iter().map(|error| error.code).collect(),
        })
    }

    fn check_parameters(&mut self, api: &swagger::Api, operation: &swagger::Operation, parameters: &[Parameter]) {
        for (index, parameter) in parameters.iter().enumerate() {
            if parameters[..index].iter().any(|other| other.name == parameter.name) {
                self.diagnostics.at(&parameter.span, format!("parameter `{}` is declared twice", parameter.name));
            }
        }
        let in_template: BTreeSet<&str> = path_parameters(&api.path).collect();
        let declared: BTreeSet<&str> = parameters
            .iter()
            .filter(|parameter| parameter.location == Location::Path)
            .map(|parameter| parameter.name.as_str())
            .collect();
        for name in in_template.symmetric_difference(&declared) {
            let message = if in_template.contains(name) {
                format!("path `{}` has `{{{name}}}`, which no path parameter of the operation declares", api.path)
            } else {
                format!("path parameter `{name}` does not occur in the path `{}`", api.path)
            };
            self.diagnostics.at(&operation.span, message);
        }
    }

    fn parameter(&mut self, parameter: &swagger::Parameter) -> Option<Parameter> {
        let ty = self.ty(&parameter.data_type, &parameter.span);
        let location = match parameter.param_type.as_str() {
            "path" => Location::Path,
            "query" => Location::Query,
            "body" if parameter.data_type == "containers" => Location::Body(BodyForm::Variables),
            "body" => Location::Body(BodyForm::Json),
            other => {
                let message = format!("unknown paramType `{other}`: known are path, query, body");
                self.diagnostics.at(&parameter.span, message);
                return None;
            }
        };
        let (values, range) = constraint(parameter.allowable_values.as_ref());
        Some(Parameter {
            span: parameter.span.clone(),
            releases: self.presence.clone(),
            name: parameter.name.clone(),
            location,
            ty,
            required: parameter.required == Some(true) || location == Location::Path,
            multiple: parameter.allow_multiple == Some(true),
            default: parameter.default_value.clone(),
            values,
            range,
            refers_to: None,
        })
    }

    fn check_references(&mut self, api: &Api) {
        let properties =
            api.models.values().flat_map(|model| &model.properties).map(|property| (&property.ty, &property.span));
        let replies = api.operations().filter_map(|operation| match &operation.response {
            Response::Json(ty) => Some((ty, &operation.span)),
            _ => None,
        });
        let parameters = api
            .operations()
            .flat_map(|operation| &operation.parameters)
            .map(|parameter| (&parameter.ty, &parameter.span));
        for (ty, span) in properties.chain(replies).chain(parameters) {
            if let Some(name) = ty.model().filter(|name| !api.models.contains_key(*name)) {
                self.diagnostics.at(span, format!("model `{name}` is not defined in any resource file"));
            }
        }
        let roots: Vec<&Model> = api.models.values().filter(|model| model.discriminator.is_some()).collect();
        for extra in roots.iter().skip(1) {
            let message =
                format!("`{}` has a discriminator as `{}` has: expected one tree of events", extra.name, roots[0].name);
            self.diagnostics.at(&extra.span, message);
        }
    }
}

/// Names in braces of a path template, in order.
pub fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')))
}

/// A path without the names of its parameters, which say nothing on the wire: `/channels/{}/play`.
#[must_use]
pub fn path_shape(path: &str) -> String {
    let segments: Vec<&str> =
        path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment }).collect();
    segments.join("/")
}

type Constraint = (Option<Vec<String>>, Option<(Option<String>, Option<String>)>);

fn constraint(values: Option<&AllowableValues>) -> Constraint {
    match values {
        Some(AllowableValues::List(values)) => (Some(values.clone()), None),
        Some(AllowableValues::Range { min, max }) => (None, Some((min.clone(), max.clone()))),
        None => (None, None),
    }
}
