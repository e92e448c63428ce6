//! A table, in Markdown that is also easy to read as it is.

use std::fmt;

use crate::bars;

/// Rows of one benchmark.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    notes: Vec<String>,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    bars: Option<Bars>,
}

/// The column that is shown as bars, and the name of their file.
#[derive(Debug)]
struct Bars {
    name: String,
    column: &'static str,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(title: impl Into<String>, head: &[&str]) -> Self {
        let head = head.iter().map(ToString::to_string).collect();
        Self { title: title.into(), notes: Vec::new(), head, rows: Vec::new(), bars: None }
    }

    /// Says below the table what one has to know of it.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Shows a column as bars beside the table.
    pub(crate) fn bars(&mut self, name: impl Into<String>, column: &'static str) {
        self.bars = Some(Bars { name: name.into(), column });
    }

    /// What it is about.
    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    /// The numbers of a column in all rows of this name.
    pub(crate) fn numbers(&self, row: &str, column: &str) -> Vec<f64> {
        let Some(column) = self.head.iter().position(|head| head == column) else { return Vec::new() };
        let rows = self.rows.iter().filter(|cells| cells.first().is_some_and(|name| name == row));
        rows.filter_map(|cells| cells.get(column)?.parse().ok()).collect()
    }

    /// The file of its bars, by name and text.
    pub(crate) fn picture(&self) -> Option<(String, String)> {
        let Bars { name, column } = self.bars.as_ref()?;
        let index = self.head.iter().position(|head| head == column)?;
        let row = |cells: &Vec<String>| Some((cells.first()?.clone(), cells.get(index)?.parse().ok()?));
        let rows: Vec<(String, f64)> = self.rows.iter().filter_map(row).collect();
        Some((format!("bench-{name}.svg"), bars::svg(&self.title, column, &rows)))
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
