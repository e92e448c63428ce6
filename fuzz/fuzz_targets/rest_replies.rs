//! Sends requests over the event connection and receives any text as replies: no request gets the reply of another, none
//! hangs, and text that is no reply to a request is delivered as an event.
#![no_main]

use std::fmt;
use std::future::{Future, IntoFuture as _, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use ari_bindings::models::Variable;
use ari_bindings::{Client, Error, OverflowPolicy, ResponseFuture};
use ari_fuzz::{binary_frame, text_frame};
use libfuzzer_sys::fuzz_target;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};

/// Larger than all inputs and requests together, so that neither side blocks.
const WIRE: usize = 1 << 20;

/// Enough to confuse one request with another.
const MOST_REQUESTS: usize = 8;

fuzz_target!(|script: &str| {
    ari_fuzz::run(async {
        let (ours, theirs) = duplex(WIRE);
        let connected = ari_bindings::fuzzing::connect(ours, "fuzzed", usize::MAX, OverflowPolicy::Fail).await;
        let (client, mut events) = connected.expect("a connection");
        let mut talk = Talk { client, server: theirs, requests: Vec::new(), frames: Vec::new() };
        for line in script.split('\n') {
            talk.step(line).await;
        }
        talk.server.shutdown().await.expect("room for the end");

        let mut came = Vec::new();
        while let Some(Ok(_)) = events.next().await {
            came.push(events.raw().map(str::to_owned));
        }
        talk.check_frames(came);
        talk.check_requests().await;
    });
});

/// A client, its server, and what both have sent.
struct Talk {
    client: Client,
    server: DuplexStream,
    requests: Vec<Request>,
    frames: Vec<Frame>,
}

/// A request, in the order of the ids; `None` if its future was dropped.
struct Request(Option<Pin<Box<ResponseFuture<Variable>>>>);

/// A text frame sent by the server.
struct Frame {
    text: String,
    /// The number of requests sent before the frame.
    requests: usize,
    fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Not read before the end of the connection.
    Unread,
    /// Delivered as an event.
    Event,
    /// Not delivered.
    Reply,
}

/// What a frame claims to be.
#[derive(Debug, PartialEq, Eq)]
enum Claim {
    Reply(u64),
    Other,
    /// A reply with duplicate members.
    Unclear,
}

impl Talk {
    /// Executes a line of the script. Most lines are sent by the server.
    async fn step(&mut self, line: &str) {
        match line.as_bytes() {
            // Lets everything that was sent arrive.
            [] => tokio::time::sleep(Duration::from_millis(1)).await,
            [b'?'] => self.request().await,
            [b'!', number] => {
                if let Some(request) = self.requests.get_mut(usize::from(number.wrapping_sub(b'0'))) {
                    request.0 = None;
                }
            }
            _ => {
                // The binary frame after each text marks whether the text was delivered.
                let frames = [text_frame(line.as_bytes()), binary_frame(&[])].concat();
                // The client may have closed the connection.
                let _ = self.server.write_all(&frames).await;
                let requests = self.requests.len();
                self.frames.push(Frame { text: line.to_owned(), requests, fate: Fate::Unread });
            }
        }
    }

    async fn request(&mut self) {
        if self.requests.len() == MOST_REQUESTS {
            return;
        }
        let mut request = Box::pin(self.client.asterisk().get_global_var("NAME").into_future());
        let polled = poll_fn(|cx| Poll::Ready(request.as_mut().poll(cx))).await;
        match polled {
            Poll::Pending => self.requests.push(Request(Some(request))),
            Poll::Ready(result) => assert!(matches!(result, Err(Error::Connect { .. })), "{result:?} at once"),
        }
    }

    /// Replies are not delivered as events; everything else is, in order.
    fn check_frames(&mut self, came: Vec<Option<String>>) {
        let all = self.requests.len();
        let mut came = came.into_iter().peekable();
        for frame in &mut self.frames {
            if came.peek().is_none() {
                return;
            }
            frame.fate = match came.next_if(Option::is_some) {
                Some(text) => {
                    assert_eq!(text.as_ref(), Some(&frame.text));
                    Fate::Event
                }
                None => Fate::Reply,
            };
            // Nothing follows a frame that ends the connection.
            assert!(came.next().is_none_or(|marker| marker.is_none()), "two events of one frame");
            match claim(&frame.text) {
                Claim::Reply(id) if id < frame.requests as u64 => assert_eq!(frame.fate, Fate::Reply, "{}", frame.text),
                Claim::Reply(id) if id < all as u64 => {}
                Claim::Reply(_) | Claim::Other => assert_eq!(frame.fate, Fate::Event, "{}", frame.text),
                Claim::Unclear => {}
            }
        }
        assert_eq!(came.next(), None, "an event that was not sent");
    }

    /// Each request receives the first reply to it, or an error if there is none.
    async fn check_requests(self) {
        let replies: Vec<_> = self.frames.iter().filter(|frame| frame.fate == Fate::Reply).collect();
        let is_unclear = replies.iter().any(|frame| claim(&frame.text) == Claim::Unclear);
        for (id, request) in self.requests.into_iter().enumerate() {
            let Some(request) = request.0 else { continue };
            let result = request.await;
            if is_unclear {
                continue;
            }
            let reply = replies.iter().find(|frame| claim(&frame.text) == Claim::Reply(id as u64));
            let is_lost = matches!(result, Err(Error::OutcomeUnknown { timed_out: false, .. } | Error::Connect { .. }));
            assert_eq!(is_lost, reply.is_none(), "request {id}: {result:?}");
            if let (Ok(variable), Some(reply)) = (result, reply) {
                assert_eq!(Some(variable.value), value(&reply.text), "request {id}: {}", reply.text);
            }
        }
        let late = self.client.asterisk().get_global_var("NAME").await;
        assert!(matches!(late, Err(Error::Connect { .. })), "{late:?} after the end");
    }
}

/// The variable in a reply.
fn value(reply: &str) -> Option<String> {
    let reply: Value = serde_json::from_str(reply).ok()?;
    assert!((200..300).contains(&reply["status_code"].as_u64()?), "a refusal as success: {reply}");
    let body: Value = serde_json::from_str(reply["message_body"].as_str()?).ok()?;
    body["value"].as_str().map(str::to_owned)
}

fn claim(text: &str) -> Claim {
    let Ok(Members { types, ids }) = serde_json::from_str(text) else { return Claim::Other };
    let is_reply = |kind: &Value| kind == "RESTResponse";
    match (&types[..], &ids[..]) {
        (types, _) if !types.iter().any(is_reply) => Claim::Other,
        ([_], []) => Claim::Other,
        ([_], [id]) => id.as_str().and_then(|id| id.parse().ok()).map_or(Claim::Other, Claim::Reply),
        _ => Claim::Unclear,
    }
}

/// The identifying members of an object, including duplicate names.
#[derive(Default)]
struct Members {
    types: Vec<Value>,
    ids: Vec<Value>,
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members::default();
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        "type" => members.types.push(map.next_value()?),
                        "request_id" => members.ids.push(map.next_value()?),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}
