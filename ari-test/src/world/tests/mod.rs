//! Tests of the state machine: what follows what, as on a real server.

mod audio;
mod bridges;
mod calls;
mod hazards;
mod playbacks;
mod recordings;
mod refusals;

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde_json::Value;
use tokio::time::timeout;

use super::Frame;
use crate::Fake;
use crate::exchange::{Body, RawRequest, Reply, SessionRequest};
use crate::fake::Session;

/// A client of one application, which notes what it sees in order.
struct Scene {
    fake: Fake,
    session: Session,
    /// Such as `StasisStart@a` and `<204>`.
    trace: Vec<String>,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let fake = Fake::builder().seed(seed).start();
        let session = fake.connect(&SessionRequest { apps: vec!["app".to_owned()], subscribe_all: false });
        Self { fake, session, trace: Vec::new() }
    }

    /// A scene with a channel that is answered and in the application.
    async fn with_channel(seed: u64, id: &str) -> Self {
        let mut scene = Self::new(seed);
        scene.originate(id, "wait").await;
        scene
    }

    async fn originate(&mut self, id: &str, exten: &str) {
        self.post(&format!("channels/{id}?endpoint=Local/{exten}@default&app=app")).await;
        self.settle_for(Duration::from_millis(600)).await;
        self.trace.clear();
    }

    async fn request(&mut self, method: Method, uri: &str) -> (u16, Value) {
        let (path, query) = uri.split_once('?').map_or((uri, None), |(path, query)| (path, Some(query.to_owned())));
        let path = format!("/{path}");
        let request = RawRequest { method, path, query, content_type: None, body: Bytes::new() };
        let answer = self.fake.answer(request);
        tokio::pin!(answer);
        let Reply { status, body, .. } = loop {
            tokio::select! {
                biased;
                frame = self.session.next() => note(&mut self.trace, &frame),
                reply = &mut answer => break reply,
            }
        };
        self.trace.push(format!("<{status}>"));
        match body {
            Body::Json(text) => (status, serde_json::from_str(&text).expect("JSON")),
            _ => (status, Value::Null),
        }
    }

    async fn post(&mut self, uri: &str) -> (u16, Value) {
        self.request(Method::POST, uri).await
    }

    async fn get(&mut self, uri: &str) -> (u16, Value) {
        self.request(Method::GET, uri).await
    }

    async fn delete(&mut self, uri: &str) -> (u16, Value) {
        self.request(Method::DELETE, uri).await
    }

    /// Notes what follows, until nothing has happened for a while.
    async fn settle(&mut self) {
        self.settle_for(Duration::from_millis(300)).await;
    }

    async fn settle_for(&mut self, quiet: Duration) {
        while let Ok(frame) = timeout(quiet, self.session.next()).await {
            note(&mut self.trace, &frame);
        }
    }

    /// What was seen since the last time, without the events that are set aside.
    fn seen(&mut self) -> String {
        let trace = std::mem::take(&mut self.trace);
        trace.into_iter().filter(|entry| !entry.starts_with("ChannelVarset")).collect::<Vec<_>>().join(" ")
    }
}

fn note(trace: &mut Vec<String>, frame: &Frame) {
    let Frame::Text(text) = frame else { return };
    let event: Value = serde_json::from_str(text).expect("JSON");
    let kind = event["type"].as_str().expect("a type");
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let detail = match kind {
        "Dial" => text(&event["dialstatus"]),
        "ChannelStateChange" => text(&event["channel"]["state"]),
        "ChannelHangupRequest" | "ChannelDestroyed" => event["cause"].to_string(),
        "ChannelVarset" => text(&event["variable"]),
        "ChannelDtmfReceived" => text(&event["digit"]),
        kind if kind.starts_with("Playback") => text(&event["playback"]["state"]),
        kind if kind.starts_with("Recording") => text(&event["recording"]["state"]),
        _ => String::new(),
    };
    let id = event["channel"]["id"].as_str().or(event["peer"]["id"].as_str()).or(event["playback"]["id"].as_str());
    let detail = if detail.is_empty() { detail } else { format!(":{detail}") };
    trace.push(format!("{kind}{detail}@{}", id.unwrap_or("-")));
}

/// The different traces of a scene under many seeds.
async fn variants<F: Future<Output = String>>(scene: impl Fn(u64) -> F) -> BTreeSet<String> {
    let mut variants = BTreeSet::new();
    for seed in 0..60 {
        variants.insert(scene(seed).await);
    }
    variants
}

fn set<const N: usize>(traces: [&str; N]) -> BTreeSet<String> {
    traces.map(str::to_owned).into()
}
