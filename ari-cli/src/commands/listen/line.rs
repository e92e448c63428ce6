//! An event as a line for people.

use anstyle::{AnsiColor, Style};
use ari_bindings::Event as Received;

use super::parsed;
use crate::calls::{Calls, Event, subject, words};
use crate::output::{self, sanitized};

/// How wide the type is: the longest that is frequent.
const KIND: usize = 21;

/// How wide the subject is at least.
const SUBJECT: usize = 26;

/// The colours of calls, one after the other.
pub(crate) const CALLS: [AnsiColor; 6] =
    [AnsiColor::Cyan, AnsiColor::Green, AnsiColor::Yellow, AnsiColor::Magenta, AnsiColor::Blue, AnsiColor::BrightRed];

/// Makes lines; the events of a call have the same colour.
pub(super) struct Lines {
    calls: Calls,
    is_coloured: bool,
}

impl Lines {
    pub(super) fn new(is_coloured: bool) -> Self {
        Self { calls: Calls::default(), is_coloured }
    }

    pub(super) fn event(&mut self, text: &str) -> String {
        match parsed(text) {
            Some(event) => self.line(&event),
            None => format!("{:12}  {:KIND$}  {}\n", "", "no event", sanitized(text)),
        }
    }

    fn line(&mut self, event: &Event) -> String {
        let call = self.calls.note(event).map(|noted| noted.call);
        let time = event.at().map_or_else(String::new, |at| at.format("%H:%M:%S%.3f").to_string());
        let (kind, subject, words) = (sanitized(event.kind()), sanitized(&subject(event)), sanitized(&words(event)));
        let (of_time, of_call, of_kind) = (self.style(DIM), self.of(call), self.style(kind_style(event)));
        let bar = if call.is_some() && self.is_coloured { "▌" } else { " " };
        let line = format!(
            "{of_time}{time:12}{of_time:#} {of_call}{bar}{of_call:#}{of_kind}{kind:KIND$}{of_kind:#}  \
             {of_call}{subject:SUBJECT$}{of_call:#}  {words}"
        );
        line.trim_end().to_owned() + "\n"
    }

    pub(super) fn notice(&self, notice: &Received) -> String {
        let style = self.style(output::ERROR);
        format!("{style}{}{style:#}\n", self::notice(notice))
    }

    fn of(&self, call: Option<u64>) -> Style {
        let number = call.and_then(|call| usize::try_from(call).ok());
        number.map_or(Style::new(), |number| self.style(CALLS[number % CALLS.len()].on_default()))
    }

    fn style(&self, style: Style) -> Style {
        if self.is_coloured { style } else { Style::new() }
    }
}

const DIM: Style = Style::new().dimmed();

fn kind_style(event: &Event) -> Style {
    match event.kind() {
        "StasisStart" | "StasisEnd" => Style::new().bold(),
        "RecordingFailed" | "ApplicationReplaced" | "ApplicationMoveFailed" => AnsiColor::Red.on_default(),
        "ChannelVarset" | "ChannelDialplan" => DIM,
        _ => Style::new(),
    }
}

/// What a notice about the connection says.
pub(super) fn notice(notice: &Received) -> String {
    let text = match notice {
        Received::Disconnected(gap) => format!("{gap}; events are missing from here"),
        Received::Reconnected(gap) => format!("{gap}; events come again"),
        Received::Dropped(dropped) => dropped.to_string(),
        notice => notice.kind().to_owned(),
    };
    format!("──── {} ────", sanitized(&text))
}
