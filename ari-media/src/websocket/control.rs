//! Control messages of `chan_websocket`: JSON or plain text, whichever the channel uses.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

use crate::pipe::outbox::Mark;

/// How a channel writes its control messages, and reads those of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Json,
    PlainText,
}

/// What the program asks of the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// Report when everything before has been played (20.18, 22.8, 23.2 and later).
    MarkMedia(Mark),
    /// Drop what has not been played, marks included.
    FlushMedia,
    /// Report how many frames wait to be played.
    GetStatus,
}

/// What the channel reports.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    MediaStart(MediaStart),
    /// The queue is nearly full.
    MediaXoff,
    /// The queue has room again.
    MediaXon,
    /// `None` if the mark is not one of the program's.
    MarkProcessed(Option<Mark>),
    DtmfEnd(char),
    /// How many frames wait to be played.
    Status(usize),
    Error(String),
    /// What a later release may send, or an unreadable message.
    Unknown(String),
}

/// What Asterisk says about a channel when its connection opens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MediaStart {
    /// The connection id that the program connected to, or the section of `websocket_client.conf` by which Asterisk did.
    pub connection_id: String,
    /// The channel's id.
    pub channel_id: String,
    /// The channel's name.
    pub channel: String,
    /// The channel's format.
    pub format: String,
    /// The channel's variables, if Asterisk sends them: with control messages in JSON.
    pub variables: BTreeMap<String, String>,
    /// Bytes in a frame; 0 if frames differ in size.
    pub(crate) frame_bytes: usize,
}

impl Dialect {
    /// Every JSON message is an object; no message in plain text begins with a brace.
    pub(crate) fn of(text: &str) -> Self {
        if text.starts_with('{') { Self::Json } else { Self::PlainText }
    }
}

impl Command {
    /// The message, which is shorter than the 128 bytes that Asterisk reads.
    pub(crate) fn write(self, dialect: Dialect) -> String {
        let (word, id) = match self {
            Self::MarkMedia(mark) => ("MARK_MEDIA", Some(write_mark(mark))),
            Self::FlushMedia => ("FLUSH_MEDIA", None),
            Self::GetStatus => ("GET_STATUS", None),
        };
        match (dialect, id) {
            (Dialect::Json, Some(id)) => format!(r#"{{"command":"{word}","correlation_id":"{id}"}}"#),
            (Dialect::Json, None) => format!(r#"{{"command":"{word}"}}"#),
            (Dialect::PlainText, Some(id)) => format!("{word} {id}"),
            (Dialect::PlainText, None) => word.to_owned(),
        }
    }
}

/// A mark is its own correlation id, so that none has to be kept.
fn write_mark(mark: Mark) -> String {
    let mut id = String::with_capacity(25);
    // Writing to a string cannot fail.
    let _ = write!(id, "{:x}.{:x}", mark.cuts, mark.position);
    id
}

fn read_mark(id: &str) -> Option<Mark> {
    let (cuts, position) = id.split_once('.')?;
    Some(Mark { cuts: u32::from_str_radix(cuts, 16).ok()?, position: u64::from_str_radix(position, 16).ok()? })
}

/// The members of all events; which are there depends on the event.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Members {
    event: String,
    connection_id: String,
    channel: String,
    channel_id: String,
    format: String,
    optimal_frame_size: usize,
    channel_variables: Option<BTreeMap<String, String>>,
    correlation_id: String,
    digit: String,
    queue_length: Option<usize>,
    error_text: String,
}

impl Event {
    pub(crate) fn read(dialect: Dialect, text: &str) -> Self {
        let members = match dialect {
            Dialect::Json => serde_json::from_str(text).ok(),
            Dialect::PlainText => Members::read(text),
        };
        members.and_then(Members::event).unwrap_or_else(|| Self::Unknown(text.to_owned()))
    }
}

impl Members {
    /// `EVENT name:value name:value`. Values are neither quoted nor escaped.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim_end();
        let (event, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut members = Self { event: event.to_owned(), ..Self::default() };
        if event == "MEDIA_MARK_PROCESSED" {
            rest.clone_into(&mut members.correlation_id);
            return Some(members);
        }
        let rest = match rest.split_once("error_text:") {
            Some((before, error_text)) => {
                error_text.clone_into(&mut members.error_text);
                before
            }
            None => rest,
        };
        for (name, value) in rest.split(' ').filter_map(|member| member.split_once(':')) {
            match name {
                "connection_id" => value.clone_into(&mut members.connection_id),
                "channel" => value.clone_into(&mut members.channel),
                "channel_id" => value.clone_into(&mut members.channel_id),
                "format" => value.clone_into(&mut members.format),
                "optimal_frame_size" => members.optimal_frame_size = value.parse().ok()?,
                "digit" => value.clone_into(&mut members.digit),
                "queue_length" => members.queue_length = Some(value.parse().ok()?),
                _ => {}
            }
        }
        Some(members)
    }

