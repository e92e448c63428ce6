//! A ladder for a terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::diagram::{Diagram, Lane, LaneKind, Row, Shape};
use super::step::{Edge, Tone};
use crate::output::sanitized;

/// The width of the column of times, with the gap after it.
const TIME: usize = 10;

/// How far apart columns are at least and at most.
const SPACING: (usize, usize) = (11, 30);

/// The colours of channels, one after the other.
const CHANNELS: [AnsiColor; 5] =
    [AnsiColor::Cyan, AnsiColor::Green, AnsiColor::Magenta, AnsiColor::Blue, AnsiColor::Yellow];

const DIM: Style = Style::new().dimmed();

/// Draws ladders of one width.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Painter {
    width: usize,
    is_coloured: bool,
}

impl Painter {
    /// `width` is that of the terminal.
    pub(crate) fn new(width: usize, is_coloured: bool) -> Self {
        Self { width: width.max(TIME + 2 * SPACING.0), is_coloured }
    }

    /// The whole ladder, each line with its end.
    pub(crate) fn paint(self, diagram: &Diagram) -> String {
        let columns = Columns::new(diagram, self.width);
        let mut text = String::new();
        let mut add = |line: Line| {
            text += &line.text(self.is_coloured);
            text.push('\n');
        };
        add(self.title(&diagram.title, Style::new().bold()));
        add(self.title(&diagram.subtitle, DIM));
        add(Line::new(self.width));
        for line in self.heads(diagram, &columns) {
            add(line);
        }
        for (number, row) in diagram.rows.iter().enumerate() {
            if let Some(line) = self.row(diagram, &columns, number, row) {
                add(line);
            }
        }
        if columns.hidden > 0 {
            let mut line = Line::new(self.width);
            let note = format!("{} columns more need a wider terminal, --svg or --html", columns.hidden);
            line.put(0, &note, DIM);
            add(line);
        }
        text
    }

    fn title(self, title: &str, style: Style) -> Line {
        let mut line = Line::new(self.width);
        line.put(0, &shortened(&sanitized(title), self.width), style);
        line
    }

    /// The names of columns, then their ids.
    fn heads(self, diagram: &Diagram, columns: &Columns) -> [Line; 2] {
        let mut lines = [Line::new(self.width), Line::new(self.width)];
        for (number, lane) in diagram.lanes.iter().enumerate() {
            let Some(at) = columns.at(number) else { continue };
            let style = style_of(diagram, number);
            for (line, text, style) in [(0, &lane.name, style.bold()), (1, &lane.detail, DIM)] {
                let text = without_middle(&sanitized(text), columns.spacing - 1);
                let begin = at.saturating_sub(text.width() / 2).min(self.width - text.width().min(self.width));
                lines[line].put(begin, &text, style);
            }
        }
        lines
    }

    /// A row; `None` if its columns do not fit.
    fn row(self, diagram: &Diagram, columns: &Columns, number: usize, row: &Row) -> Option<Line> {
        let mut line = Line::new(self.width);
        #[expect(clippy::cast_precision_loss, reason = "a call is shorter than that")]
        let seconds = row.at as f64 / 1_000.0;
        line.put(0, &format!("{seconds:>8.3}"), DIM);
        for (lane, Lane { rows: (first, last), .. }) in diagram.lanes.iter().enumerate() {
            if let Some(at) = columns.at(lane).filter(|_| (*first..=*last).contains(&number)) {
                line.put(at, "│", DIM);
            }
        }
        let label = sanitized(&row.label);
        match row.shape {
            Shape::Arrow(from, to) => {
                let style = toned(style_of(diagram, if is_app(diagram, from) { to } else { from }), row.tone);
                line.arrow(columns.at(from)?, columns.at(to)?, &label, style);
            }
            Shape::Mark(column, edge) => {
                let sign = match edge {
                    None => "●",
                    Some(Edge::Begin) => "○",
                    Some(Edge::End) => "✕",
                };
                line.mark(columns.at(column)?, sign, &label, toned(style_of(diagram, column), row.tone));
            }
            Shape::Gap => {
                let label = shortened(&label, self.width - TIME - 8);
                line.put(TIME, &"┈".repeat(self.width - TIME), toned(Style::new(), Tone::Bad));
                line.put(TIME + 3, &format!(" {label} "), toned(Style::new(), Tone::Bad));
            }
        }
        Some(line)
    }
}

fn is_app(diagram: &Diagram, lane: usize) -> bool {
    diagram.lanes[lane].kind == LaneKind::App
}

fn style_of(diagram: &Diagram, lane: usize) -> Style {
    match diagram.lanes[lane].kind {
        LaneKind::Channel => CHANNELS[lane % CHANNELS.len()].on_default(),
        LaneKind::Bridge | LaneKind::App => Style::new(),
    }
}

