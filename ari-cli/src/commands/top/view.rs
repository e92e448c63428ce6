//! Draws the screen.

use chrono::{DateTime, Utc};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Cell, Paragraph, Row as TableRow, Sparkline, Table, TableState};

use super::screen::{Message, Screen};
use super::state::{BridgeRow, Entry, Row, State};
use crate::output::sanitized;

/// From which width on there is a column of events.
const WIDE: u16 = 140;

const CALLS: [Color; 6] = [Color::Cyan, Color::Green, Color::Yellow, Color::Magenta, Color::Blue, Color::LightRed];

/// What is drawn.
pub(super) struct View<'a> {
    pub(super) server: &'a str,
    /// Why there are no events at the moment.
    pub(super) gap: Option<&'a str>,
    pub(super) state: &'a State,
    pub(super) screen: &'a Screen,
    pub(super) now: DateTime<Utc>,
}

impl View<'_> {
    pub(super) fn draw(&self, frame: &mut Frame<'_>) {
        let [head, body, foot] =
            Layout::vertical([Constraint::Length(1), Constraint::Min(3), Constraint::Length(1)]).areas(frame.area());
        self.head(frame, head);
        self.foot(frame, foot);
        let [main, side] = if body.width >= WIDE {
            Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas(body)
        } else {
            [body, Rect::default()]
        };
        match self.screen.selected.as_deref().filter(|_| self.screen.is_close) {
            Some(id) => self.close(frame, main, id),
            None => self.lists(frame, main),
        }
        if side.width > 0 {
            self.side(frame, side);
        }
    }

    fn head(&self, frame: &mut Frame<'_>, area: Rect) {
        let State { channels, bridges, rates, .. } = self.state;
        let counts = format!(
            " {}, {}, {:.1} events/s ",
            counted(channels.len(), "channel"),
            counted(bridges.len(), "bridge"),
            rates.average()
        );
        let width = u16::try_from(counts.len()).unwrap_or(u16::MAX);
        let history = if area.width < 100 { 10 } else { 30 };
        let [left, middle, right] =
            Layout::horizontal([Constraint::Min(10), Constraint::Length(width), Constraint::Length(history)])
                .areas(area);
        let state = match self.gap {
            Some(gap) => Span::from(format!(" {}", sanitized(gap))).red().bold(),
            None => Span::from(" ●").green(),
        };
        let title =
            Line::from(vec![" ari top ".bold().reversed(), " ".into(), sanitized(host(self.server)).into(), state]);
        frame.render_widget(title, left);
        frame.render_widget(Line::from(counts), middle);
        let history = rates.history();
        let shown = &history[history.len().saturating_sub(usize::from(right.width))..];
        frame.render_widget(Sparkline::default().data(shown).style(Style::new().cyan()), right);
    }

    fn foot(&self, frame: &mut Frame<'_>, area: Rect) {
        let line = match (&self.screen.asked, &self.screen.message) {
            (Some((_, name)), _) => {
                Line::from(format!(" Hang up {}?  y yes · any other key no", sanitized(name))).bold().yellow()
            }
            (None, Some(Message { text, is_bad })) => {
                let line = Line::from(format!(" {}", sanitized(text)));
                if *is_bad { line.red().bold() } else { line.green() }
            }
            (None, None) => {
                let close = if self.screen.is_close { [" esc", " back"] } else { [" enter", " look closer"] };
                let keys = [" ↑↓", " select ·", close[0], close[1], " ·  h", " hang up ·", " q", " quit"];
                let spans = keys.iter().enumerate().map(|(number, text)| match number % 2 {
                    0 => Span::from(*text).bold(),
                    _ => Span::from(*text).dim(),
                });
                Line::from(spans.collect::<Vec<_>>())
            }
        };
        frame.render_widget(line, area);
    }

    fn lists(&self, frame: &mut Frame<'_>, area: Rect) {
        let bridges = u16::try_from(self.state.bridges.len()).unwrap_or(u16::MAX).saturating_add(3);
        let bridges = if self.state.bridges.is_empty() { 0 } else { bridges.min(area.height / 3) };
        let [upper, lower] = Layout::vertical([Constraint::Min(3), Constraint::Length(bridges)]).areas(area);
        self.channels(frame, upper);
        if bridges > 0 {
            self.bridges(frame, lower);
        }
    }

    fn channels(&self, frame: &mut Frame<'_>, area: Rect) {
        let rows = self.state.sorted();
        let selected = rows.iter().position(|row| Some(&row.id) == self.screen.selected.as_ref());
        let is_wide = area.width >= 116;
        let name = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).clamp(12, 34);
        let mut widths = vec![
            Constraint::Length(1),
            Constraint::Length(u16::try_from(name).unwrap_or(34)),
            Constraint::Length(7),
            Constraint::Length(if is_wide { 12 } else { 10 }),
            Constraint::Length(7),
            Constraint::Length(if is_wide { 12 } else { 8 }),
            Constraint::Fill(1),
        ];
        let mut heading = vec!["", "CHANNEL", "STATE", "APP", "AGE", "BRIDGE", "DOES"];
        if is_wide {
            widths.insert(3, Constraint::Length(24));
            heading.insert(3, "CALLER");
        }
        let table = Table::new(
            rows.iter().enumerate().map(|(number, row)| self.channel(row, is_wide, Some(number) == selected)),
            widths,
        )
        .header(TableRow::new(heading).dim())
        .row_highlight_style(Style::new().bg(Color::DarkGray).bold())
        .block(block("Channels"));
        let mut place = TableState::new().with_selected(selected);
        frame.render_stateful_widget(table, area, &mut place);
        if rows.is_empty() {
            let [_, line, _] =
                Layout::vertical([Constraint::Length(2), Constraint::Length(1), Constraint::Min(0)]).areas(area);
            frame.render_widget(Line::from("  no channels: a call will appear here").dim(), line);
        }
    }

    fn channel(&self, row: &Row, is_wide: bool, is_selected: bool) -> TableRow<'static> {
        let bridge = row.bridge.as_deref().map(|id| self.state.bridge_name(id)).unwrap_or_default();
        let doing = Style::new().fg(if row.is_talking { Color::Green } else { Color::Reset });
        let mut cells = vec![
            Cell::from(if is_selected { "❯" } else { "▌" }).style(of_call(row.call)),
            Cell::from(sanitized(&row.name)).style(of_call(row.call)),
            Cell::from(sanitized(&row.state)).style(of_state(&row.state)),
            Cell::from(sanitized(&row.app)),
            Cell::from(row.age(self.now)),
            Cell::from(sanitized(&bridge)),
            Cell::from(sanitized(&row.doing())).style(doing),
        ];
        if is_wide {
            cells.insert(3, Cell::from(sanitized(&row.parties)));
        }
        TableRow::new(cells)
    }

    fn bridges(&self, frame: &mut Frame<'_>, area: Rect) {
        let names = |bridge: &BridgeRow| {
            let name = |id: &String| self.state.channels.get(id).map_or_else(|| id.clone(), |row| row.name.clone());
            bridge.channels.iter().map(name).collect::<Vec<_>>().join("  ")
        };
        let rows = self.state.bridges.values().map(|bridge| {
            let call = bridge.channels.first().and_then(|id| self.state.channels.get(id)?.call);
            TableRow::new([
                Cell::from("▌").style(of_call(call)),
                Cell::from(sanitized(&self.state.bridge_name(&bridge.id))),
                Cell::from(sanitized(&bridge.kind)),
                Cell::from(bridge.channels.len().to_string()),
                Cell::from(sanitized(&[names(bridge), bridge.activity.clone()].join("  "))),
            ])
        });
        let widths = [
            Constraint::Length(1),
            Constraint::Length(16),
            Constraint::Length(8),
            Constraint::Length(3),
            Constraint::Fill(1),
        ];
        let table = Table::new(rows, widths)
            .header(TableRow::new(["", "BRIDGE", "TYPE", "IN", "CHANNELS"]).dim())
            .block(block("Bridges"));
        frame.render_widget(table, area);
    }

    /// A channel and its events.
    fn close(&self, frame: &mut Frame<'_>, area: Rect, id: &str) {
        let [upper, lower] = Layout::vertical([Constraint::Length(6), Constraint::Min(3)]).areas(area);
        let facts = match self.state.channels.get(id) {
            Some(row) => self.facts(row),
            None => vec![Line::from(format!(" {} has ended", sanitized(id))).red()],
        };
        frame.render_widget(Paragraph::new(facts).block(block("Channel")), upper);
        let events: Vec<&Entry> = self.state.events_of(id).take(usize::from(lower.height)).collect();
        frame.render_widget(entries(&events, false).block(block("Events, the latest first")), lower);
    }

    fn facts(&self, row: &Row) -> Vec<Line<'static>> {
        let bridge = row.bridge.as_deref().map(|id| self.state.bridge_name(id)).unwrap_or_default();
        let fact =
            |name: &'static str, value: &str| [Span::from(format!(" {name:<10}")).dim(), sanitized(value).into()];
        let two = |one: [Span<'static>; 2], other: [Span<'static>; 2]| {
            let width = one[1].width();
            let gap = " ".repeat(34_usize.saturating_sub(width));
            let [name, value] = one;
            let [other_name, other_value] = other;
            Line::from(vec![name, value, gap.into(), other_name, other_value])
        };
        vec![
            two(fact("name", &row.name), fact("id", &row.id)),
            two(fact("state", &row.state), fact("age", &row.age(self.now))),
            two(fact("caller", &row.parties), fact("connected", &row.connected)),
            two(fact("app", &row.app), fact("bridge", &bridge)),
            Line::from(fact("does", &row.doing()).to_vec()),
        ]
    }

    /// The rates of types, and the latest events of all.
    fn side(&self, frame: &mut Frame<'_>, area: Rect) {
        let [upper, lower] = Layout::vertical([Constraint::Length(7), Constraint::Min(3)]).areas(area);
        let types = self.state.rates.most(5);
        let rows = types.iter().map(|(kind, count)| TableRow::new([sanitized(kind), count.to_string()]));
        let table = Table::new(rows, [Constraint::Length(28), Constraint::Fill(1)]);
        frame.render_widget(table.block(block("Events by type")), upper);
        let latest: Vec<&Entry> = self.state.events.iter().rev().take(usize::from(lower.height)).collect();
        frame.render_widget(entries(&latest, true).block(block("Events, the latest first")), lower);
    }
}