    fn event(self) -> Option<Event> {
        Some(match &*self.event {
            "MEDIA_START" => Event::MediaStart(MediaStart {
                connection_id: self.connection_id,
                channel_id: self.channel_id,
                channel: self.channel,
                format: self.format,
                variables: self.channel_variables.unwrap_or_default(),
                frame_bytes: self.optimal_frame_size,
            }),
            "MEDIA_XOFF" => Event::MediaXoff,
            "MEDIA_XON" => Event::MediaXon,
            "MEDIA_MARK_PROCESSED" => Event::MarkProcessed(read_mark(&self.correlation_id)),
            "DTMF_END" => Event::DtmfEnd(self.digit.chars().next()?),
            "STATUS" => Event::Status(self.queue_length?),
            "ERROR" => Event::Error(self.error_text),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: Mark = Mark { cuts: u32::MAX, position: u64::MAX };

    /// Both dialects, as Asterisk 22 writes them.
    const MESSAGES: [(&str, &str); 7] = [
        (r#"{"event":"MEDIA_XOFF","channel_id":"1.2"}"#, "MEDIA_XOFF"),
        (r#"{"event":"MEDIA_XON","channel_id":"1.2"}"#, "MEDIA_XON"),
        (r#"{"event":"MEDIA_MARK_PROCESSED","channel_id":"1.2","correlation_id":"1.a0"}"#, "MEDIA_MARK_PROCESSED 1.a0"),
        (r#"{"event":"MEDIA_MARK_PROCESSED","channel_id":"1.2","correlation_id":""}"#, "MEDIA_MARK_PROCESSED"),
        (r##"{"event":"DTMF_END","channel_id":"1.2","digit":"#"}"##, "DTMF_END digit:# channel_id:1.2"),
        (
            r#"{"event":"STATUS","channel_id":"1.2","queue_length":7,"xon_level":800,"queue_full":false}"#,
            "STATUS channel_id:1.2 queue_length:7 xon_level:800 queue_full:false",
        ),
        (
            r#"{"event":"ERROR","channel_id":"1.2","error_text":"no: good time"}"#,
            "ERROR channel_id:1.2 error_text:no: good time",
        ),
    ];

    #[test]
    fn read_understands_both_dialects() {
        let events = [
            Event::MediaXoff,
            Event::MediaXon,
            Event::MarkProcessed(Some(Mark { cuts: 1, position: 160 })),
            Event::MarkProcessed(None),
            Event::DtmfEnd('#'),
            Event::Status(7),
            Event::Error("no: good time".to_owned()),
        ];
        for ((json, plain), event) in MESSAGES.into_iter().zip(events) {
            assert_eq!(Event::read(Dialect::of(json), json), event);
            assert_eq!(Event::read(Dialect::of(plain), plain), event);
        }
    }

    #[test]
    fn media_start_names_the_channel() {
        let plain = "MEDIA_START connection_id:c-1 channel:WebSocket/INCOMING/0x7f channel_id:1.2 format:slin16 \
                     optimal_frame_size:640 ptime:20";
        let Event::MediaStart(start) = Event::read(Dialect::of(plain), plain) else { panic!("not read") };
        assert_eq!((&*start.connection_id, &*start.channel), ("c-1", "WebSocket/INCOMING/0x7f"));
        assert_eq!((&*start.channel_id, &*start.format, start.frame_bytes), ("1.2", "slin16", 640));
        let json = r#"{"event":"MEDIA_START","connection_id":"c-1","channel":"WebSocket/INCOMING/0x7f",
            "channel_id":"1.2","format":"slin16","optimal_frame_size":640,"ptime":20,"channel_variables":{"A":"b"}}"#;
        let Event::MediaStart(again) = Event::read(Dialect::of(json), json) else { panic!("not read") };
        assert_eq!(again.variables, BTreeMap::from([("A".to_owned(), "b".to_owned())]));
        assert_eq!(MediaStart { variables: BTreeMap::new(), ..again }, start);
    }

    #[test]
    fn read_keeps_what_it_does_not_know() {
        for text in [
            "",
            " ",
            "{",
            "{}",
            "[]",
            "MEDIA_NEW a:b",
            r#"{"event":"MEDIA_NEW"}"#,
            r#"{"event":7}"#,
            "DTMF_END",
            "DTMF_END digit:",
            "STATUS",
            "STATUS queue_length:-1",
            r#"{"event":"STATUS","queue_length":"x"}"#,
            r#"{"type":"MEDIA_XON"}"#,
        ] {
            assert_eq!(Event::read(Dialect::of(text), text), Event::Unknown(text.to_owned()));
        }
        for id in ["1", "1.", ".", "1.2.3", "x.y", "100000000.0", "0.10000000000000000", "-1.2"] {
            let plain = format!("MEDIA_MARK_PROCESSED {id}");
            assert_eq!(Event::read(Dialect::PlainText, &plain), Event::MarkProcessed(None), "{id}");
        }
    }

    #[test]
    fn commands_fit_into_what_asterisk_reads() {
        for command in [Command::MarkMedia(MARK), Command::FlushMedia, Command::GetStatus] {
            let (json, plain) = (command.write(Dialect::Json), command.write(Dialect::PlainText));
            assert!(json.len() <= 128 && plain.len() <= 128, "{json} {plain}");
            assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
        }
        assert_eq!(Command::MarkMedia(MARK).write(Dialect::PlainText), "MARK_MEDIA ffffffff.ffffffffffffffff");
        assert_eq!(read_mark("ffffffff.ffffffffffffffff"), Some(MARK));
    }
}
