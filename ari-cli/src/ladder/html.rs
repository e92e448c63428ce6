//! Calls as a page: each with its ladder and its events.

use std::fmt::Write as _;

use super::diagram::Diagram;
use super::svg::{Escaped, picture};
use crate::calls::{Call, Event, subject, words};

const STYLE: &str = "\
:root{color-scheme:light dark}body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem}
.ladder-of{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px}
td,th{text-align:left;padding:.15rem .6rem .15rem 0;vertical-align:top}td:first-child{font-family:ui-monospace,monospace}
tr{border-bottom:1px solid color-mix(in srgb,currentColor 15%,transparent)}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px}summary{cursor:pointer}";

/// A page that needs no other file.
pub(crate) fn page(calls: &[(&Call, Diagram)]) -> String {
    let mut html = String::new();
    let _ = writeln!(
        html,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Calls</title>\n<style>{STYLE}</style>"
    );
    for (call, diagram) in calls {
        let _ = writeln!(html, "<section>\n<div class=\"ladder-of\">\n{}</div>", picture(diagram));
        html += "<details><summary>Events</summary>\n<table><tr><th>Time<th>Event<th>About<th>What</tr>\n";
        for event in call.events() {
            row(&mut html, event);
        }
        html += "</table></details>\n</section>\n";
    }
    html
}

fn row(html: &mut String, event: &Event) {
    let time = event.at().map(|at| at.format("%H:%M:%S%.3f").to_string()).unwrap_or_default();
    let json = serde_json::to_string_pretty(event.body()).unwrap_or_default();
    let _ = writeln!(
        html,
        "<tr><td>{time}<td><details><summary>{}</summary><pre>{}</pre></details><td>{}<td>{}</tr>",
        Escaped(event.kind()),
        // Line ends stay here.
        json.lines().map(|line| Escaped(line).to_string() + "\n").collect::<String>(),
        Escaped(&subject(event)),
        Escaped(&words(event)),
    );
}