/// A URL without what is the same everywhere.
fn host(url: &str) -> &str {
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    url.trim_end_matches('/').trim_end_matches("/ari")
}

fn entries(events: &[&Entry], with_subject: bool) -> Table<'static> {
    let rows = events.iter().map(|entry| {
        let subject = if with_subject { sanitized(&entry.subject) } else { String::new() };
        TableRow::new([
            Cell::from(entry.time.clone()).dim(),
            Cell::from(sanitized(&entry.kind)),
            Cell::from(subject).style(of_call(entry.call)),
            Cell::from(sanitized(&entry.words)),
        ])
    });
    let subject = if with_subject { 22 } else { 0 };
    let widths = [Constraint::Length(12), Constraint::Length(21), Constraint::Length(subject), Constraint::Fill(1)];
    Table::new(rows.collect::<Vec<_>>(), widths)
}

fn block(title: &'static str) -> Block<'static> {
    Block::new().borders(Borders::TOP).border_style(Style::new().dim()).title(Span::from(format!(" {title} ")).bold())
}

fn of_call(call: Option<u64>) -> Style {
    let number = call.and_then(|call| usize::try_from(call).ok());
    number.map_or(Style::new(), |number| Style::new().fg(CALLS[number % CALLS.len()]))
}

fn of_state(state: &str) -> Style {
    match state {
        "Up" => Style::new().green(),
        "Ring" | "Ringing" => Style::new().yellow(),
        "Busy" => Style::new().red(),
        _ => Style::new().dim(),
    }
}

fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
