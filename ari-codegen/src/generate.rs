//! The whole way from the files of some releases to generated code.

use rayon::prelude::*;

use crate::api::{self, Api};
use crate::diagnostic::Diagnostics;
use crate::emit::{self, File};
use crate::fixups::{self, Fixup};
use crate::json::Source;
use crate::lower::lower;
use crate::merge::{Notes, merge};
use crate::record::{Availability, Names, Record};
use crate::release::Release;
use crate::rust::Crate;
use crate::swagger;

/// The files of one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseSource {
    /// Which release.
    pub release: Release,
    /// Its resource files by resource name, such as `channels`.
    pub resources: Vec<(String, Source)>,
}

/// What a generation gives.
#[derive(Debug, Clone)]
pub struct Generated {
    /// The generated files of the bindings.
    pub files: Vec<File>,
    /// The generated files of the fake server.
    pub surface: Vec<File>,
    /// The generated files of the command line.
    pub reference: Vec<File>,
    /// How much there is.
    pub summary: Summary,
    /// Where releases contradict each other, and names that had to be made distinct.
    pub notes: Notes,
    /// The recorded Rust names, and those of new items.
    pub names: Names,
    /// Items without prose.
    pub undocumented: Vec<String>,
    /// Prose about items that do not exist.
    pub superfluous: Vec<String>,
}

/// Counts of what was generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Requests.
    pub operations: usize,
    /// Their parameters.
    pub parameters: usize,
    /// Models that are no events.
    pub models: usize,
    /// Fields of models and events.
    pub properties: usize,
    /// Types of event.
    pub events: usize,
    /// Open enums.
    pub values: usize,
}

/// Reads what one release declares.
///
/// # Errors
/// Every fault of the files.
pub fn read(source: &ReleaseSource) -> Result<Api, Diagnostics> {
    let mut diagnostics = Diagnostics::default();
    let mut files = Vec::new();
    for (name, file) in &source.resources {
        if let Some(resource) = diagnostics.take(swagger::read_resource(file)) {
            files.push((name.clone(), resource));
        }
    }
    api::resolve(source.release, &diagnostics.or(files)?)
}

/// Generates the code for the releases together.
///
/// # Errors
/// Every fault of the input, collected over all releases, and every fixup that does not apply.
pub fn generate(sources: &[ReleaseSource], table: &[Fixup], record: &Record) -> Result<Generated, Diagnostics> {
    let (apis, availability) = corrected(sources, table, record)?;
    let Some((api, mut notes)) = merge(apis, &record.names) else { return Err(no_release()) };
    let lowered = lower(&api, &Record { availability, ..record.clone() })?;
    notes.extend(lowered.notes);
    let (undocumented, superfluous) = (record.prose.missing(&api), record.prose.superfluous(&api));
    let releases: Vec<Release> = api.releases.iter().copied().collect();
    Ok(Generated {
        files: emit::emit(&lowered.code, &releases)?,
        surface: emit::emit_surface(&lowered.code)?,
        reference: emit::emit_reference(&lowered.code)?,
        summary: summary(&lowered.code),
        notes,
        names: lowered.names,
        undocumented,
        superfluous,
    })
}

/// The corrected API of each release, and since when items are there.
///
/// # Errors
/// Every fault of the input, collected over all releases, and every fixup that does not apply.
pub fn corrected(
    sources: &[ReleaseSource],
    table: &[Fixup],
    record: &Record,
) -> Result<(Vec<Api>, Availability), Diagnostics> {
    let mut diagnostics = Diagnostics::default();
    let mut availability = record.availability.clone();
    let mut apis: Vec<Api> = Vec::new();
    let read: Vec<_> = sources.par_iter().map(read).collect();
    for (source, read) in sources.iter().zip(read) {
        if apis.iter().any(|api| api.releases.contains(&source.release)) {
            diagnostics.general(format!("release {} is given twice", source.release));
        }
        let Some(declared) = diagnostics.take(read) else { continue };
        availability.record(source.release, &declared);
        apis.extend(diagnostics.take(fixups::apply(table, source.release, declared)));
    }
    availability.extend(table);
    diagnostics.or((apis, availability))
}

pub(crate) fn no_release() -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    diagnostics.general("no release to generate from");
    diagnostics
}

fn summary(lowered: &Crate) -> Summary {
    let operations = || lowered.modules.iter().flat_map(|module| &module.operations);
    let structs = lowered.models.iter().chain(&lowered.events.structs);
    Summary {
        operations: operations().count(),
        parameters: operations().map(|operation| operation.arguments.len() + operation.setters.len()).sum(),
        models: lowered.models.len(),
        properties: structs.map(|model| model.fields.len()).sum(),
        events: lowered.events.structs.len(),
        values: lowered.values.len(),
    }
}
