//! All tables of a run, and where it was made.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;

use crate::Failure;
use crate::table::Table;

/// Between these lines of a page that has more to say, a run puts its tables.
const MARKS: [&str; 2] = ["<!-- `cargo xtask bench` writes from here -->\n", "<!-- to here -->\n"];

/// The tables so far.
pub(crate) struct Report {
    text: String,
}

impl Report {
    /// A report that tells of the machine what matters.
    pub(crate) fn new() -> Self {
        let processors = available_parallelism().map_or(0, usize::from);
        let about = format!("{}, {processors} processors, {}", said("date", "+%F"), said("rustc", "--version"));
        println!("{about}\n");
        Self { text: format!("\n{about}; `cargo xtask bench`.\n") }
    }

    /// Adds a table, and prints it.
    pub(crate) fn add(&mut self, table: &Table) {
        println!("{table}");
        // Writing to a text cannot fail.
        let _ = write!(self.text, "\n{table}");
    }

    /// Writes everything to a file, or into its place in one that has the marks.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        let present = std::fs::read_to_string(path).unwrap_or_default();
        let text = self.within(&present).unwrap_or_else(|| format!("# Benchmarks\n{}", self.text));
        std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    fn within(&self, page: &str) -> Option<String> {
        let [begin, end] = MARKS;
        let (before, rest) = page.split_once(begin)?;
        let (_, after) = rest.split_once(end)?;
        Some(format!("{before}{begin}{}\n{end}{after}", self.text))
    }
}

/// What a program says to this argument.
fn said(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|_| format!("no {program}"))
}
