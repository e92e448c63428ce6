use std::time::Duration;

use ari_bindings::{
    Client, ConnectionState, DisconnectReason, Disconnected, Error, Event, EventRouter, Events, EventsBuilder,
    Reconnect, Reconnected,
};
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::json;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

use crate::fake::{Fake, Peer, application, event, numbered, send};
use crate::server::within;

/// Reconnects with minimal delays.
pub(crate) fn soon() -> Reconnect {
    Reconnect::new().delays(Duration::from_millis(1), Duration::from_millis(10))
}

pub(crate) async fn connected(
    fake: &mut Fake,
    ari: &Client,
    configure: impl FnOnce(EventsBuilder) -> EventsBuilder,
) -> (Events, Peer) {
    let events = within(configure(ari.events(["x"]).reconnect(soon()))).await.unwrap();
    let peer = fake.connection().await;
    (events, peer)
}

pub(crate) async fn next(events: &mut Events) -> Event {
    within(events.next()).await.unwrap().unwrap()
}

pub(crate) async fn disconnected(events: &mut Events) -> Disconnected {
    match next(events).await {
        Event::Disconnected(disconnected) => *disconnected,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn reconnected(events: &mut Events) -> Reconnected {
    match next(events).await {
        Event::Reconnected(reconnected) => *reconnected,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn expect(events: &mut Events, number: usize) {
    assert!(matches!(next(events).await, Event::Unknown(event) if event.raw() == numbered(number)));
}

/// The error that the stream ends with.
async fn end(events: &mut Events) -> Error {
    let error = within(events.next()).await.unwrap().unwrap_err();
    assert!(within(events.next()).await.is_none());
    error
}

/// Waits until the client has sent a request with this prefix.
pub(crate) async fn until_asked(fake: &Fake, request: &str) {
    within(async {
        while !fake.asked().iter().any(|asked| asked.starts_with(request)) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn gap_notices_are_in_order_with_events() {
    let mut fake = Fake::start().await;
    fake.started_at(1);
    let ari = fake.client();
    let (mut events, mut peer) = connected(&mut fake, &ari, |connect| connect).await;
    until_asked(&fake, "GET /asterisk/info").await;
    send(&mut peer, numbered(1)).await;
    drop(peer);
    let mut peer = fake.connection().await;
    send(&mut peer, numbered(2)).await;

    expect(&mut events, 1).await;
    let lost = disconnected(&mut events).await;
    assert!(matches!(lost.reason, DisconnectReason::ConnectionLost(_)), "{lost}");
    assert_eq!(events.raw(), None);
    let again = reconnected(&mut events).await;
    assert_eq!((again.since, again.attempts, again.restarted), (lost.since, 1, Some(false)));
    assert!(again.lasted > Duration::ZERO);
    expect(&mut events, 2).await;
}

#[tokio::test]
async fn restart_of_the_server_is_reported() {
    let mut fake = Fake::start().await;
    fake.started_at(1);
    let ari = fake.client();
    let (mut events, mut peer) = connected(&mut fake, &ari, |connect| connect).await;
    until_asked(&fake, "GET /asterisk/info").await;
    fake.started_at(2);
    let bye = CloseFrame { code: CloseCode::Away, reason: "".into() };
    peer.close(Some(bye)).await.unwrap();
    let lost = disconnected(&mut events).await;
    assert!(matches!(lost.reason, DisconnectReason::ClosedByServer { code: Some(1001), .. }), "{lost}");
    drop(peer);
    let _peer = fake.connection().await;
    let router = EventRouter::new();
    let mut inbox = router.channel("one").unwrap();
    let again = reconnected(&mut events).await;
    assert_eq!(again.restarted, Some(true));
    // No channel exists any more.
    assert!(router.route(Event::Reconnected(again.into())).is_some());
    assert!(matches!(within(inbox.next()).await, Some(Event::Reconnected(_))));
    assert_eq!(within(inbox.next()).await, None);
}

#[tokio::test]
async fn unknown_startup_time_leaves_restarted_open() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let (mut events, peer) = connected(&mut fake, &ari, |connect| connect).await;
    drop(peer);
    let _peer = fake.connection().await;
    disconnected(&mut events).await;
    assert_eq!(reconnected(&mut events).await.restarted, None);
}

#[tokio::test]
async fn starting_server_is_waited_for() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let (mut events, peer) = connected(&mut fake, &ari, |connect| connect).await;
    let mut connection = events.connection();
    assert!(connection.state().is_connected());
    let stopped = fake.stop().await;
    drop(peer);
    disconnected(&mut events).await;
    // As while Asterisk starts: connections are refused, then answered with 404 and 503, and finally accepted.
    let refused = |state: &ConnectionState, words: &str| matches!(state, ConnectionState::Disconnected { attempts, error, .. } if *attempts > 0 && error.contains(words));
    within(async { while !refused(&connection.changed().await.unwrap(), "refused") {} }).await;
    assert!(!connection.state().is_connected());
    let mut fake = stopped.start().await;
    for status in [404, 503] {
        fake.refuse(Some(status));
        within(async { while !refused(&connection.changed().await.unwrap(), &status.to_string()) {} }).await;
    }
    fake.refuse(None);
    let _peer = fake.connection().await;
    let again = reconnected(&mut events).await;
    assert!(again.attempts > 3, "{again}");
    assert!(connection.state().is_connected());
    let statistics = connection.statistics();
    assert_eq!((statistics.disconnects, statistics.reconnects), (1, 1));
}

#[tokio::test]
async fn permanent_errors_end_reconnecting() {
    for status in [401, 403, 400] {
        let mut fake = Fake::start().await;
        let ari = fake.client();
        let (mut events, peer) = connected(&mut fake, &ari, |connect| connect).await;
        fake.refuse(Some(status));
        drop(peer);
        disconnected(&mut events).await;
        let error = end(&mut events).await;
        assert_eq!(error.status(), Some(status), "{error}");
        assert_eq!(events.connection().state(), ConnectionState::Closed);
    }
}

#[tokio::test]
async fn attempts_are_counted() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let (mut events, peer) = connected(&mut fake, &ari, |connect| connect.reconnect(soon().attempts(2))).await;
    let _stopped = fake.stop().await;
    drop(peer);
    disconnected(&mut events).await;
    let error = end(&mut events).await;
    assert!(matches!(error, Error::Connect { .. }), "{error}");
}

#[tokio::test]
async fn half_open_connection_is_detected_and_reopened() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let short = Duration::from_millis(20);
    let (mut events, _deaf) =
        connected(&mut fake, &ari, |connect| connect.ping_interval(short).ping_timeout(short)).await;
    let lost = disconnected(&mut events).await;
    assert_eq!(lost.reason, DisconnectReason::PingTimeout);
    // The last data received was the handshake, before the ping and its timeout.
    assert!(lost.since.elapsed().unwrap() >= 2 * short);
    let mut peer = fake.connection().await;
    // Reading answers the pings.
    tokio::spawn(async move { while let Some(Ok(_)) = peer.next().await {} });
    assert_eq!(reconnected(&mut events).await.attempts, 1);
}

#[tokio::test]
async fn first_attempt_fails_at_once_by_default() {
    let fake = Fake::start().await;
    let ari = fake.client();
    let stopped = fake.stop().await;
    let error = within(ari.events(["x"]).reconnect(soon())).await.unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");

    let (mut sender, waiting) = (Some(stopped), ari.events(["x"]).reconnect(soon()).wait_for_server(true));
    let starting = async {
        // Connections are refused before the server starts.
        tokio::task::yield_now().await;
        let mut fake = sender.take().unwrap().start().await;
        let peer = fake.connection().await;
        (fake, peer)
    };
    let (events, (_fake, mut peer)) = within(async { tokio::join!(waiting, starting) }).await;
    send(&mut peer, numbered(1)).await;
    expect(&mut events.unwrap(), 1).await;
}

#[tokio::test]
async fn wait_for_server_fails_on_wrong_password() {
    let fake = Fake::start().await;
    fake.refuse(Some(401));
    let error = within(fake.client().events(["x"]).wait_for_server(true)).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error}");
}

#[tokio::test]
async fn connection_without_events_is_reopened() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let (mut events, peer) = connected(&mut fake, &ari, |connect| connect).await;
    // The server accepts the probe but does not deliver it.
    fake.answer("POST /events/user", 204, json!(null));
    drop(peer);
    disconnected(&mut events).await;
    let silent = fake.connection().await;
    // The next connection delivers the probe, which is no event of the stream.
    let mut peer = fake.connection().await;
    drop(silent);
    let probe = until_probed(&fake, 2).await;
    send(&mut peer, numbered(1)).await;
    let user_event = json!({ "eventname": probe, "userevent": { "eventname": probe } });
    send(&mut peer, event("ChannelUserevent", user_event)).await;
    send(&mut peer, numbered(2)).await;
    let again = reconnected(&mut events).await;
    assert_eq!(again.attempts, 2);
    expect(&mut events, 1).await;
    expect(&mut events, 2).await;
}

#[tokio::test]
async fn probe_is_not_answered_by_the_event_of_the_one_before() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let (mut events, peer) = connected(&mut fake, &ari, |connect| connect).await;
    fake.answer("POST /events/user", 204, json!(null));
    fake.never_answer("POST /events/user/");
    drop(peer);
    disconnected(&mut events).await;
    // The event arrives while the request for it is unanswered, and the connection is lost.
    let mut peer = fake.connection().await;
    let probe = until_probed(&fake, 1).await;
    let user_event = json!({ "eventname": probe, "userevent": { "eventname": probe } });
    send(&mut peer, event("ChannelUserevent", user_event)).await;
    send(&mut peer, numbered(1)).await;
    within(async {
        while events.connection().statistics().received == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    fake.answer_again("POST /events/user/");
    drop(peer);
    reconnected(&mut events).await;
    expect(&mut events, 1).await;
    disconnected(&mut events).await;
    // Nothing arrives over the next one, so that another one is opened.
    let _silent = fake.connection().await;
    until_probed(&fake, 3).await;
    assert!(events.next().now_or_never().is_none());
}

/// Waits until this many probes have been sent, and returns the name of the last one.
async fn until_probed(fake: &Fake, times: usize) -> String {
    let name = |asked: &String| {
        let name = asked.strip_prefix("POST /events/user/")?.split('?').next()?;
        name.starts_with("ari-bindings-").then(|| name.to_owned())
    };
    within(async {
        loop {
            match fake.asked().iter().filter_map(name).nth(times - 1) {
                Some(name) => return name,
                None => tokio::task::yield_now().await,
            }
        }
    })
    .await
}

#[tokio::test]
async fn unknown_application_counts_as_not_delivering() {
    let mut fake = Fake::start().await;
    fake.answer("GET /applications/x", 404, json!({ "message": "Application not found" }));
    let ari = fake.client();
    let (mut events, _peer) = connected(&mut fake, &ari, |connect| connect).await;
    let lost = disconnected(&mut events).await;
    assert!(matches!(lost.reason, DisconnectReason::NotDelivering { application, .. } if &*application == "x"));
    fake.answer("GET /applications/x", 200, application(&[], &[], &[]));
    reconnected(&mut events).await;
}

#[tokio::test]
async fn subscribe_all_connection_unsubscribes_before_close() {
    for reconnect in [soon(), Reconnect::never()] {
        let mut fake = Fake::start().await;
        let ari = fake.client();
        let all = |connect: EventsBuilder| connect.subscribe_all(true).reconnect(reconnect);
        let (mut events, mut peer) = connected(&mut fake, &ari, all).await;
        let server = async { while let Some(Ok(_)) = peer.next().await {} };
        within(async { tokio::join!(events.close(), server) }).await;
        let last = fake.asked().pop().unwrap();
        assert_eq!(last, "DELETE /applications/x/subscription?eventSource=deviceState%3A");
    }
}

#[tokio::test]
async fn socket_is_read_while_device_states_are_unsubscribed() {
    let mut fake = Fake::start().await;
    fake.never_answer("DELETE /applications/x/subscription");
    let ari = fake.client();
    let (mut events, mut peer) = connected(&mut fake, &ari, |connect| connect.subscribe_all(true)).await;
    let closing = tokio::spawn(async move { events.close().await });
    until_asked(&fake, "DELETE /applications/x/subscription").await;
    // More than the buffers of two sockets hold.
    let large = format!(r#"{{"type":"Test","padding":"{}"}}"#, "x".repeat(1 << 16));
    for _ in 0..200 {
        send(&mut peer, large.clone()).await;
    }
    assert!(peer.next().now_or_never().is_none(), "nothing was read before the Close frame");
    drop(peer);
    within(closing).await.unwrap();
}

#[tokio::test]
async fn replaced_application_is_not_reclaimed() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let mut events = within(ari.events(["x", "y"]).reconnect(soon())).await.unwrap();
    let mut peer = fake.connection().await;
    send(&mut peer, event("ApplicationReplaced", json!({}))).await;
    assert!(matches!(next(&mut events).await, Event::ApplicationReplaced(it) if it.application == "x"));
    drop(peer);
    let (path, mut peer) = fake.connection_and_path().await;
    assert_eq!(path, "/events?app=y");
    disconnected(&mut events).await;
    assert_eq!(reconnected(&mut events).await.replaced, ["x"]);

    // The other application is taken over as well: none is left.
    send(&mut peer, r#"{"application":"y","type":"ApplicationReplaced"}"#).await;
    assert_eq!(next(&mut events).await.kind(), "ApplicationReplaced");
    match end(&mut events).await {
        Error::Disconnected { reason: DisconnectReason::Replaced { application, .. }, .. } => {
            assert_eq!(&*application, "y");
        }
        other => panic!("{other}"),
    }
    // The connection is closed and not re-established.
    loop {
        if let Message::Close(frame) = within(peer.next()).await.unwrap().unwrap() {
            assert_eq!(frame.unwrap().code, CloseCode::Normal);
            break;
        }
    }
}

#[tokio::test]
async fn closing_while_there_is_no_connection() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let (mut events, peer) = connected(&mut fake, &ari, |connect| connect).await;
    let _stopped = fake.stop().await;
    drop(peer);
    disconnected(&mut events).await;
    within(events.close()).await;
    assert!(within(events.next()).await.is_none());
}

#[tokio::test]
async fn gap_is_reported_to_every_subscriber() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let (mut events, mut peer) = connected(&mut fake, &ari, |connect| connect).await;
    let mut second = events.connection().subscribe();
    send(&mut peer, numbered(1)).await;
    drop(peer);
    let mut peer = fake.connection().await;
    send(&mut peer, numbered(2)).await;
    let mut third = None;
    for subscriber in [&mut events, &mut second] {
        expect(subscriber, 1).await;
        let lost = disconnected(subscriber).await;
        assert_eq!(reconnected(subscriber).await.since, lost.since);
        expect(subscriber, 2).await;
        third = Some(subscriber.connection().subscribe());
    }
    // Dropping a subscriber affects no other; the last one closes the connection.
    let mut third = third.unwrap();
    drop((events, second));
    send(&mut peer, numbered(3)).await;
    expect(&mut third, 3).await;
    let connection = third.connection();
    assert_eq!(connection.statistics().received, 3);
    drop(third);
    while !matches!(within(peer.next()).await, None | Some(Err(_) | Ok(Message::Close(_)))) {}
    drop(peer);
    within(connection.close()).await;
    let mut late = connection.subscribe();
    assert!(within(late.next()).await.is_none());
}