fn toned(style: Style, tone: Tone) -> Style {
    match tone {
        Tone::Plain => style,
        Tone::Good => style.bold(),
        Tone::Bad => AnsiColor::Red.on_default().bold(),
        Tone::Quiet => DIM,
    }
}

/// Where the columns are.
struct Columns {
    spacing: usize,
    /// The place of each, if it fits.
    at: Vec<Option<usize>>,
    hidden: usize,
}

impl Columns {
    fn new(diagram: &Diagram, width: usize) -> Self {
        let room = width - TIME;
        let shown = diagram.lanes.len().min(room / SPACING.0).max(1);
        let spacing = (room / shown).min(SPACING.1);
        let others = diagram.lanes.iter().filter(|lane| lane.kind != LaneKind::Channel).count();
        // Applications and bridges stay; of the channels, the first.
        let channels = shown.saturating_sub(others);
        let mut at = Vec::new();
        let mut next = 0;
        for (number, lane) in diagram.lanes.iter().enumerate() {
            let fits = (lane.kind != LaneKind::Channel || number < channels) && next < shown;
            at.push(fits.then_some(TIME + spacing / 2 + next * spacing));
            next += usize::from(fits);
        }
        let hidden = at.iter().filter(|at| at.is_none()).count();
        Self { spacing, at, hidden }
    }

    fn at(&self, lane: usize) -> Option<usize> {
        self.at.get(lane).copied().flatten()
    }
}

/// A line of cells.
struct Line {
    cells: Vec<Cell>,
}

#[derive(Clone, Copy)]
struct Cell {
    /// `None` for the second half of a wide character.
    character: Option<char>,
    style: Style,
}

impl Line {
    fn new(width: usize) -> Self {
        Self { cells: vec![Cell { character: Some(' '), style: Style::new() }; width] }
    }

    /// Puts text over what is there; what does not fit is left out.
    fn put(&mut self, mut at: usize, text: &str, style: Style) {
        for character in text.chars() {
            let width = character.width().unwrap_or(0);
            if width == 0 || at + width > self.cells.len() {
                continue;
            }
            self.cells[at] = Cell { character: Some(character), style };
            for cell in &mut self.cells[at + 1..at + width] {
                *cell = Cell { character: None, style };
            }
            at += width;
        }
    }

    fn arrow(&mut self, from: usize, to: usize, label: &str, style: Style) {
        let (left, right) = (from.min(to), from.max(to));
        self.put(left + 1, &"─".repeat(right - left - 1), style);
        if to > from {
            self.put(to - 1, "▶", style);
        } else {
            self.put(to + 1, "◀", style);
        }
        // Between the ends, a dash remains on each side.
        let inside = right - left - 1;
        if label.width() + 5 <= inside {
            let begin = left + 1 + (inside - label.width() - 2) / 2;
            self.put(begin, &format!(" {label} "), style);
        } else {
            self.beside(left, right, label, style);
        }
    }

    fn mark(&mut self, at: usize, sign: &str, label: &str, style: Style) {
        self.put(at, sign, style);
        self.beside(at, at, label, style);
    }

    /// Puts a label to the right of `right`, or to the left of `left` if only that has room.
    fn beside(&mut self, left: usize, right: usize, label: &str, style: Style) {
        if label.is_empty() {
            return;
        }
        let (before, after) = (left.saturating_sub(TIME + 2), self.cells.len().saturating_sub(right + 3));
        if label.width() <= after || after >= before {
            self.put(right + 2, &format!("{} ", shortened(label, after)), style);
        } else {
            let label = shortened(label, before);
            self.put(left - 2 - label.width(), &format!(" {label} "), style);
        }
    }

    /// Its text without spaces at the end.
    fn text(&self, is_coloured: bool) -> String {
        let is_blank = |cell: &Cell| cell.character == Some(' ');
        let end = self.cells.iter().rposition(|cell| !is_blank(cell)).map_or(0, |last| last + 1);
        let mut text = String::new();
        let mut current = Style::new();
        for Cell { character, style } in &self.cells[..end] {
            let Some(character) = character else { continue };
            if is_coloured && *style != current && *character != ' ' {
                let _ = write!(text, "{current:#}{style}");
                current = *style;
            }
            text.push(*character);
        }
        if is_coloured {
            let _ = write!(text, "{current:#}");
        }
        text
    }
}

fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for character in text.chars() {
        if short.width() + character.width().unwrap_or(0) + 1 > width {
            break;
        }
        short.push(character);
    }
    if width > 0 {
        short.push('…');
    }
    short
}

/// As [`shortened`], but keeps the last characters, by which the halves of a Local channel differ.
fn without_middle(text: &str, width: usize) -> String {
    let end = text.char_indices().nth_back(1).map_or(text, |(at, _)| &text[at..]);
    if text.width() <= width || width <= end.width() {
        return shortened(text, width);
    }
    shortened(text, width - end.width()) + end
}
