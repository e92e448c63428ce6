//! A server that makes calls into an application: it follows them from the first event to the last, as Asterisk does.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _, future};
use hyper::Request;
use hyper::body::Incoming;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::server::{self, Replies, RestRequest};
use crate::{Failure, corpus};

/// How many calls may wait for an answer of the server or the application at the same time. The others play.
const MOST_IN_MOTION: usize = 16;

/// The calls that a client asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Script {
    /// How many are there at once.
    pub(super) at_once: usize,
    /// How many in all.
    pub(super) count: usize,
    /// Whether they play without an end.
    pub(super) hold: bool,
}

impl Script {
    /// As the name of a user event, by which a client asks for it.
    pub(super) fn to_name(self) -> String {
        format!("{}-{}-{}", self.at_once, self.count, self.hold)
    }

    fn from_name(name: &str) -> Option<Self> {
        let mut parts = name.split('-');
        let (at_once, count) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Self { at_once, count, hold: parts.next()?.parse().ok()? })
    }
}

/// The state of all calls.
struct Exchange {
    events: Option<mpsc::UnboundedSender<String>>,
    script: Script,
    /// How many calls of the script have started.
    started: usize,
    in_motion: usize,
    /// The playbacks of the calls that play, each with its channel, in the order of their start.
    playing: VecDeque<(String, String)>,
    /// How many calls there have ever been: all ids are different.
    ever: usize,
    /// The answers to requests that are not about calls.
    replies: Replies,
}

/// Serves until the parent is gone.
pub(crate) fn run() -> Result<(), Failure> {
    let script = Script { at_once: 0, count: 0, hold: true };
    let (playing, replies) = (VecDeque::new(), Replies::new());
    let exchange = Exchange { events: None, script, started: 0, in_motion: 0, playing, ever: 0, replies };
    let exchange = Arc::new(Mutex::new(exchange));
    server::run_with(move |mut request: Request<Incoming>| {
        let for_session = Arc::clone(&exchange);
        if let Some(response) = server::upgrade(&mut request, move |stream, read| session(stream, read, for_session)) {
            return response;
        }
        let mut exchange = exchange.lock().unwrap_or_else(PoisonError::into_inner);
        let (status, body) = exchange.answer(request.method().as_str(), server::path_of(&request));
        server::respond(status, body)
    })
}

/// The event connection, which may carry requests, too.
async fn session(stream: TcpStream, read: Vec<u8>, exchange: Arc<Mutex<Exchange>>) {
    let socket = WebSocketStream::from_partially_read(stream, read, Role::Server, None).await;
    let (mut sink, mut incoming) = socket.split();
    let (sender, mut events) = mpsc::unbounded_channel::<String>();
    exchange.lock().unwrap_or_else(PoisonError::into_inner).events = Some(sender.clone());
    let write = async {
        while let Some(text) = events.recv().await {
            if sink.feed(Message::text(text)).await.is_err() || (events.is_empty() && sink.flush().await.is_err()) {
                return;
            }
        }
    };
    let read = async {
        while let Some(Ok(message)) = incoming.next().await {
            let Message::Text(text) = message else { continue };
            let Ok(request) = serde_json::from_str::<RestRequest>(&text) else { continue };
            let mut exchange = exchange.lock().unwrap_or_else(PoisonError::into_inner);
            let (status, body) = exchange.answer(&request.method, request.path());
            // The other half has ended if this fails.
            let _ = sender.send(request.response(status, &json!(String::from_utf8_lossy(&body)).to_string()));
        }
    };
    future::select(std::pin::pin!(write), std::pin::pin!(read)).await;
}

impl Exchange {
    /// Carries out a request.
    fn answer(&mut self, method: &str, path: &str) -> (u16, Bytes) {
        let path: Vec<&str> = path.split('/').collect();
        match (method, path.as_slice()) {
            ("POST", ["channels", id, "answer"]) => {
                let change = Self::about("ChannelStateChange", id, "Up");
                self.send(change);
                (204, Bytes::new())
            }
            ("POST", ["channels", id, "play", playback]) => self.play(id, playback),
            ("POST", ["channels", id, "play"]) => self.play(id, &format!("playback-of-{id}")),
            ("GET", ["playbacks", id]) => (200, playback(id, "", "playing").into()),
            ("DELETE", ["channels", id]) => {
                let request = Self::about("ChannelHangupRequest", id, "Up");
                self.send(request.replacen('{', r#"{"cause":16,"soft":true,"#, 1));
                let end = Self::about("StasisEnd", id, "Up");
                self.send(end);
                self.in_motion = self.in_motion.saturating_sub(1);
                self.go_on();
                (204, Bytes::new())
            }
            ("POST", ["events", "user", name]) => {
                let Some(script) = Script::from_name(name) else { return (400, r#"{"message":"no script"}"#.into()) };
                (self.script, self.started) = (script, 0);
                self.go_on();
                (204, Bytes::new())
            }
            // How many calls play.
            ("GET", ["asterisk", "variable"]) => {
                (200, json!({"value": self.playing.len().to_string()}).to_string().into())
            }
            ("GET", ["channels" | "bridges"]) => (200, "[]".into()),
            _ => self.replies.of(&path.join("/")),
        }
    }

    fn play(&mut self, channel: &str, id: &str) -> (u16, Bytes) {
        self.send(about_playback("PlaybackStarted", &playback(id, channel, "playing")));
        self.playing.push_back((channel.to_owned(), id.to_owned()));
        self.in_motion = self.in_motion.saturating_sub(1);
        self.go_on();
        (201, playback(id, channel, "queued").into())
    }

    /// Starts calls until enough are there; then ends the playback of the oldest for each that starts.
    fn go_on(&mut self) {
        while self.in_motion < MOST_IN_MOTION {
            let there = self.playing.len() + self.in_motion;
            let Script { at_once, count, hold } = self.script;
            if self.started < count && there < at_once {
                self.start();
            } else if !hold && (self.started == count || self.playing.len() + MOST_IN_MOTION > at_once) {
                let Some((channel, id)) = self.playing.pop_front() else { return };
                self.in_motion += 1;
                self.send(about_playback("PlaybackFinished", &playback(&id, &channel, "done")));
            } else {
                return;
            }
        }
    }

    fn start(&mut self) {
        self.started += 1;
        self.in_motion += 1;
        // All ids are of one length.
        let id = format!("1795514400.{:07}", self.ever);
        self.ever += 1;
        let start = Self::about("StasisStart", &id, "Ring");
        self.send(start.replacen('{', r#"{"args":[],"#, 1));
    }

    fn send(&self, event: String) {
        if let Some(events) = &self.events {
            // A client that hangs up misses its events.
            let _ = events.send(event);
        }
    }

    /// An event about a channel.
    fn about(kind: &str, channel: &str, state: &str) -> String {
        let channel = corpus::channel(channel, "").replacen(r#""state":"Up""#, &format!(r#""state":"{state}""#), 1);
        format!(r#"{{"type":"{kind}","channel":{channel},{COMMON}}}"#)
    }
}

/// What all events have.
const COMMON: &str =
    r#""timestamp":"2026-11-24T10:00:00.000+0000","asterisk_id":"02:00:00:00:00:01","application":"x""#;

fn about_playback(kind: &str, playback: &str) -> String {
    format!(r#"{{"type":"{kind}","playback":{playback},{COMMON}}}"#)
}

fn playback(id: &str, channel: &str, state: &str) -> String {
    format!(
        r#"{{"id":"{id}","media_uri":"sound:hello-world","target_uri":"channel:{channel}","language":"en","state":"{state}"}}"#
    )
}
