//! What has happened, as text with three columns: people, the server and the program.

use std::fmt;

use ari_bindings::Release;
use serde_json::Value;

use crate::exchange::SessionId;
use crate::journal::{Entry, Journal, What};

/// The width of the column of people.
const PEOPLE: usize = 40;

pub(crate) struct Ladder<'a> {
    pub(crate) release: Release,
    pub(crate) seed: u64,
    pub(crate) journal: &'a Journal,
}

impl fmt::Display for Ladder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Asterisk {}, seed {}", self.release, self.seed)?;
        writeln!(f, "{:>9}  {:PEOPLE$}│ program", "seconds", "people")?;
        if self.journal.forgotten() > 0 {
            writeln!(f, "({} lines before these are no longer known)", self.journal.forgotten())?;
        }
        for Entry { at, what } in self.journal.entries() {
            write!(f, "{:>9.3}  ", at.as_secs_f64())?;
            match what {
                What::Act { who, act, .. } => writeln!(f, "{:PEOPLE$}│", format!("{who} {act} ──▶"))?,
                What::Heard { who, what, .. } => writeln!(f, "{:PEOPLE$}│", format!("{who} ◀── {what}"))?,
                what => {
                    write!(f, "{:PEOPLE$}│ ", "")?;
                    program(f, what)?;
                }
            }
        }
        Ok(())
    }
}

/// What goes between the server and the program.
fn program(f: &mut fmt::Formatter<'_>, what: &What) -> fmt::Result {
    match what {
        What::Request { number, request, .. } => {
            write!(f, "◀── {} {}", request.method, request.path)?;
            if let Some(query) = &request.query {
                write!(f, "?{query}")?;
            }
            if !request.body.is_empty() {
                write!(f, " {}", String::from_utf8_lossy(&request.body))?;
            }
            writeln!(f, "  #{number}")
        }
        What::Reply { number, status, body } => {
            write!(f, "──▶ {status}  #{number}")?;
            match body {
                Some(body) if *status >= 400 => writeln!(f, " {body}"),
                _ => writeln!(f),
            }
        }
        What::Event { text, .. } => writeln!(f, "──▶ {}", event(text)),
        What::Connected { session: SessionId(number), apps } => {
            writeln!(f, "connection {number} for {}", apps.join(", "))
        }
        What::Disconnected { session: SessionId(number) } => writeln!(f, "connection {number} has ended"),
        What::Restarted => writeln!(f, "the server was restarted"),
        What::Act { .. } | What::Heard { .. } => Ok(()),
    }
}

/// An event in short: its type, what it is about, and what is new.
fn event(text: &str) -> String {
    let Ok(event) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    let members = [
        "/channel/id",
        "/peer/id",
        "/playback/id",
        "/recording/name",
        "/bridge/id",
        "/channel/state",
        "/digit",
        "/dialstatus",
        "/cause",
        "/playback/media_uri",
        "/playback/state",
        "/recording/state",
        "/variable",
        "/value",
        "/eventname",
        "/replace_channel/id",
        "/device_state/name",
        "/device_state/state",
    ];
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let kind = event["type"].as_str().unwrap_or("?");
    let shows_state = matches!(kind, "StasisStart" | "ChannelStateChange");
    let members = members.iter().filter(|member| shows_state || **member != "/channel/state");
    let members = members.filter_map(|member| event.pointer(member)).map(text).filter(|text| !text.is_empty());
    std::iter::once(kind.to_owned()).chain(members).collect::<Vec<_>>().join(" ")
}
