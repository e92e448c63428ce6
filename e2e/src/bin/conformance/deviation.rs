//! Differences between the values that the server sends and its declaration.

use std::collections::BTreeSet;
use std::fmt;

use ari_codegen::Release;
use ari_codegen::fixups::{FIXUPS, Fix};
use serde_json::Value;

use crate::declaration::{Declaration, Property};

/// One difference; `place` is `Model.property`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deviation {
    pub(crate) place: String,
    pub(crate) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// A value that is not listed.
    Value(String),
    /// A member that is not declared.
    Member,
    /// A required member that is missing.
    Absent,
    /// Declared as one type, sent as another.
    Type(String, &'static str),
    /// A number that exceeds the declared 32 bits.
    Large(String),
}

impl Deviation {
    /// The fixup that corrects it.
    pub(crate) fn fixup(&self, release: Option<Release>) -> Option<&'static str> {
        let holds = |fix: &Fix| match (fix, &self.what) {
            (Fix::AddValues(place, values), What::Value(value)) => *place == self.place && values.contains(&&**value),
            (Fix::AddProperty(place, _), What::Member) | (Fix::SetType(place, _), What::Type(..)) => {
                *place == self.place
            }
            _ => false,
        };
        let here = FIXUPS.iter().filter(|fixup| release.is_none_or(|release| fixup.releases.contains(release)));
        here.into_iter().find(|fixup| fixup.fixes.iter().any(holds)).map(|fixup| fixup.name)
    }

    /// Whether the bindings accept the value without a fixup, because all of their integers have 64 bits.
    pub(crate) fn is_harmless(&self) -> bool {
        matches!(self.what, What::Large(_))
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: ", self.place)?;
        match &self.what {
            What::Value(value) => write!(f, "`{value}` is not listed"),
            What::Member => f.write_str("not declared"),
            What::Absent => f.write_str("required, and absent"),
            What::Type(declared, sent) => write!(f, "declared as {declared}, sent as {sent}"),
            What::Large(declared) => write!(f, "declared as {declared}, and larger than 32 bits"),
        }
    }
}

/// All differences between a value and its declared type; `place` is the location of the value.
pub(crate) fn compare(declaration: &Declaration, place: &str, ty: &str, value: &Value) -> BTreeSet<Deviation> {
    let mut found = BTreeSet::new();
    walk(declaration, place, ty, value, &mut found);
    found
}

fn walk(declaration: &Declaration, place: &str, ty: &str, value: &Value, found: &mut BTreeSet<Deviation>) {
    if let Some(item) = ty.strip_prefix("List[").and_then(|rest| rest.strip_suffix(']')) {
        match value.as_array() {
            Some(items) => items.iter().for_each(|it| walk(declaration, place, item, it, found)),
            None => report(found, place, mismatch(ty, value)),
        }
    } else if declaration.models.contains_key(ty) {
        match value.as_object() {
            Some(_) => members(declaration, ty, value, found),
            None => report(found, place, mismatch(ty, value)),
        }
    } else if !is_of(ty, value) {
        report(found, place, mismatch(ty, value));
    } else if matches!(ty, "int") && value.as_i64().is_some_and(|number| i32::try_from(number).is_err()) {
        report(found, place, What::Large(ty.to_owned()));
    }
}

fn members(declaration: &Declaration, model: &str, value: &Value, found: &mut BTreeSet<Deviation>) {
    let declared = declaration.properties(model);
    for (name, (owner, Property { ty, required, values })) in &declared {
        let place = format!("{owner}.{name}");
        let Some(member) = value.get(*name) else {
            if *required {
                report(found, &place, What::Absent);
            }
            continue;
        };
        walk(declaration, &place, ty, member, found);
        if let (Some(values), Some(text)) = (values, member.as_str()) {
            if !values.iter().any(|value| value == text) {
                report(found, &place, What::Value(text.to_owned()));
            }
        }
    }
    for name in value.as_object().into_iter().flatten().map(|(name, _)| name) {
        if !declared.contains_key(name.as_str()) {
            report(found, &format!("{model}.{name}"), What::Member);
        }
    }
}

fn report(found: &mut BTreeSet<Deviation>, place: &str, what: What) {
    found.insert(Deviation { place: place.to_owned(), what });
}

fn mismatch(ty: &str, value: &Value) -> What {
    let sent = match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    What::Type(ty.to_owned(), sent)
}

fn is_of(ty: &str, value: &Value) -> bool {
    match ty {
        "string" => value.is_string(),
        "Date" => value.as_str().is_some_and(|text| ari_bindings::date::parse(text).is_ok()),
        "int" | "long" => value.is_i64() || value.is_u64(),
        "double" | "float" | "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        _ => false,
    }
}
