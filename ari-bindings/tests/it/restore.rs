//! Restored subscriptions after a gap.

use std::time::Duration;

use ari_bindings::{DisconnectReason, EventFilter};
use serde_json::json;

use crate::fake::{Fake, application, numbered, send};
use crate::reconnect::{connected, disconnected, expect, next, reconnected, soon, until_asked};
use crate::server::within;

#[tokio::test]
async fn lost_subscriptions_are_restored() {
    let mut fake = Fake::start().await;
    let kept = application(&["c1"], &[], &["PJSIP/kept"]);
    for request in ["GET /applications/x", "POST /applications/x/subscription", "DELETE /applications/x/subscription"] {
        fake.answer(request, 200, kept.clone());
    }
    fake.answer("PUT /applications/x/eventFilter", 200, kept);
    let ari = fake.client();
    let (mut events, mut peer) = connected(&mut fake, &ari, |connect| connect).await;
    let sources = ["endpoint:PJSIP/kept", "endpoint:PJSIP/lost", "endpoint:PJSIP/ended", "channel:c1", "channel:gone"];
    ari.application("x").subscribe(sources).await.unwrap();
    ari.application("x").unsubscribe(["endpoint:PJSIP/ended"]).await.unwrap();
    let filter = EventFilter::new().disallow("ChannelVarset");
    ari.application("x").filter().filter(filter).await.unwrap();
    // Asterisk ends the subscription to a destroyed channel, so the client does not restore it.
    send(&mut peer, r#"{"type":"ChannelDestroyed","channel":{"id":"gone"}}"#).await;
    assert_eq!(next(&mut events).await.kind(), "ChannelDestroyed");
    let before = fake.asked().len();
    drop(peer);
    let _peer = fake.connection().await;
    disconnected(&mut events).await;
    let again = reconnected(&mut events).await;
    assert_eq!(again.restored, ["x: endpoint:PJSIP/lost", "x: event filter"]);
    assert_eq!(again.not_restored, [] as [String; 0]);
    let asked = &fake.asked()[before..];
    let changes: Vec<_> =
        asked.iter().filter(|asked| !asked.starts_with("GET ") && !asked.contains("/user/")).collect();
    assert_eq!(
        changes,
        [
            "POST /applications/x/subscription?eventSource=endpoint%3APJSIP%2Flost",
            r#"PUT /applications/x/eventFilter {"allowed":[],"disallowed":[{"type":"ChannelVarset"}]}"#,
        ]
    );
}

/// The reported failures of one subscription, refused with this status, after each of two gaps.
async fn refused_twice(status: u16) -> [Vec<String>; 2] {
    let mut fake = Fake::start().await;
    fake.answer("POST /applications/x/subscription", 200, application(&["c1"], &[], &[]));
    let ari = fake.client();
    let (mut events, mut peer) = connected(&mut fake, &ari, |connect| connect).await;
    ari.application("x").subscribe(["channel:c1"]).await.unwrap();
    fake.answer("POST /applications/x/subscription", status, json!({ "message": "No" }));
    let mut reported = [Vec::new(), Vec::new()];
    for reported in &mut reported {
        drop(peer);
        peer = fake.connection().await;
        disconnected(&mut events).await;
        let again = reconnected(&mut events).await;
        assert_eq!(again.restored, [] as [String; 0]);
        *reported = again.not_restored;
    }
    reported
}

#[tokio::test]
async fn subscription_of_a_gone_source_is_reported_once() {
    for status in [400, 404, 422] {
        let [first, second] = refused_twice(status).await;
        assert!(first[0].starts_with("x: channel:c1: ") && first[0].contains(&status.to_string()), "{first:?}");
        assert_eq!((first.len(), second.len()), (1, 0), "{status}");
    }
}

#[tokio::test]
async fn refused_subscription_is_reported_and_retried() {
    for status in [401, 403, 409, 500, 503] {
        let [first, second] = refused_twice(status).await;
        assert_eq!(first.len(), 1, "{first:?}");
        assert!(first[0].starts_with("x: channel:c1: "), "{first:?}");
        assert_eq!(first, second, "{status}");
    }
}

#[tokio::test]
async fn restored_subscriptions_are_reported_despite_timeouts() {
    let mut fake = Fake::start().await;
    fake.started_at(1);
    fake.answer("POST /applications/x/subscription", 200, application(&[], &[], &[]));
    fake.answer("PUT /applications/x/eventFilter", 200, application(&[], &[], &[]));
    let ari = fake.builder().connect_timeout(Duration::from_millis(500)).build().unwrap();
    let (mut events, peer) = connected(&mut fake, &ari, |connect| connect).await;
    until_asked(&fake, "GET /asterisk/info").await;
    ari.application("x").subscribe(["channel:c1", "channel:c2"]).await.unwrap();
    ari.application("x").filter().filter(EventFilter::new().disallow("ChannelVarset")).await.unwrap();
    fake.never_answer("POST /applications/x/subscription?eventSource=channel%3Ac2");
    drop(peer);
    let _peer = fake.connection().await;
    disconnected(&mut events).await;
    let again = reconnected(&mut events).await;
    assert_eq!(again.restarted, Some(false));
    assert_eq!(again.restored, ["x: channel:c1"]);
    let reason = "no answer within 500ms";
    assert_eq!(again.not_restored, [format!("x: channel:c2: {reason}"), format!("x: event filter: {reason}")]);
}

#[tokio::test]
async fn silent_application_is_reported_despite_failing_requests() {
    let mut fake = Fake::start().await;
    let ari = fake.builder().connect_timeout(Duration::from_millis(500)).build().unwrap();
    let mut events = within(ari.events(["x", "y"]).reconnect(soon())).await.unwrap();
    let peer = fake.connection().await;
    until_asked(&fake, "GET /applications/y").await;
    fake.answer("GET /applications/x", 404, json!({ "message": "Application not found" }));
    fake.never_answer("GET /applications/y");
    fake.never_answer("GET /asterisk/info");
    drop(peer);
    disconnected(&mut events).await;
    let mut deaf = fake.connection().await;
    // A queued event, so that the loss of this connection is also reported.
    send(&mut deaf, numbered(1)).await;
    reconnected(&mut events).await;
    expect(&mut events, 1).await;
    let lost = disconnected(&mut events).await;
    assert!(matches!(lost.reason, DisconnectReason::NotDelivering { application, .. } if &*application == "x"));
}
