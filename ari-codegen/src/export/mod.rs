//! The API as documents for programs in other languages.
//!
//! OpenAPI describes the requests, AsyncAPI the WebSocket, JSON Schema the events and models; each of every release,
//! and of all of them together. Availability and a badge are data for other tools.

mod asyncapi;
mod body;
mod data;
mod json_schema;
mod openapi;
mod operation;
mod schema;
mod scope;

use crate::diagnostic::Diagnostics;
use crate::document::text;
use crate::emit::File;
use crate::fixups::Fixup;
use crate::generate::{ReleaseSource, corrected, no_release};
use crate::merge::merge;
use crate::record::Record;

use scope::Scope;

pub use body::is_member_only;
pub use scope::operation_id;

/// The documents, by path under their folder: those of all releases together on top, those of one in a folder of its
/// name.
///
/// # Errors
/// Every fault of the input, collected over all releases, and every fixup that does not apply.
pub fn export(sources: &[ReleaseSource], table: &[Fixup], record: &Record) -> Result<Vec<File>, Diagnostics> {
    let (apis, availability) = corrected(sources, table, record)?;
    let record = Record { availability, ..record.clone() };
    let Some((merged, _)) = merge(apis.clone(), &record.names) else { return Err(no_release()) };
    let all = Scope::all(&merged, &record);
    let newest = merged.releases.iter().next_back().map(ToString::to_string).unwrap_or_default();
    let mut files = documents("", &all).to_vec();
    files.push(file("availability.json", text(&data::availability(&record.availability))));
    files.push(file("badge.svg", data::badge("Asterisk", &newest)));
    for api in &apis {
        for release in &api.releases {
            files.extend(documents(&format!("{release}/"), &Scope::of(api, &record, *release)));
        }
    }
    Ok(files)
}

fn documents(folder: &str, scope: &Scope<'_>) -> [File; 3] {
    [
        file(&format!("{folder}openapi.json"), text(&openapi::document(scope))),
        file(&format!("{folder}asyncapi.json"), text(&asyncapi::document(scope))),
        file(&format!("{folder}schema.json"), text(&json_schema::document(scope))),
    ]
}

fn file(path: &str, text: String) -> File {
    File { path: path.to_owned(), text }
}
