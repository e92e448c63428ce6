//! Compares two releases, and reports which users a change breaks.
//!
//! ```text
//! Declared, Declared --walk--> [Change] --judge--> Report --report--> text, JSON, Markdown, annotations
//! ```
//!
//! The comparison works on the declarations as a release has them, before any fixup: a fixup that begins with some
//! release would show up as a change of that release, and one that covers both could hide a change. Facts that the
//! resolved model folds together, such as `int` and `long`, are kept apart here for the same reason. Only the question
//! [which way](direction) a model travels asks the fixups too, since the declarations do not say what bodies hold.
//!
//! The walk finds the differences, [`rules`] is the table of their levels, [`judge`] combines the two, and the printers of
//! [`report`] only format the result.

#![forbid(unsafe_code)]

pub mod accepted;
mod change;
mod declared;
pub mod direction;
pub mod judge;
pub mod report;
pub mod rules;
mod walk;

pub use change::{Change, Kind, Side};
pub use declared::Declared;
pub use judge::{Finding, Report};
pub use rules::{Audience, Level, Rule};
pub use walk::changes;

use ari_codegen::Release;

/// Compares two releases and judges what changed.
#[must_use]
pub fn diff(old: &Declared, new: &Declared) -> Report {
    judge::judge(old, new, changes(old, new))
}

/// The release to hold a server against: the newest of its branch, else the newest that is older, else the oldest.
///
/// ```
/// use ari_diff::counterpart;
///
/// let supported = ["18.26.4", "22.10.1"].map(|text| text.parse().unwrap());
/// let of = |server: &str| counterpart(&supported, server.parse().unwrap()).unwrap().to_string();
/// assert_eq!(of("22.5.0"), "22.10.1");
/// assert_eq!(of("20.0.0"), "18.26.4");
/// assert_eq!(of("16.0.0"), "18.26.4");
/// ```
#[must_use]
pub fn counterpart(releases: &[Release], server: Release) -> Option<Release> {
    let newest = |fits: fn(Release, Release) -> bool| releases.iter().copied().filter(|r| fits(*r, server)).max();
    let same_branch = newest(|release, server| release.major == server.major);
    same_branch.or_else(|| newest(|release, server| release < server)).or_else(|| releases.iter().copied().min())
}
