//! The Rust names of the API's items, assigned once and kept in `api-docs/names.toml`.
//!
//! Recorded names take precedence over the names that the generator would choose, so that regenerating with a newer
//! release renames nothing. The file may be edited before a name is published; afterwards a change breaks users.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::diagnostic::Diagnostics;
use crate::json::Source;

const HEADER: &str = "\
# Rust names of the API's items. `cargo xtask regen` adds the names of new items and changes none that is here.
";

/// Declares the kinds of name, each with its section of the file.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $section:literal,)*) => {
        /// What a name belongs to.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum NameKind {
            $($(#[$doc])* $kind,)*
        }

        impl NameKind {
            const ALL: &'static [Self] = &[$(Self::$kind),*];

            fn section(self) -> &'static str {
                match self {
                    $(Self::$kind => $section,)*
                }
            }
        }
    };
}

kinds! {
    /// The type of a kind of id, by the path parameter that declares it.
    Id = "ids",
    /// The struct of a model.
    Model = "models",
    /// The struct and variant of an event.
    Event = "events",
    /// A field, by `Model.property`.
    Field = "fields",
    /// A field that may be absent (an `Option`) or an optional parameter (a setter); it remains optional. A recorded
    /// parameter that is not listed here is an argument.
    Optional = "optional",
    /// The id that a property or parameter holds; text that was recorded without one stays text.
    Reference = "references",
    /// An enum, by each property and parameter that uses it; uses of one name share the enum.
    Enum = "enums",
    /// A variant, by `Enum.value`.
    Variant = "variants",
    /// The module of a resource.
    Module = "modules",
    /// The struct that lists a resource's operations.
    Resource = "resources",
    /// The client's method that gives that struct.
    Accessor = "accessors",
    /// The request of an operation.
    Request = "requests",
    /// The method that makes it.
    Function = "functions",
    /// An argument or a setter.
    Parameter = "parameters",
    /// A handle, by the path that its operations share.
    Handle = "handles",
    /// The client's method that gives a handle.
    HandleAccessor = "handle-accessors",
    /// A method of a handle, by its path and the operation.
    HandleFunction = "handle-functions",
}

/// Rust names by kind and item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<NameKind, BTreeMap<String, String>>);

impl Names {
    /// Reads the text of `names.toml`.
    ///
    /// # Errors
    /// Text that is not TOML, unknown sections, and names that are not Rust identifiers.
    pub fn parse(source: &Source) -> Result<Self, Diagnostics> {
        let mut diagnostics = Diagnostics::default();
        let sections = match toml::from_str::<BTreeMap<String, BTreeMap<String, String>>>(&source.text) {
            Ok(sections) => sections,
            Err(error) => {
                diagnostics.general(format!("{}: {error}", source.file));
                return Err(diagnostics);
            }
        };
        let mut names = Self::default();
        for (section, entries) in sections {
            let Some(kind) = NameKind::ALL.iter().find(|kind| kind.section() == section) else {
                diagnostics.general(format!("{}: unknown section `{section}`", source.file));
                continue;
            };
            for (item, name) in &entries {
                if syn::parse_str::<syn::Ident>(name).is_err() {
                    let file = &source.file;
                    diagnostics.general(format!("{file}: `{name}`, the name of `{item}`, is not a Rust identifier"));
                }
            }
            names.0.insert(*kind, entries);
        }
        diagnostics.or(names)
    }

    /// The text of `names.toml`: one name a line, sorted.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = HEADER.to_owned();
        for (kind, entries) in self.0.iter().filter(|(_, entries)| !entries.is_empty()) {
            let _ = writeln!(text, "\n[{}]", kind.section());
            for (item, name) in entries {
                let _ = writeln!(text, "{} = {}", quoted(item), quoted(name));
            }
        }
        text
    }

    /// The name of an item.
    #[must_use]
    pub fn get(&self, kind: NameKind, item: &str) -> Option<&str> {
        self.0.get(&kind)?.get(item).map(String::as_str)
    }

    /// The name of an item that was assigned one.
    pub(crate) fn of(&self, kind: NameKind, item: &str) -> String {
        self.get(kind, item).unwrap_or(item).to_owned()
    }

    /// All items of a kind with their names.
    pub fn iter(&self, kind: NameKind) -> impl Iterator<Item = (&str, &str)> {
        self.0.get(&kind).into_iter().flatten().map(|(item, name)| (item.as_str(), name.as_str()))
    }

    /// Gives the names of an item, and of what belongs to it, to another item as far as that has none.
    pub(crate) fn copy(&mut self, from: &str, to: &str) {
        for entries in self.0.values_mut() {
            let copies: Vec<(String, String)> = entries
                .iter()
                .filter_map(|(item, name)| {
                    let start = item.rfind(' ').map_or(0, |blank| blank + 1);
                    let rest =
                        item[start..].strip_prefix(from).filter(|rest| rest.is_empty() || rest.starts_with('.'))?;
                    Some((format!("{}{to}{rest}", &item[..start]), name.clone()))
                })
                .collect();
            for (item, name) in copies {
                entries.entry(item).or_insert(name);
            }
        }
    }

    pub(crate) fn insert(&mut self, kind: NameKind, item: &str, name: &str) {
        self.0.entry(kind).or_default().insert(item.to_owned(), name.to_owned());
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source { file: "names.toml".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn text_reads_back() {
        let mut names = Names::default();
        for item in ["Channel", "a b", "say \"hi\"\\\n\u{7f}", "größe"] {
            names.insert(NameKind::Model, item, "Name");
        }
        names.insert(NameKind::HandleAccessor, "/channels/{channelId}", "channel");
        assert_eq!(Names::parse(&source(&names.text())), Ok(names));
    }

    #[test]
    fn parse_reports_every_fault() {
        let text = "[models]\nA = \"not a name\"\n[colours]\nB = \"B\"\n";
        assert_eq!(
            Names::parse(&source(text)).unwrap_err().to_string(),
            "names.toml: unknown section `colours`\n\
             names.toml: `not a name`, the name of `A`, is not a Rust identifier"
        );
        assert!(Names::parse(&source("models = 1")).unwrap_err().to_string().starts_with("names.toml: "));
    }
}
