//! A table, in Markdown that is also easy to read as it is.

use std::fmt;

/// Rows of one benchmark.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    notes: Vec<String>,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(title: impl Into<String>, head: &[&str]) -> Self {
        let head = head.iter().map(ToString::to_string).collect();
        Self { title: title.into(), notes: Vec::new(), head, rows: Vec::new() }
    }

    /// Says below the table what one has to know of it.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    fn widths(&self) -> Vec<usize> {
        let width = |column: usize| {
            let cells = self.rows.iter().chain([&self.head]).filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(3)
        };
        (0..self.head.len()).map(width).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        writeln!(f, "## {}\n", self.title)?;
        line(f, &self.head, &widths)?;
        write!(f, "|")?;
        for (column, width) in widths.iter().enumerate() {
            if column == 0 { write!(f, "{:-<1$}|", "", width + 2)? } else { write!(f, "{:->1$}:|", "", width + 1)? }
        }
        writeln!(f)?;
        self.rows.iter().try_for_each(|row| line(f, row, &widths))?;
        writeln!(f)?;
        self.notes.iter().try_for_each(|note| writeln!(f, "- {note}"))
    }
}

/// One line: names to the left, numbers to the right.
fn line(f: &mut fmt::Formatter<'_>, cells: &[String], widths: &[usize]) -> fmt::Result {
    write!(f, "|")?;
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if column == 0 { write!(f, " {cell:<width$} |")? } else { write!(f, " {cell:>width$} |")? }
    }
    writeln!(f)
}
