//! Receives any bytes after the handshake, in pieces of any size: every frame before the end is delivered in order or
//! counted as dropped, followed by one error and the end of the stream.
#![no_main]

use std::io::{self, Read, Write};
use std::time::Duration;

use ari_bindings::{DisconnectReason, Error, Event, Events, OverflowPolicy, Statistics};
use ari_fuzz::text_frame;
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};
use tungstenite::protocol::Role;
use tungstenite::{Message, WebSocket};

/// The size of the buffer for each direction, in place of the operating system's.
const WIRE: usize = 4096;

/// The number of frames that are read between checks of the limit.
const LARGEST_BATCH: usize = 256;

/// The maximum cost of a frame besides its text.
const FRAME: usize = 64;

fuzz_target!(|input: &[u8]| {
    let Some((settings, sent)) = Settings::read(input) else { return };
    let expected = messages(&sent);
    ari_fuzz::run(check(&settings, sent, &expected));
});

/// How the server sends and the program reads.
struct Settings {
    overflow_policy: OverflowPolicy,
    limit: usize,
    /// The program polls no events before the server has sent as much as it can.
    late: bool,
    /// The server reads nothing before it has sent everything.
    unread: bool,
    /// The sizes of the pieces, repeated.
    pieces: Vec<usize>,
}

impl Settings {
    /// Parses two lines: one digit, and the pieces. The rest is one text frame per line or, after an empty line, raw
    /// bytes.
    fn read(input: &[u8]) -> Option<(Self, Vec<u8>)> {
        let mut parts = input.splitn(3, |byte| *byte == b'\n');
        let [choice, pieces, rest] = [parts.next()?, parts.next()?, parts.next()?];
        let &[choice] = choice else { return None };
        let patience = Duration::from_mins(1);
        let (overflow_policy, limit) = match choice & 3 {
            0 => (OverflowPolicy::Fail, usize::MAX),
            1 => (OverflowPolicy::DropOldest, 1000),
            2 => (OverflowPolicy::Wait(patience), 1000),
            _ => (OverflowPolicy::Fail, 1000),
        };
        let sent: Vec<u8> = match rest.strip_prefix(b"\n") {
            Some(bytes) => bytes.to_vec(),
            None => rest.split(|byte| *byte == b'\n').flat_map(text_frame).collect(),
        };
        // Limits the number of reads, because each allocates a buffer.
        let smallest = sent.len() / 256 + 1;
        let pieces = pieces.iter().map(|byte| smallest + usize::from(*byte) * 4).collect();
        let settings = Self { overflow_policy, limit, late: choice & 4 > 0, unread: choice & 8 > 0, pieces };
        Some((settings, sent))
    }
}

/// The data messages that a WebSocket decodes from these bytes.
fn messages(sent: &[u8]) -> Vec<Message> {
    struct Wire<'a>(&'a [u8]);

    impl Read for Wire<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Wire<'_> {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            Ok(buffer.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut socket = WebSocket::from_raw_socket(Wire(sent), Role::Client, None);
    let mut messages = Vec::new();
    loop {
        match socket.read() {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => messages.push(message),
            Ok(Message::Close(_)) | Err(_) => return messages,
            Ok(_) => {}
        }
    }
}

async fn check(settings: &Settings, sent: Vec<u8>, expected: &[Message]) {
    let (ours, theirs) = duplex(WIRE);
    let connected = ari_bindings::fuzzing::connect(ours, "fuzzed", settings.limit, settings.overflow_policy).await;
    let (_client, mut events) = connected.expect("a connection");
    let serving = tokio::spawn(serve(theirs, sent, settings.pieces.clone(), settings.unread));
    if settings.late {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let mut taken = Taken { expected, most_waiting: most_waiting(settings, expected), ..Taken::default() };
    let error = taken.take_all(&mut events).await;
    assert!(events.next().await.is_none() && events.next().await.is_none(), "more after the end");
    taken.check_end(settings.overflow_policy, &error, events.connection().statistics());
    serving.await.expect("the server does not panic");
}

/// Sends everything in pieces and waits for the client to close the connection.
async fn serve(stream: DuplexStream, sent: Vec<u8>, pieces: Vec<usize>, unread: bool) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut discarding = Box::pin(async move { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await });
    let sending = async move {
        let (mut rest, mut pieces) = (&sent[..], pieces.iter().cycle());
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(pieces.next().map_or(rest.len(), |size| rest.len().min(*size)));
            if writer.write_all(piece).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
            rest = after;
        }
        // The client may have closed the connection.
        let _ = writer.shutdown().await;
    };
    if unread {
        sending.await;
    } else {
        tokio::spawn(sending);
    }
    let _ = discarding.as_mut().await;
}

