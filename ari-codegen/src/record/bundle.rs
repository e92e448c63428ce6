//! The files of `api-docs/` as one text, for programs that carry them along.
//!
//! A line `== NAME …` precedes each file, with the names of all files that are equal to it: releases of several branches
//! declare much the same.

use std::collections::BTreeMap;
use std::fmt::Write;

const MARK: &str = "== ";

/// One text of files, each with its name, such as `22.10.1/channels.json`. Names have no spaces.
///
/// ```
/// use ari_codegen::record::bundle;
///
/// let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
/// let text = bundle::bundle(&[file("1/a", "x\n"), file("1/b", "y\n"), file("2/a", "x\n")]);
/// assert_eq!(text, "== 1/a 2/a\nx\n== 1/b\ny\n");
/// assert_eq!(bundle::file(&text, "2/a"), Some("x\n"));
/// assert_eq!(bundle::file(&text, "2/b"), None);
/// ```
#[must_use]
pub fn bundle(files: &[(String, String)]) -> String {
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, text) in files {
        names.entry(text).or_default().push(name);
    }
    let mut bundle = String::new();
    for (name, text) in files {
        let equal = names.get(text.as_str()).map(Vec::as_slice).unwrap_or_default();
        if equal.first() == Some(&name.as_str()) {
            let end = if text.ends_with('\n') { "" } else { "\n" };
            let _ = write!(bundle, "{MARK}{}\n{text}{end}", equal.join(" "));
        }
    }
    bundle
}

/// A file of such a text.
#[must_use]
pub fn file<'a>(bundle: &'a str, name: &str) -> Option<&'a str> {
    entries(bundle).find(|(names, _)| names.split(' ').any(|found| found == name)).map(|(_, text)| text)
}

/// The names of all files.
pub fn names(bundle: &str) -> impl Iterator<Item = &str> {
    entries(bundle).flat_map(|(names, _)| names.split(' '))
}

/// The names and the text of each file.
fn entries(bundle: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = bundle;
    std::iter::from_fn(move || {
        let (names, after) = rest.strip_prefix(MARK)?.split_once('\n')?;
        let end = if after.starts_with(MARK) { 0 } else { after.find("\n== ").map_or(after.len(), |at| at + 1) };
        let (text, next) = after.split_at(end);
        rest = next;
        Some((names, text))
    })
}
