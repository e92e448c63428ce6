//! What an operator sees: spans, warnings, metrics, and the shutdown on signals.

use std::fmt;
use std::sync::{Arc, Mutex};

use ari_bindings::Client;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::server::{listen, receive, response, within};

/// Records spans and events as text.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

struct Fields<'a>(&'a mut Vec<String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push(format!("{field}={value:?}"));
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("ari_bindings")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut recorded = self.0.lock().unwrap();
        recorded.push(span.metadata().name().to_owned());
        span.record(&mut Fields(&mut recorded));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap()));
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Fields(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Recorder {
    fn has(&self, text: &str) -> bool {
        self.0.lock().unwrap().iter().any(|recorded| recorded.contains(text))
    }
}

#[test]
fn every_request_is_a_span() {
    let recorder = Recorder::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(recorder.clone(), || {
        runtime.block_on(within(async {
            let (listener, builder) = listen().await;
            let ari = builder.build().unwrap();
            let (error, ()) = tokio::join!(async { ari.channel("a/b").answer().await.unwrap_err() }, async {
                let (mut stream, _) = listener.accept().await.unwrap();
                receive(&mut stream).await;
                let answer = response("404 Not Found", "application/json", r#"{"message":"Channel not found"}"#);
                tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await.unwrap();
            });
            assert!(error.is_not_found());
        }));
    });
    for text in [
        "ari.request",
        "channels.answer (POST",
        "channel=\"a/b\"",
        "status=404",
        "milliseconds=",
        "message=POST /channels/a%2Fb/answer: failed in ",
        "message=POST channels/a%2Fb/answer ",
    ] {
        assert!(recorder.has(text), "{text}: {:?}", recorder.0.lock().unwrap());
    }
    assert!(!recorder.has("secret") && !recorder.has("bWU6c2VjcmV0"));
}

#[cfg(feature = "websocket")]
#[test]
fn events_and_the_end_of_a_connection_are_logged() {
    use ari_bindings::Reconnect;

    use crate::fake::{Fake, numbered, send};

    let recorder = Recorder::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(recorder.clone(), || {
        runtime.block_on(within(async {
            let mut fake = Fake::start().await;
            let mut events = fake.client().events(["x"]).reconnect(Reconnect::never()).await.unwrap();
            let mut peer = fake.connection().await;
            send(&mut peer, numbered(17)).await;
            assert_eq!(events.next().await.unwrap().unwrap().kind(), "Test");
            drop(peer);
            events.next().await.unwrap().unwrap_err();
        }));
    });
    assert!(recorder.has("message=event Test") && recorder.has(&format!("message={}", numbered(17))));
    assert!(recorder.has("message=no more events: the event connection has ended: "), "{:?}", recorder.0);
    assert!(!recorder.has("secret") && !recorder.has("bWU6c2VjcmV0"));
}

#[test]
fn bodies_that_may_have_passwords_are_not_logged() {
    let recorder = Recorder::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(recorder.clone(), || {
        runtime.block_on(within(async {
            let server = crate::server::Server::json("200 OK", r#"[{"attribute":"password","value":"hidden"}]"#).await;
            let update = server.client.asterisk().update_object("res_pjsip", "auth", "alice");
            let field = serde_json::json!({ "attribute": "password", "value": "hidden" });
            update.fields([serde_json::from_value(field).unwrap()]).await.unwrap();
            server.client.channels().list().await.unwrap_err();
        }));
    });
    assert!(recorder.has("PUT /asterisk/config/dynamic/res_pjsip/auth/alice: 200 in "));
    assert!(recorder.has("left out"));
    // The secret is in the response to the second request, whose text is logged.
    let logged = recorder.0.lock().unwrap().iter().filter(|line| line.contains("hidden")).count();
    assert_eq!(logged, 1);
}

#[test]
fn clear_text_to_another_machine_is_warned_about() {
    for (url, warned) in [("http://192.0.2.1:8088/ari", true), ("http://localhost:8088/ari", false)] {
        let recorder = Recorder::default();
        tracing::subscriber::with_default(recorder.clone(), || Client::builder(url).build().unwrap());
        assert_eq!(recorder.has("clear text"), warned, "{url}");
    }
}

#[cfg(feature = "metrics")]
#[test]
fn metrics_count_requests_and_events() {
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    use crate::fake::{Fake, numbered, send};

    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(within(async {
            let mut fake = Fake::start().await;
            let ari = fake.client();
            let mut events = ari.events(["x"]).await.unwrap();
            let mut peer = fake.connection().await;
            send(&mut peer, numbered(1)).await;
            assert_eq!(events.next().await.unwrap().unwrap().kind(), "Test");
            ari.channel("c").answer().await.unwrap_err();
        }));
    });
    let measured = snapshotter.snapshot().into_vec();
    let counter = |name: &str| {
        let of_name = measured.iter().find(|(key, ..)| key.key().name() == name);
        of_name.map(|(_, _, _, value)| match value {
            DebugValue::Counter(count) => *count,
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(counter("ari_events_received_total"), Some(1));
    assert_eq!(counter("ari_events_delivered_total"), Some(1));
    let labels = measured.iter().filter(|(key, ..)| key.key().name() == "ari_request_duration_seconds");
    let labels: Vec<String> = labels.map(|(key, ..)| format!("{:?}", key.key().labels().collect::<Vec<_>>())).collect();
    assert!(labels.iter().any(|labels| labels.contains("channels.answer") && labels.contains("404")), "{labels:?}");
}

#[cfg(feature = "outbound")]
#[tokio::test]
async fn first_messages_of_a_session_are_counted() {
    let mut listener = crate::outbound::listen(|listener| listener).await;
    let (mut session, _peer) = crate::outbound::session(&mut listener).await;
    assert_eq!(within(session.events().next()).await.unwrap().unwrap().kind(), "ApplicationRegistered");
    let statistics = session.events().connection().statistics();
    assert_eq!(statistics.received, 1, "{statistics:?}");
    assert!(statistics.received_bytes > 0, "{statistics:?}");
}

#[cfg(all(feature = "signal", unix))]
#[tokio::test]
async fn termination_signal_closes_the_connection() {
    use futures_util::StreamExt as _;
    use tokio_tungstenite::tungstenite::Message;

    let mut fake = crate::fake::Fake::start().await;
    let mut events = within(fake.client().events(["x"]).close_on_signal(true)).await.unwrap();
    let mut peer = fake.connection().await;
    let own = std::process::id().to_string();
    assert!(std::process::Command::new("kill").args(["-s", "TERM", &own]).status().unwrap().success());
    while !matches!(within(peer.next()).await, Some(Ok(Message::Close(_)))) {}
    drop(peer);
    assert!(within(events.next()).await.is_none());
}
