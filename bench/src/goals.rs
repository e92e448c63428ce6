//! What the bindings aim at, and whether the tables of a run show it.

use crate::build::{DATA_ALONE, DEFAULT, PEER};
use crate::contenders::{OUR_APP, OURS};
use crate::media::MEDIA;
use crate::table::Table;

/// An upper bound of a number in a table.
struct Goal {
    what: &'static str,
    /// How the table's title begins.
    table: &'static str,
    row: &'static str,
    column: &'static str,
    /// The number is divided by that of this row.
    relative_to: Option<&'static str>,
    at_most: f64,
}

const fn goal(table: &'static str, column: &'static str, at_most: f64, what: &'static str) -> Goal {
    Goal { what, table, row: OURS, column, relative_to: None, at_most }
}

const GOALS: &[Goal] = &[
    goal("Decoding", "ratio", 0.91, "decode: time, of one struct in one pass"),
    goal("Decoding", "allocations/event", 8.0, "decode: allocations an event"),
    goal("GET /asterisk/ping", "ratio", 1.05, "ping by HTTP: CPU, of bare reqwest"),
    goal("GET /channels", "ratio", 1.05, "100 channels by HTTP: CPU, of bare reqwest"),
    goal("Whole calls", "ratio", 1.05, "a whole call: CPU, of reqwest and tokio-tungstenite"),
    Goal { row: OUR_APP, ..goal("Idle calls", "KiB/call", 8.0, "ari-app: KiB of memory, an idle call") },
    Goal { row: OUR_APP, ..goal("Incoming calls", "ratio", 1.3, "ari-app: CPU of a call, of a task on ari-bindings") },
    Goal { row: OUR_APP, ..goal("Incoming calls", "of 100 at once", 1.25, "ari-app: CPU of a call, of 100 at once") },
    Goal {
        row: MEDIA,
        ..goal("Echo over AudioSocket", "late %", 0.1, "ari-media: % of the frames late over AudioSocket")
    },
    Goal { row: MEDIA, ..goal("Echo over WebSocket", "late %", 0.1, "ari-media: % of the frames late over WebSocket") },
    Goal {
        row: DEFAULT,
        relative_to: Some(PEER),
        ..goal("Building", "CPU s, build", 0.75, "clean dev build, default features: CPU, of asterisk-rs-ari")
    },
    Goal {
        row: DEFAULT,
        relative_to: Some(PEER),
        ..goal("Building", "crates", 0.999, "default features: crates, of asterisk-rs-ari")
    },
    Goal { row: DATA_ALONE, ..goal("Building", "crates", 18.0, "no feature: crates") },
];

/// A row for each goal that the tables have numbers for.
pub(crate) fn table(tables: &[Table]) -> Option<Table> {
    let mut goals = Table::new("Goals", &["", "at most", "measured", "met"]);
    let mut any = false;
    for goal in GOALS {
        for measured in tables.iter().filter_map(|table| goal.measure(table)) {
            any = true;
            goals.row(vec![
                measured.label,
                format!("{:.2}", goal.at_most),
                format!("{:.2}", measured.worst),
                if measured.worst <= goal.at_most { "yes" } else { "no" }.to_owned(),
            ]);
        }
    }
    any.then_some(goals)
}

/// The worst of the numbers that a goal is about in one table.
struct Measured {
    label: String,
    worst: f64,
}

impl Goal {
    fn measure(&self, table: &Table) -> Option<Measured> {
        table.title().strip_prefix(self.table)?;
        let reference = match self.relative_to {
            Some(row) => table.numbers(row, self.column).into_iter().next()?,
            None => 1.0,
        };
        let worst = table.numbers(self.row, self.column).into_iter().reduce(f64::max)? / reference;
        // Requests have a table for each number of requests at once.
        let variant = table.title().split(", ").find(|part| part.ends_with(" at once"));
        let label = variant.map_or_else(|| self.what.to_owned(), |variant| format!("{}, {variant}", self.what));
        Some(Measured { label, worst })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_use_the_worst_row_and_the_reference_row() {
        let mut calls = Table::new("Whole calls with Asterisk 22", &["", "ratio"]);
        calls.row(vec![OURS.into(), "1.01".into()]);
        calls.row(vec![OURS.into(), "1.07".into()]);
        let mut build = Table::new("Building a program", &["features", "crates"]);
        build.row(vec![DEFAULT.into(), "90".into()]);
        build.row(vec![PEER.into(), "120".into()]);
        let text = table(&[calls, build]).unwrap().to_string();
        assert!(text.contains("1.05 |     1.07 |  no |"), "{text}");
        assert!(text.contains("0.75 | yes |"), "{text}");
        assert!(table(&[]).is_none());
    }
}
