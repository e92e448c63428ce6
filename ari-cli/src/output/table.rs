//! Columns for people.

use std::fmt::Write as _;

use jaq_json::Val;
use unicode_width::UnicodeWidthStr;

use super::{HEADING, is_coloured};

/// How wide a column is at most, but for the first, which has the id.
const MAX_WIDTH: usize = 40;

/// The gap between columns.
const GAP: &str = "  ";

/// Rows under a heading, or without one.
#[derive(Debug, Default)]
pub(crate) struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new(heading: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { heading: heading.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Appends a row; control characters are replaced, which could command the terminal.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) {
        self.rows.push(cells.into_iter().map(|cell| sanitized(cell.as_ref())).collect());
    }

    /// Its text, each line with its end.
    pub(crate) fn text(&self) -> String {
        let heading = (!self.heading.is_empty()).then_some(&self.heading);
        let lines = || heading.into_iter().chain(&self.rows);
        let columns = lines().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| lines().filter_map(|line| line.get(column)).map(|cell| cell.width()).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        let mut text = String::new();
        for (number, line) in lines().enumerate() {
            let laid_out = laid_out(line, &widths);
            if number == 0 && heading.is_some() && is_coloured() {
                let _ = writeln!(text, "{}{laid_out}{}", HEADING.render(), HEADING.render_reset());
            } else {
                let _ = writeln!(text, "{laid_out}");
            }
        }
        text
    }
}

fn laid_out(line: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (cell, width) in line.iter().zip(widths) {
        text += cell;
        text.extend(std::iter::repeat_n(' ', width - cell.width()));
        text += GAP;
    }
    text.truncate(text.trim_end().len());
    text
}

/// Text without control characters, which could command the terminal.
pub(crate) fn sanitized(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A value as a table: a list of objects with a row for each, an object with a row for each member.
pub(super) fn of_value(value: &Val, wide: bool) -> String {
    match value {
        Val::Arr(elements) if elements.iter().any(|element| matches!(element, Val::Obj(_))) => {
            of_list(elements, wide).text()
        }
        Val::Arr(elements) => elements.iter().map(|element| sanitized(&plain(element)) + "\n").collect(),
        Val::Obj(_) => of_object(value, wide).text(),
        value => sanitized(&plain(value)) + "\n",
    }
}

fn of_list(elements: &[Val], wide: bool) -> Table {
    let rows: Vec<Vec<(String, String)>> = elements.iter().map(|element| members(element, wide)).collect();
    let mut columns: Vec<&str> = Vec::new();
    for (name, cell) in rows.iter().flatten() {
        if (wide || !cell.is_empty()) && !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    let mut table = Table::new(columns.iter().map(|column| column.to_uppercase()));
    for row in &rows {
        table.row(columns.iter().enumerate().map(|(number, column)| {
            let cell = row.iter().find(|(name, _)| name == column).map_or("", |(_, cell)| cell);
            if wide || number == 0 { cell.to_owned() } else { shortened(cell) }
        }));
    }
    table
}

fn of_object(value: &Val, wide: bool) -> Table {
    let mut table = Table::default();
    for (name, cell) in members(value, wide) {
        table.row([name, cell]);
    }
    table
}

/// The cells of an object by name. In a wide table, an object within it has a cell for each of its members.
fn members(value: &Val, wide: bool) -> Vec<(String, String)> {
    let Val::Obj(members_of_value) = value else { return vec![("value".to_owned(), plain(value))] };
    let mut cells = Vec::new();
    for (name, member) in &**members_of_value {
        let name = plain(name);
        match member {
            Val::Obj(_) if wide => {
                cells.extend(members(member, wide).into_iter().map(|(inner, cell)| (format!("{name}.{inner}"), cell)));
            }
            member => cells.push((name, plain(member))),
        }
    }
    cells
}

/// A value on one line without JSON's marks: the parts of an object and the elements of a list one after the other.
fn plain(value: &Val) -> String {
    match value {
        Val::Null => String::new(),
        Val::TStr(text) | Val::BStr(text) => String::from_utf8_lossy(text).into_owned(),
        Val::Arr(elements) => joined(elements.iter(), ","),
        Val::Obj(members) => joined(members.values(), " "),
        value => value.to_string(),
    }
}

fn joined<'a>(values: impl Iterator<Item = &'a Val>, separator: &str) -> String {
    let parts: Vec<String> = values.map(plain).filter(|part| !part.is_empty()).collect();
    parts.join(separator)
}

fn shortened(cell: &str) -> String {
    if cell.width() <= MAX_WIDTH {
        return cell.to_owned();
    }
    let mut text = String::new();
    for c in cell.chars() {
        if text.width() + 2 > MAX_WIDTH {
            break;
        }
        text.push(c);
    }
    text + "…"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::parse;

    fn table(json: &str, wide: bool) -> String {
        of_value(&parse(json.as_bytes()).unwrap(), wide)
    }

    #[test]
    fn a_list_of_objects_has_a_column_for_each_member_that_is_filled() {
        let json = r#"[{"id": "1.1", "caller": {"name": "", "number": "100"}, "x": ""}, {"id": "1.22", "y": [1, 2]}]"#;
        assert_eq!(table(json, false), "ID    CALLER  Y\n1.1   100\n1.22          1,2\n");
        assert_eq!(
            table(json, true),
            "ID    CALLER.NAME  CALLER.NUMBER  X  Y\n1.1                100\n1.22                                 1,2\n"
        );
    }

    #[test]
    fn an_object_has_a_row_for_each_member() {
        assert_eq!(table(r#"{"id": "a", "state": {"n": 1}}"#, false), "id     a\nstate  1\n");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(table(r#"[{"name": "\u001b[2J\u009b"}]"#, false), "NAME\n\u{fffd}[2J\u{fffd}\n");
    }

    #[test]
    fn long_cells_are_shortened_but_for_the_id() {
        let long = "x".repeat(60);
        let text = table(&format!(r#"[{{"id": "{long}", "data": "{long}"}}]"#), false);
        assert!(text.contains(&long) && text.contains(&format!("{}…", "x".repeat(39))), "{text}");
    }
}