/// The maximum number of queued bytes: the limit, one batch that exceeds it, and the notice of dropped events. When the
/// oldest events are dropped, only a single frame can exceed it.
fn most_waiting(settings: &Settings, expected: &[Message]) -> usize {
    let sizes: Vec<usize> = expected.iter().map(|message| message.len() + FRAME).collect();
    let batches = sizes.windows(LARGEST_BATCH.min(sizes.len()).max(1)).map(|batch| batch.iter().sum());
    let drops = settings.overflow_policy == OverflowPolicy::DropOldest;
    let beyond = if drops { sizes.iter().copied().max() } else { batches.max() };
    settings.limit.saturating_add(beyond.unwrap_or_default()).saturating_add(FRAME)
}

/// The events taken so far.
#[derive(Default)]
struct Taken<'a> {
    expected: &'a [Message],
    most_waiting: usize,
    /// The number of expected messages that were delivered or dropped.
    at: usize,
    events: u64,
    notices: u64,
    dropped: u64,
    undecodable: u64,
}

impl Taken<'_> {
    /// Takes all events up to the error.
    async fn take_all(&mut self, events: &mut Events) -> Error {
        loop {
            match events.next().await {
                Some(Ok(event)) => self.note(&event, events.raw()),
                Some(Err(error)) => return error,
                None => panic!("the end without an error"),
            }
            let now = events.connection().statistics();
            assert!(now.queued_bytes <= self.most_waiting, "{now:?} where {} may wait", self.most_waiting);
            assert!(now.received >= self.events + self.dropped + now.queued as u64, "{now:?}");
            assert!(now.received <= self.expected.len() as u64, "{now:?}");
        }
    }

    fn note(&mut self, event: &Event, raw: Option<&str>) {
        if let Event::Dropped(dropped) = event {
            let gone = &self.expected[self.at..][..usize::try_from(dropped.events).expect("a number of frames")];
            assert_eq!(dropped.bytes, gone.iter().map(|message| message.len() as u64).sum::<u64>());
            self.at += gone.len();
            self.notices += 1;
            self.dropped += dropped.events;
            return;
        }
        match &self.expected[self.at] {
            Message::Text(text) => {
                assert_eq!(raw, Some(text.as_str()));
                assert_eq!(*event, Event::from_text(text));
            }
            other => {
                assert_eq!(raw, None);
                let Event::Undecodable(event) = event else { panic!("{event:?} of a binary frame") };
                assert_eq!(event.raw(), String::from_utf8_lossy(&other.clone().into_data()));
            }
        }
        self.at += 1;
        self.events += 1;
        self.undecodable += u64::from(matches!(event, Event::Undecodable(_)));
    }

    fn check_end(&self, overflow_policy: OverflowPolicy, error: &Error, end: Statistics) {
        let Error::Disconnected { reason, .. } = error else { panic!("not the end of a connection: {error}") };
        assert_eq!((end.queued, end.queued_bytes), (0, 0), "{end:?}");
        assert_eq!(end.delivered, self.events + self.notices, "{end:?}");
        assert_eq!((end.dropped, end.undecodable), (self.dropped, self.undecodable), "{end:?}");
        match reason {
            // Frames of the batch that exceeded the limit are discarded with the subscription.
            DisconnectReason::Overflow { .. } => {
                assert_eq!(overflow_policy, OverflowPolicy::Fail);
                assert!(end.received >= self.events, "{end:?}");
            }
            reason => {
                assert_eq!(end.received, self.events + self.dropped, "{end:?}");
                let all = self.at == self.expected.len();
                assert!(all || matches!(reason, DisconnectReason::Replaced { .. }), "lost: {reason}");
                assert!(!matches!(reason, DisconnectReason::PingTimeout), "a ping timeout of a responsive server");
            }
        }
    }
}
