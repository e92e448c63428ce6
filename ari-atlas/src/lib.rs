//! The atlas: a static site of Asterisk's REST interface, with every operation, model and event of every release.
//!
//! ```text
//! Input ──Site──▶ pages ──▶ [File]
//! ```
//!
//! The pages work without a server and without JavaScript; the script adds the search, the switch of releases, and tabs.
//! Everything that they say comes from the model of `ari-codegen`, the reports of `ari-diff`, and recorded traffic. This
//! crate performs no I/O.

#![forbid(unsafe_code)]

mod examples;
mod markdown;
mod observed;
mod pages;
mod samples;
mod search;
mod site;

use ari_codegen::emit::File;
use ari_codegen::export::export;
use ari_codegen::fixups::Fixup;
use ari_codegen::lower::lower;
use ari_codegen::merge::merge;
use ari_codegen::{Diagnostics, Record, ReleaseSource, corrected};
use ari_diff::Declared;

use site::Site;

pub use observed::{Observed, Recorded};
pub use samples::Samples;

/// What the atlas is made of.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The declarations of the supported releases.
    pub sources: &'a [ReleaseSource],
    /// The same as comparisons read them, oldest first.
    pub declared: &'a [Declared],
    /// The known faults of the declarations.
    pub fixups: &'a [Fixup],
    /// What is known of the items.
    pub record: &'a Record,
    /// Values for examples.
    pub samples: &'a Samples,
    /// What real servers were seen to do.
    pub observed: &'a Observed,
}

/// The files of the site, by path under its folder.
///
/// # Errors
/// Every fault of the declarations, and every fixup that does not apply.
pub fn atlas(input: &Input<'_>) -> Result<Vec<File>, Diagnostics> {
    let mut files = with_site(input, |site| {
        let mut files = pages::pages(site);
        files.push(file("search.js", search::index(site)));
        files
    })?;
    files.push(file("atlas.css", include_str!("../assets/atlas.css").to_owned()));
    files.push(file("atlas.js", include_str!("../assets/atlas.js").to_owned()));
    files.push(file("icon.svg", include_str!("../assets/icon.svg").to_owned()));
    let documents = export(input.sources, input.fixups, input.record)?;
    files.extend(documents.into_iter().map(|document| file(&format!("api/{}", document.path), document.text)));
    Ok(files)
}

/// The examples of the site as one file for each language, so that its compiler can check them.
///
/// # Errors
/// As for [`atlas`].
pub fn programs(input: &Input<'_>) -> Result<Vec<File>, Diagnostics> {
    with_site(input, examples::programs)
}

fn with_site(input: &Input<'_>, make: impl FnOnce(&Site<'_>) -> Vec<File>) -> Result<Vec<File>, Diagnostics> {
    let (apis, availability) = corrected(input.sources, input.fixups, input.record)?;
    let record = Record { availability, ..input.record.clone() };
    let Some((api, _)) = merge(apis.clone(), &record.names) else { return Ok(Vec::new()) };
    let lowered = lower(&api, &record)?;
    Ok(make(&Site { input, record: &record, apis: &apis, api: &api, rust: &lowered.code }))
}

fn file(path: &str, text: String) -> File {
    File { path: path.to_owned(), text }
}
