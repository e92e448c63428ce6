//! All tables of a run, and where it was made.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;

use crate::table::Table;
use crate::{Failure, goals};

/// Between these lines of a page that has more to say, a run puts its tables.
const MARKS: [&str; 2] = ["<!-- `cargo xtask bench` writes from here -->\n", "<!-- to here -->\n"];

/// The tables so far.
pub(crate) struct Report {
    about: String,
    tables: Vec<Table>,
}

impl Report {
    /// A report that begins with what matters of the machine.
    pub(crate) fn new() -> Self {
        let processors = available_parallelism().map_or(0, usize::from);
        let about = format!("{}, {processors} processors, {}", said("date", "+%F"), said("rustc", "--version"));
        println!("{about}\n");
        Self { about, tables: Vec::new() }
    }

    /// Adds a table, and prints it.
    pub(crate) fn add(&mut self, table: Table) {
        println!("{table}");
        self.tables.push(table);
    }

    /// Adds what the tables say about the goals.
    pub(crate) fn add_goals(&mut self) {
        if let Some(goals) = goals::table(&self.tables) {
            println!("{goals}");
            self.tables.insert(0, goals);
        }
    }

    /// Writes everything to a file, or into its place in one that has the marks, and the pictures beside it.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        let present = std::fs::read_to_string(path).unwrap_or_default();
        let text = self.text();
        let text = within(&present, &text).unwrap_or_else(|| format!("# Benchmarks\n{text}"));
        write(path, &text)?;
        for (name, svg) in self.tables.iter().filter_map(Table::picture) {
            write(&path.with_file_name(name), &svg)?;
        }
        Ok(())
    }

    fn text(&self) -> String {
        let mut text = format!("\n{}; `cargo xtask bench`.\n", self.about);
        for table in &self.tables {
            // Writing to a text cannot fail.
            let _ = write!(text, "\n{table}");
            if let Some((name, _)) = table.picture() {
                let _ = write!(text, "\n![{} as bars]({name})\n", table.title());
            }
        }
        text
    }
}

fn within(page: &str, tables: &str) -> Option<String> {
    let [begin, end] = MARKS;
    let (before, rest) = page.split_once(begin)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}{tables}\n{end}{after}"))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// What a program says to this argument.
fn said(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|_| format!("no {program}"))
}
