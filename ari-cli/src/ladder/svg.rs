//! A ladder as a picture.

use std::fmt::{self, Write as _};

use super::diagram::{Diagram, LaneKind, Row, Shape};
use super::step::{Edge, Tone};

const MARGIN: usize = 24;
const TIME: usize = 72;
const SPACING: usize = 170;
const ROW: usize = 30;
const HEAD: usize = 120;

/// The colours of channels, for light and dark backgrounds alike.
const CHANNELS: [&str; 5] = ["#0e8aa8", "#3a9a3f", "#a846c4", "#3f6fd8", "#b07d10"];

const STYLE: &str = "\
.ladder{font:13px ui-sans-serif,system-ui,sans-serif;fill:#24292f;color:#24292f;--line:#c3c9d0;--back:#ffffff;--bad:#cf222e;--soft:#6e7781}
.ladder .back{fill:var(--back)}.ladder .title{font-size:16px;font-weight:600}
.ladder .name{font-weight:600;text-anchor:middle}.ladder .id{font-size:11px;fill:var(--soft);text-anchor:middle}
.ladder .time{font:11px ui-monospace,monospace;fill:var(--soft);text-anchor:end}
.ladder .life{stroke:var(--line);stroke-width:1.5}.ladder .soft{fill:var(--soft)}
.ladder .label{text-anchor:middle;paint-order:stroke;stroke:var(--back);stroke-width:4px}
.ladder .beside{paint-order:stroke;stroke:var(--back);stroke-width:4px}
.ladder .bad{fill:var(--bad)}.ladder .good{font-weight:600}
@media(prefers-color-scheme:dark){.ladder{fill:#e6edf3;color:#e6edf3;--line:#444c56;--back:#0d1117;--bad:#ff7b72;--soft:#8b949e}}";

/// The picture of a call, a document of its own.
pub(crate) fn picture(diagram: &Diagram) -> String {
    let width = 2 * MARGIN + TIME + SPACING * diagram.lanes.len().max(2);
    let height = HEAD + ROW * (diagram.rows.len() + 1) + MARGIN;
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ladder\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"back\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>\n\
         <text class=\"title\" x=\"{MARGIN}\" y=\"34\">{title}</text>\n\
         <text class=\"soft\" x=\"{MARGIN}\" y=\"54\">{subtitle}</text>",
        title = Escaped(&diagram.title),
        subtitle = Escaped(&diagram.subtitle),
    );
    heads(&mut svg, diagram);
    for (number, row) in diagram.rows.iter().enumerate() {
        let _ = writeln!(svg, "<g><title>{}</title>", Escaped(&row.detail));
        #[expect(clippy::cast_precision_loss, reason = "a call is shorter than that")]
        let seconds = row.at as f64 / 1_000.0;
        let y = height_of(number);
        let _ = writeln!(svg, "<text class=\"time\" x=\"{}\" y=\"{}\">{seconds:.3}</text>", MARGIN + TIME - 20, y + 4);
        shape(&mut svg, diagram, row, y, width);
        svg += "</g>\n";
    }
    svg += "</svg>\n";
    svg
}

fn heads(svg: &mut String, diagram: &Diagram) {
    for (number, lane) in diagram.lanes.iter().enumerate() {
        let x = place_of(number);
        let (first, last) = lane.rows;
        let (top, end) = (height_of(first), height_of(last.min(diagram.rows.len())));
        let _ = writeln!(
            svg,
            "<line class=\"life\" x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{end}\"/>\n\
             <text class=\"name\" x=\"{x}\" y=\"86\" fill=\"{colour}\">{name}</text>\n\
             <text class=\"id\" x=\"{x}\" y=\"103\">{id}</text>",
            if first == 0 { HEAD - 8 } else { top },
            colour = colour(diagram, number),
            name = Escaped(&shortened(&lane.name, 22)),
            id = Escaped(&shortened(&lane.detail, 26)),
        );
    }
}

fn shape(svg: &mut String, diagram: &Diagram, row: &Row, y: usize, width: usize) {
    let label = Escaped(&row.label);
    let tone = match row.tone {
        Tone::Plain => "",
        Tone::Good => " good",
        Tone::Bad => " bad",
        Tone::Quiet => " soft",
    };
    match row.shape {
        Shape::Arrow(from, to) => {
            let is_app = diagram.lanes[from].kind == LaneKind::App;
            let colour = toned(diagram, if is_app { to } else { from }, row.tone);
            let (x1, x2) = (place_of(from), place_of(to));
            let (tip, barb) = if x2 > x1 { (x2 - 1, x2 - 9) } else { (x2 + 1, x2 + 9) };
            let _ = writeln!(
                svg,
                "<line x1=\"{x1}\" y1=\"{y}\" x2=\"{barb}\" y2=\"{y}\" stroke=\"{colour}\" stroke-width=\"1.5\"/>\
                 <path d=\"M{tip} {y} L{barb} {} L{barb} {} Z\" fill=\"{colour}\"/>\
                 <text class=\"label{tone}\" x=\"{}\" y=\"{}\">{label}</text>",
                y - 4,
                y + 4,
                usize::midpoint(x1, x2),
                y - 5,
            );
        }
        Shape::Mark(lane, edge) => {
            let (x, colour) = (place_of(lane), toned(diagram, lane, row.tone));
            let fill = if edge.is_none() { colour } else { "var(--back)" };
            let _ = match edge {
                Some(Edge::End) => writeln!(
                    svg,
                    "<path d=\"M{} {} L{} {} M{} {} L{} {}\" stroke=\"{colour}\" stroke-width=\"2.5\"/>",
                    x - 5,
                    y - 5,
                    x + 5,
                    y + 5,
                    x - 5,
                    y + 5,
                    x + 5,
                    y - 5
                ),
                _ => writeln!(
                    svg,
                    "<circle cx=\"{x}\" cy=\"{y}\" r=\"4\" fill=\"{fill}\" stroke=\"{colour}\" stroke-width=\"2\"/>"
                ),
            };
            // The last columns have no room on their right.
            let is_last = lane + 1 == diagram.lanes.len() && diagram.lanes.len() > 1;
            let (at, anchor) = if is_last { (x - 11, "end") } else { (x + 11, "start") };
            let _ = writeln!(
                svg,
                "<text class=\"beside{tone}\" x=\"{at}\" y=\"{}\" text-anchor=\"{anchor}\">{label}</text>",
                y + 4
            );
        }
        Shape::Gap => {
            let _ = writeln!(
                svg,
                "<line x1=\"{}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"var(--bad)\" stroke-dasharray=\"3 4\"/>\
                 <text class=\"beside bad\" x=\"{}\" y=\"{}\">{label}</text>",
                MARGIN + TIME,
                width - MARGIN,
                MARGIN + TIME + 8,
                y - 5,
            );
        }
    }
}

fn place_of(lane: usize) -> usize {
    MARGIN + TIME + SPACING / 2 + lane * SPACING
}

fn height_of(row: usize) -> usize {
    HEAD + ROW / 2 + row * ROW
}

fn colour(diagram: &Diagram, lane: usize) -> &'static str {
    match diagram.lanes[lane].kind {
        LaneKind::Channel => CHANNELS[lane % CHANNELS.len()],
        LaneKind::Bridge | LaneKind::App => "currentColor",
    }
}

fn toned(diagram: &Diagram, lane: usize, tone: Tone) -> &'static str {
    match (tone, colour(diagram, lane)) {
        (Tone::Bad, _) => "var(--bad)",
        (Tone::Quiet, _) | (_, "currentColor") => "var(--soft)",
        (_, colour) => colour,
    }
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// Text in XML: escaped, without the control characters that XML does not allow.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\n' | '\t' => f.write_char(' ')?,
                '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                character if character.is_control() => f.write_char('\u{fffd}')?,
                character => f.write_char(character)?,
            }
        }
        Ok(())
    }
}
