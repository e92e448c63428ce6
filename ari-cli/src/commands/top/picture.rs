//! Screens from recordings, as text and as a picture.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::screen::Screen;
use super::state::State;
use super::view::View;
use crate::feed;
use crate::ladder::Escaped;
use crate::pictures;

/// The size of a cell in the picture.
const CELL: (f64, f64) = (8.0, 18.0);

/// What a recording has shown when this many seconds of it have passed.
fn state(name: &str, seconds: i64) -> (State, DateTime<Utc>) {
    let mut state = State::default();
    let events = feed::recording(&pictures::recording(name)).unwrap().into_iter().filter_map(feed::event_of);
    let mut begin = None;
    let mut now = DateTime::UNIX_EPOCH;
    for event in events {
        let at = event.at().unwrap().to_utc();
        if (at - *begin.get_or_insert(at)).num_seconds() >= seconds {
            break;
        }
        now = at;
        state.apply(&event, at);
    }
    (state, now)
}

fn drawn(size: (u16, u16), state: &State, screen: &mut Screen, now: DateTime<Utc>) -> Buffer {
    screen.settle(state);
    let server = "http://pbx.example.com:8088/ari";
    let view = View { server, gap: None, state, screen, now };
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal.draw(|frame| view.draw(frame)).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let lines = buffer.content().chunks(buffer.area.width.into());
    let line = |cells: &[Cell]| cells.iter().map(Cell::symbol).collect::<String>().trim_end().to_owned() + "\n";
    lines.map(line).collect()
}

#[test]
fn lists_fit_80_columns() {
    let (state, now) = state("busy.jsonl", 5);
    insta::assert_snapshot!("80", text(&drawn((80, 24), &state, &mut Screen::default(), now)));
}

#[test]
fn a_wide_terminal_shows_more() {
    let (state, now) = state("busy.jsonl", 5);
    insta::assert_snapshot!("200", text(&drawn((200, 30), &state, &mut Screen::default(), now)));
}

#[test]
fn a_channel_looked_at_closer_shows_its_events() {
    let (state, now) = state("busy.jsonl", 5);
    let mut screen = Screen::default();
    screen.settle(&state);
    screen.is_close = true;
    insta::assert_snapshot!("close", text(&drawn((80, 24), &state, &mut screen, now)));
}

#[test]
fn an_empty_server_and_a_small_screen_are_no_trouble() {
    let (state, now) = (State::default(), DateTime::UNIX_EPOCH);
    let text = text(&drawn((80, 10), &state, &mut Screen::default(), now));
    assert!(text.contains("no channels") && text.contains("0 channels, 0 bridges"), "{text}");
    for size in [(1, 1), (20, 3), (139, 5), (140, 4)] {
        drawn(size, &state, &mut Screen::default(), now);
    }
}

#[test]
fn pictures_of_top_are_current() {
    let (state, now) = state("busy.jsonl", 5);
    let buffer = drawn((120, 24), &state, &mut Screen::default(), now);
    pictures::check("ari-top.svg", &picture(&buffer));
}

/// A screen as a picture of a dark terminal.
fn picture(buffer: &Buffer) -> String {
    let area = buffer.area;
    let (width, height) = (f64::from(area.width) * CELL.0 + 32.0, f64::from(area.height) * CELL.1 + 32.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\">\n<title>ari top</title>\n<rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#0d1117\"/>\n\
         <g font-family=\"ui-monospace,monospace\" font-size=\"13\" xml:space=\"preserve\">\n"
    );
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let first = &buffer[(x, y)];
            let is_like_first = |cell: &Cell| cell.style() == first.style();
            let run = (x..area.width).take_while(|x| is_like_first(&buffer[(*x, y)])).count();
            let run = u16::try_from(run).unwrap();
            let text: String = (x..x + run).map(|x| buffer[(x, y)].symbol()).collect();
            run_of_cells(&mut svg, (x, y, run), first, &text);
            x += run;
        }
    }
    svg + "</g>\n</svg>\n"
}

fn run_of_cells(svg: &mut String, (x, y, run): (u16, u16, u16), style: &Cell, text: &str) {
    let (left, top) = (f64::from(x) * CELL.0 + 16.0, f64::from(y) * CELL.1 + 16.0);
    let is_reversed = style.modifier.contains(Modifier::REVERSED);
    let colour = if style.modifier.contains(Modifier::DIM) { "#8b949e" } else { hex(style.fg) };
    let width = f64::from(run) * CELL.0;
    if is_reversed {
        let _ =
            writeln!(svg, "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{}\" fill=\"{colour}\"/>", CELL.1);
    }
    if text.trim().is_empty() {
        return;
    }
    let weight = if style.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let colour = if is_reversed { "#0d1117" } else { colour };
    // Viewers collapse other spaces.
    let text = text.replace(' ', "\u{a0}");
    let _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"{}\" fill=\"{colour}\"{weight} textLength=\"{width}\">{}</text>",
        top + 13.5,
        Escaped(&text)
    );
}

fn hex(colour: Color) -> &'static str {
    match colour {
        Color::Cyan => "#39c5cf",
        Color::Green => "#56d364",
        Color::Yellow => "#e3b341",
        Color::Magenta => "#bc8cff",
        Color::Blue => "#58a6ff",
        Color::Red => "#ff7b72",
        Color::LightRed => "#ffa198",
        _ => "#e6edf3",
    }
}
