//! What a session has in common with a connection that the program makes.

use std::time::Duration;

use ari_bindings::{DisconnectReason, Error, Event, OverflowPolicy};
use futures_util::StreamExt as _;
use serde_json::json;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::fake::{event, next_text, numbered, send};
use crate::outbound::{listen, registered, session};
use crate::outbound_shutdown::until_read;
use crate::server::within;

#[tokio::test]
async fn burst_does_not_end_a_session_by_default() {
    let mut listener = listen(|builder| builder).await;
    let (mut session, mut peer) = session(&mut listener).await;
    for number in 0..1000 {
        send(&mut peer, numbered(number)).await;
    }
    // The program is busy meanwhile.
    until_read(&mut peer).await;
    within(session.events().next()).await.unwrap().unwrap();
    for number in 0..1000 {
        within(session.events().next()).await.unwrap().unwrap();
        assert_eq!(session.events().raw(), Some(&*numbered(number)));
    }
}

#[tokio::test]
async fn overflow_of_a_session_follows_its_settings() {
    let mut listener = listen(|builder| builder.buffer_limit(5_000).overflow_policy(OverflowPolicy::DropOldest)).await;
    let (mut session, mut peer) = session(&mut listener).await;
    for number in 0..1000 {
        send(&mut peer, numbered(number)).await;
    }
    until_read(&mut peer).await;
    let Event::Dropped(dropped) = within(session.events().next()).await.unwrap().unwrap() else { panic!("no events") };
    assert!((900..1000).contains(&dropped.events), "{dropped:?}");
}

#[tokio::test]
async fn timeout_of_a_session_bounds_its_requests() {
    let mut listener = listen(|builder| builder.timeout(Duration::from_millis(50))).await;
    let (session, mut peer) = session(&mut listener).await;
    let (result, request) =
        within(async { tokio::join!(session.client().asterisk().ping(), next_text(&mut peer)) }).await;
    assert_eq!(request["uri"], "asterisk/ping");
    assert!(matches!(result, Err(Error::OutcomeUnknown { timed_out: true, .. })), "{result:?}");
}

#[tokio::test]
async fn session_ends_when_the_last_of_its_applications_is_taken_over() {
    let mut listener = listen(|builder| builder).await;
    let (session, mut peer) = session(&mut listener).await;
    let (_ari, mut events) = session.into_parts();
    send(&mut peer, registered("y")).await;
    for app in ["x", "x", "y"] {
        send(&mut peer, event("ApplicationReplaced", json!({})).replace("\"x\"", &format!("\"{app}\""))).await;
    }
    for kind in [
        "ApplicationRegistered",
        "ApplicationRegistered",
        "ApplicationReplaced",
        "ApplicationReplaced",
        "ApplicationReplaced",
    ] {
        assert_eq!(within(events.next()).await.unwrap().unwrap().kind(), kind);
    }
    let error = within(events.next()).await.unwrap().unwrap_err();
    let Error::Disconnected { reason: DisconnectReason::Replaced { application, .. }, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(&*application, "y");
}

#[tokio::test]
async fn closing_a_session_sends_a_close_frame_alone() {
    let mut listener = listen(|builder| builder).await;
    let (session, mut peer) = session(&mut listener).await;
    drop(session);
    assert!(matches!(within(peer.next()).await, Some(Ok(Message::Close(_)))));
}
