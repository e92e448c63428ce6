//! The one place that writes results: as a table, JSON or YAML, through the user's jq filter, coloured on terminals.

mod curl;
mod filter;
mod stream;
mod table;

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use jaq_json::write::{Pp, Styles};
use serde::Serialize;
use serde::de::IgnoredAny;

pub(crate) use self::curl::{curl, curl_command, word};
pub(crate) use self::filter::Filter;
pub(crate) use self::stream::Stream;
#[allow(unused_imports, reason = "commands use it")]
pub(crate) use self::table::Table;
pub(crate) use self::table::sanitized;
pub(crate) use jaq_json::Val;

use crate::failure::Failure;

/// The word `error`.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What to do, and other asides.
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default();
/// The heading of a table.
pub(crate) const HEADING: Style = Style::new().bold();

/// A line to standard error; what cannot be written there is lost.
macro_rules! note {
    ($($arguments:tt)*) => {{
        use ::std::io::Write as _;
        let _ = writeln!(anstream::stderr(), $($arguments)*);
    }};
}
pub(crate) use note;

/// A line of text to standard output, for what is no value; its failure is a [`Failure`] by `?`.
#[allow(unused_macros, reason = "commands use it")]
macro_rules! outln {
    ($($arguments:tt)*) => {{
        use ::std::io::Write as _;
        writeln!(anstream::stdout(), $($arguments)*)
    }};
}
#[allow(unused_imports, reason = "commands use it")]
pub(crate) use outln;

/// The form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people: objects within objects in short, without columns that are empty everywhere
    Table,
    /// All columns in full
    Wide,
    /// Indented JSON
    Json,
    /// JSON on one line; a list has one for each element
    Jsonl,
    /// YAML
    Yaml,
}

/// Where results go.
#[derive(Debug)]
pub(crate) struct Output {
    format: Format,
    is_chosen: bool,
    filter: Option<Filter>,
}

impl Output {
    /// Output as the options say; a filter without a format gives a line for each of its results.
    pub(crate) fn new(format: Option<Format>, jq: Option<&str>) -> Result<Self, Failure> {
        let default = match jq {
            Some(_) => Format::Jsonl,
            None if io::stdout().is_terminal() => Format::Table,
            None => Format::Json,
        };
        let is_chosen = jq.is_some() || format.is_some_and(|format| !matches!(format, Format::Table | Format::Wide));
        Ok(Self { format: format.unwrap_or(default), is_chosen, filter: jq.map(Filter::new).transpose()? })
    }

    /// The form that was chosen.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Whether there is a jq filter.
    pub(crate) fn is_filtered(&self) -> bool {
        self.filter.is_some()
    }

    /// Whether the command line asks for a form for programs, or filters. If not, commands whose result is a text for
    /// people write that, in pipes too.
    pub(crate) fn is_chosen(&self) -> bool {
        self.is_chosen
    }

    /// Writes a value.
    pub(crate) fn print(&self, value: &Val) -> Result<(), Failure> {
        raw(&self.rendered(value)?)
    }

    /// A value as it is written.
    pub(crate) fn rendered(&self, value: &Val) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        match &self.filter {
            None => self.write(&mut bytes, value)?,
            Some(filter) => {
                for result in filter.run(value.clone()) {
                    self.write_filtered(&mut bytes, &result?)?;
                }
            }
        }
        Ok(bytes)
    }

    /// Writes a value of a program's own type.
    pub(crate) fn print_value(&self, value: &impl Serialize) -> Result<(), Failure> {
        self.print(&value_of(value)?)
    }

    fn write_filtered(&self, to: &mut Vec<u8>, value: &Val) -> Result<(), Failure> {
        match value {
            // As `jq --raw-output` does, so that shells can use it.
            Val::TStr(text) if matches!(self.format, Format::Json | Format::Jsonl) => {
                to.extend_from_slice(text);
                to.push(b'\n');
                Ok(())
            }
            value => self.write(to, value),
        }
    }

    fn write(&self, to: &mut Vec<u8>, value: &Val) -> Result<(), Failure> {
        match (self.format, value) {
            (Format::Table | Format::Wide, Val::Arr(elements)) if elements.is_empty() => note!("none"),
            (Format::Table, value) => to.extend(table::of_value(value, false).as_bytes()),
            (Format::Wide, value) => to.extend(table::of_value(value, true).as_bytes()),
            (Format::Json, value) => line(to, value, &Pp { indent: Some("  ".to_owned()), ..pretty() })?,
            (Format::Jsonl, Val::Arr(elements)) if self.filter.is_none() => {
                for element in &**elements {
                    line(to, element, &pretty())?;
                }
            }
            (Format::Jsonl, value) => line(to, value, &pretty())?,
            (Format::Yaml, value) => {
                let indented = Pp { indent: Some("  ".to_owned()), ..pretty() };
                jaq_fmts::write::yaml::write(to, &indented, 0, value)?;
                to.push(b'\n');
            }
        }
        Ok(())
    }
}

fn line(to: &mut Vec<u8>, value: &Val, pretty: &Pp) -> io::Result<()> {
    jaq_json::write::write(to, pretty, 0, value)?;
    to.push(b'\n');
    Ok(())
}

fn pretty() -> Pp {
    let styles = if is_coloured() { Styles::ansi() } else { Styles::default() };
    Pp { styles, sep_space: true, ..Pp::default() }
}

/// Whether standard output takes colours.
pub(crate) fn is_coloured() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// Text in a style, if standard output takes colours.
pub(crate) fn styled(text: &str, style: Style) -> String {
    if is_coloured() { format!("{}{text}{}", style.render(), style.render_reset()) } else { text.to_owned() }
}

/// Writes bytes as they are.
pub(crate) fn raw(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    Ok(stdout.flush()?)
}

/// JSON as a value that keeps the order of members and every digit.
pub(crate) fn parse(json: &[u8]) -> Result<Val, Failure> {
    // It refuses what is nested without end, and what jq allows beyond JSON.
    serde_json::from_slice::<IgnoredAny>(json).map_err(|error| Failure::other(format!("not JSON: {error}")))?;
    jaq_json::read::parse_single(json).map_err(|error| Failure::other(format!("not JSON: {error}")))
}

/// A program's own value as one that can be filtered and printed.
pub(crate) fn value_of(value: &impl Serialize) -> Result<Val, Failure> {
    let json = serde_json::to_vec(value).map_err(|error| Failure::other(error.to_string()))?;
    parse(&json)
}
