//! Scripted servers that answer as the first releases of their branches do, without the members that came later.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ari_bindings::{Event, Events, Reconnect};
use serde_json::{Value, json};

use crate::fake::{Fake, Peer, channel, event, send};
use crate::server::within;

/// The first releases of branches that were in wide use before members came that are declared as required today.
const FIRST: [&str; 2] = ["16.0.0", "18.0.0"];

/// A server of one release.
struct Early {
    release: &'static str,
    record: String,
    fake: Fake,
}

impl Early {
    async fn start(release: &'static str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-docs/availability.txt");
        let early = Self { release, record: fs::read_to_string(path).unwrap(), fake: Fake::start().await };
        let (fake, startup) = (&early.fake, json!({ "startup_time": "2026-11-23T11:49:38.950+0000" }));
        fake.answer(
            "GET /asterisk/info",
            200,
            json!({ "system": { "version": release, "entity_id": "a" }, "status": startup }),
        );
        fake.answer("GET /applications/x", 200, early.sent("Application", crate::fake::application(&[], &[], &[])));
        fake.answer("POST /channels", 200, early.channel("1.1", "Down"));
        fake.answer("GET /channels", 200, json!([early.channel("1.1", "Up")]));
        fake.answer("GET /bridges", 200, json!([early.bridge()]));
        fake.answer("POST /bridges", 200, early.bridge());
        fake.answer("POST /channels/1.1/record", 201, early.recording());
        early
    }

    /// An object of a model as the release sends it: the record knows which of its members came later.
    fn sent(&self, model: &str, mut object: Value) -> Value {
        object.as_object_mut().unwrap().retain(|member, _| self.has(&format!("property {model}.{member}")));
        object
    }

    fn has(&self, item: &str) -> bool {
        let mut since = "";
        for line in self.record.lines() {
            since = line.strip_prefix("since ").unwrap_or(since);
            if line.trim_start() == item {
                return since.split(' ').any(|release| release == self.release);
            }
        }
        panic!("the record has no {item}");
    }

    fn channel(&self, id: &str, state: &str) -> Value {
        let mut channel = self.sent("Channel", channel(id, state));
        channel["dialplan"] = self.sent("DialplanCEP", channel["dialplan"].take());
        channel
    }

    fn bridge(&self) -> Value {
        let bridge = json!({
            "id": "b", "name": "", "bridge_type": "mixing", "bridge_class": "stasis", "technology": "simple_bridge",
            "creator": "Stasis", "channels": ["1.1"], "creationtime": "2026-11-23T11:49:38.950+0000",
        });
        self.sent("Bridge", bridge)
    }

    fn recording(&self) -> Value {
        let recording = json!({ "name": "r", "format": "wav", "state": "recording", "target_uri": "channel:1.1" });
        self.sent("LiveRecording", recording)
    }

    /// What it sends for a call.
    fn events(&self) -> Vec<String> {
        let (channel, bridge) = (|state| self.channel("1.1", state), || self.bridge());
        vec![
            event("StasisStart", json!({ "args": [], "channel": channel("Ring") })),
            event("ChannelStateChange", json!({ "channel": channel("Up") })),
            event("BridgeCreated", json!({ "bridge": bridge() })),
            event("ChannelEnteredBridge", json!({ "bridge": bridge(), "channel": channel("Up") })),
            event("RecordingStarted", json!({ "recording": self.recording() })),
            event("BridgeDestroyed", json!({ "bridge": bridge() })),
            event("StasisEnd", json!({ "channel": channel("Up") })),
            event("ChannelDestroyed", json!({ "cause": 16, "cause_txt": "Normal Clearing", "channel": channel("Up") })),
        ]
    }

    /// Sends all events and compares what comes.
    async fn check_events(&self, peer: &mut Peer, events: &mut Events) {
        for text in self.events() {
            send(peer, text.clone()).await;
            let event = within(events.next()).await.unwrap().unwrap();
            let sent: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(event.kind(), sent["type"], "{event:?}");
            assert!(!matches!(event, Event::Undecodable(_) | Event::Unknown(_)), "{}: {event:?}", self.release);
            assert_eq!(event.channel().map(|it| it.id.as_str()), sent["channel"]["id"].as_str());
        }
    }
}

#[tokio::test]
async fn requests_work_with_the_first_releases() {
    for release in FIRST {
        let early = Early::start(release).await;
        let ari = early.fake.client();
        assert_eq!(within(ari.server_version()).await.unwrap().version(), release);
        let made = within(ari.channels().originate("PJSIP/a").app("x")).await.unwrap();
        assert_eq!((made.id.as_str(), made.protocol_id.as_str()), ("1.1", ""));
        assert_eq!(within(ari.channels().list()).await.unwrap().len(), 1);
        assert_eq!(within(ari.bridges().create()).await.unwrap().creationtime.is_some(), release != "16.0.0");
        assert_eq!(within(ari.bridges().list()).await.unwrap().len(), 1);
        assert!(within(ari.applications().get("x")).await.unwrap().events_allowed.is_empty());
        assert_eq!(within(ari.channel("1.1").record("r", "wav")).await.unwrap().name.as_str(), "r");
    }
}

#[tokio::test]
async fn events_and_gaps_work_with_the_first_releases() {
    for release in FIRST {
        let mut early = Early::start(release).await;
        let soon = Reconnect::new().delays(Duration::from_millis(1), Duration::from_millis(10));
        let mut events = within(early.fake.client().events(["x"]).resync(true).reconnect(soon)).await.unwrap();
        let mut peer = early.fake.connection().await;
        early.check_events(&mut peer, &mut events).await;
        send(&mut peer, early.events().remove(0)).await;
        assert_eq!(within(events.next()).await.unwrap().unwrap().kind(), "StasisStart");
        drop(peer);
        assert_eq!(within(events.next()).await.unwrap().unwrap().kind(), "Disconnected");
        let mut peer = early.fake.connection().await;
        assert_eq!(within(events.next()).await.unwrap().unwrap().kind(), "Reconnected");
        let Event::Resynced(resync) = within(events.next()).await.unwrap().unwrap() else { panic!("no report") };
        assert_eq!(resync.failure, None);
        early.check_events(&mut peer, &mut events).await;
        // Until 16.2, this one has no `timestamp`.
        send(&mut peer, r#"{"type":"ApplicationReplaced","application":"x"}"#).await;
        let event = within(events.next()).await.unwrap().unwrap();
        assert!(matches!(event, Event::ApplicationReplaced(_)), "{event:?}");
    }
}
