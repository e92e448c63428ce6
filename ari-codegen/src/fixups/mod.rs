//! Where a real server differs from its declarations: a table of fixes, each with its evidence.
//!
//! A fix that finds nothing to do in a release that it names is an error: the declarations have changed, and the
//! table has to follow. Releases that a fixup does not name are left alone.

mod apply;
mod table;

use std::fmt;

use crate::api::{Api, BodyForm, Type};
use crate::diagnostic::Diagnostics;
use crate::release::Release;

pub use table::FIXUPS;

/// One fault of the declarations and its correction.
#[derive(Debug, Clone, Copy)]
pub struct Fixup {
    /// What is wrong, in a few words.
    pub name: &'static str,
    /// How it is known: seen on the wire, or read in the server's source, and in which release.
    pub evidence: &'static str,
    /// The releases that have the fault.
    pub releases: Releases,
    /// What to change.
    pub fixes: &'static [Fix],
}

/// The releases that a fixup holds for.
#[derive(Debug, Clone, Copy)]
pub struct Releases {
    /// First release of each branch with the fault; later branches have it from their start.
    pub since: &'static [(u32, u32, u32)],
    /// First release of each branch without it; later branches are free of it.
    pub until: &'static [(u32, u32, u32)],
}

impl Releases {
    /// From these releases on, and in every later branch.
    #[must_use]
    pub const fn since(since: &'static [(u32, u32, u32)]) -> Self {
        Self { since, until: &[] }
    }

    /// Whether a release has the fault.
    #[must_use]
    pub fn contains(&self, release: Release) -> bool {
        reached(self.since, release) && !reached(self.until, release)
    }
}

/// Whether a release is at or past the mark of its branch, or of a branch after the last marked one.
fn reached(marks: &[(u32, u32, u32)], release: Release) -> bool {
    let number = (release.major, release.minor, release.patch);
    match marks.iter().find(|mark| mark.0 == release.major) {
        Some(mark) => number >= *mark,
        None => marks.iter().map(|mark| mark.0).max().is_some_and(|newest| release.major > newest),
    }
}

/// One change to the model of the API. Places are `Model.property` or `resource.nickname.parameter`.
#[derive(Debug, Clone, Copy)]
pub enum Fix {
    /// Values that the server sends or takes besides the declared ones.
    AddValues(&'static str, &'static [&'static str]),
    /// An optional property that the server sends.
    AddProperty(&'static str, Primitive),
    /// The type of what the server sends.
    SetType(&'static str, Primitive),
    /// The layout of a body.
    SetBody(&'static str, BodyForm),
    /// A list of objects of this model in a body.
    SetTuples(&'static str, &'static str),
    /// A parameter without which the server refuses the request, though it is declared as optional.
    SetRequired(&'static str),
    /// A property that early releases leave out, though newer ones declare it as required.
    SetOptional(&'static str),
    /// The status of an operation's successful reply, by `resource.nickname`.
    SetStatus(&'static str, u16),
    /// The path parameter whose kind of id the item holds.
    SetReference(&'static str, &'static str),
}

impl Fix {
    /// What it changes: `Model.property`, `resource.nickname.parameter` or `resource.nickname`.
    #[must_use]
    pub fn place(&self) -> &'static str {
        match self {
            Self::AddValues(place, _)
            | Self::AddProperty(place, _)
            | Self::SetType(place, _)
            | Self::SetBody(place, _)
            | Self::SetTuples(place, _)
            | Self::SetRequired(place)
            | Self::SetOptional(place)
            | Self::SetStatus(place, _)
            | Self::SetReference(place, _) => place,
        }
    }
}

/// The change without its place: `is required`.
impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddValues(_, values) => write!(f, "also {}", values.join(", ")),
            Self::AddProperty(_, ty) => write!(f, "is there, {ty}"),
            Self::SetType(_, ty) => write!(f, "is {ty}"),
            Self::SetBody(_, BodyForm::Variables) => f.write_str("is a member of the body: values by name"),
            Self::SetBody(_, BodyForm::Members) => f.write_str("is a member of the body: any JSON by name"),
            Self::SetBody(_, BodyForm::Tuples) => f.write_str("is a member of the body: a list of objects"),
            Self::SetBody(_, BodyForm::Json) => f.write_str("is a member of the body: any JSON"),
            Self::SetBody(_, BodyForm::BareVariables | BodyForm::BareFilter) => f.write_str("is the body itself"),
            Self::SetTuples(_, model) => write!(f, "is a list of {model}"),
            Self::SetRequired(_) => f.write_str("is required"),
            Self::SetOptional(_) => f.write_str("may be absent"),
            Self::SetStatus(_, status) => write!(f, "answers with {status}"),
            Self::SetReference(_, id) => write!(f, "holds a {id}"),
        }
    }
}

/// A type that a fix can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Primitive {
    /// A whole number.
    Integer,
    /// A number.
    Double,
    /// A date in Asterisk's form.
    Date,
    /// An object whose members are all text.
    StringMap,
}

impl fmt::Display for Primitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integer => "an integer",
            Self::Double => "a number",
            Self::Date => "a date",
            Self::StringMap => "an object of strings",
        })
    }
}

impl From<Primitive> for Type {
    fn from(primitive: Primitive) -> Self {
        match primitive {
            Primitive::Integer => Self::Integer,
            Primitive::Double => Self::Double,
            Primitive::Date => Self::Date,
            Primitive::StringMap => Self::StringMap,
        }
    }
}

/// Corrects the API of one release by a table of fixups.
///
/// # Errors
/// Every fix that found nothing to do.
pub fn apply(table: &[Fixup], release: Release, api: Api) -> Result<Api, Diagnostics> {
    let mut api = api;
    let mut diagnostics = Diagnostics::default();
    for fixup in table.iter().filter(|fixup| fixup.releases.contains(release)) {
        for fix in fixup.fixes {
            if let Err(reason) = apply::fix(&mut api, *fix) {
                diagnostics.general(format!(
                    "fixup \"{}\" does not apply to Asterisk {release}: {reason}; bound its releases in \
                     `ari-codegen/src/fixups/table.rs`",
                    fixup.name
                ));
            }
        }
    }
    diagnostics.or(api)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(text: &str) -> Release {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_counts_by_branch() {
        let range = Releases::since(&[(13, 27, 0), (16, 4, 0), (17, 0, 0)]);
        for inside in ["13.27.0", "13.38.3", "16.4.0", "17.0.0", "18.0.0", "23.4.1"] {
            assert!(range.contains(release(inside)), "{inside}");
        }
        for outside in ["12.8.2", "13.26.1", "14.7.8", "15.7.4", "16.3.0"] {
            assert!(!range.contains(release(outside)), "{outside}");
        }
    }

    #[test]
    fn a_range_can_end() {
        let range = Releases { since: &[(22, 10, 0), (23, 4, 0)], until: &[(22, 11, 0), (23, 5, 0)] };
        assert!(range.contains(release("22.10.1")));
        assert!(!range.contains(release("22.11.0")));
        assert!(!range.contains(release("24.0.0")));
    }
}
