//! An operation in use: by curl, in Rust, TypeScript and Python, and on the command line.

mod command;
mod curl;
mod programs;
mod python;
mod rust;
mod typescript;

use ari_codegen::api::Operation;

use crate::site::Site;

pub(crate) use programs::programs;

/// Code that uses an operation.
pub(crate) struct Example {
    /// The tab's name.
    pub(crate) title: &'static str,
    /// The language, as the highlighter knows it.
    pub(crate) language: &'static str,
    pub(crate) code: String,
    /// What it needs.
    pub(crate) note: &'static str,
}

/// An example for each tool.
pub(crate) fn examples(site: &Site<'_>, operation: &Operation) -> Vec<Example> {
    let given = site.input.samples.given(operation);
    let example = |title, language, note, code| Example { title, language, code, note };
    let mut examples = vec![example("curl", "sh", curl::note(operation), curl::example(operation, &given))];
    let rust = rust::example(site, operation, &given);
    examples.extend(rust.map(|code| example("Rust", "rust", rust::NOTE, code)));
    examples.push(example("TypeScript", "ts", typescript::NOTE, typescript::example(operation, &given)));
    examples.push(example("Python", "py", python::NOTE, python::example(operation, &given)));
    let command = command::example(site, operation, &given);
    examples.extend(command.map(|code| example("ari", "sh", command::NOTE, code)));
    examples
}
