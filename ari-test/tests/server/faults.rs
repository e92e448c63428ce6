//! Faults of the server and its network.

use std::time::Duration;

use ari_bindings::{ConnectErrorKind, DisconnectReason, Error, Event, Transport};
use ari_test::Fake;
use tokio::net::TcpListener;
use tokio::task::yield_now;
use tokio::time::{Instant, timeout};

use crate::{client, next, on_each_way, until};

const SOON: Duration = Duration::from_secs(10);

fn kind(error: &Error) -> ConnectErrorKind {
    match error {
        Error::Connect { kind, .. } => *kind,
        error => panic!("{error}"),
    }
}

#[tokio::test]
async fn cut_connections_are_opened_again() {
    on_each_way(async |fake, ari| {
        let mut events = ari.events("x").await.unwrap();
        for cut in [ari_test::Faults::cut, ari_test::Faults::cut_events] {
            cut(&fake.faults());
            until(&mut events, "Reconnected").await;
            ari.asterisk().ping().await.unwrap();
        }
        let _caller = fake.call("x").from("100").await;
        until(&mut events, "StasisStart").await;
        events.close().await;
    })
    .await;
}

#[tokio::test]
async fn outage_refuses_connections_until_it_ends() {
    for transport in [Transport::Http, Transport::WebSocket] {
        let fake = Fake::new();
        let port = fake.listen("127.0.0.1:0").await.unwrap();
        for ari in [fake.client(), client(&port, transport)] {
            ari.asterisk().ping().await.unwrap();
            let outage = fake.faults().outage();
            // The port may accept one more, which it drops.
            let refused = async { while kind(&ari.events("x").await.unwrap_err()) != ConnectErrorKind::Refused {} };
            timeout(SOON, refused).await.expect("connections are refused");
            drop(outage);
            let mut events = ari.events("x").wait_for_server(true).await.unwrap();
            events.close().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn events_of_an_outage_are_lost() {
    let fake = Fake::new();
    let mut events = fake.client().events("x").await.unwrap();
    let outage = fake.faults().outage();
    let _lost = fake.call("x").from("100").await;
    drop(outage);
    let kinds = until(&mut events, "Reconnected").await;
    assert!(!kinds.contains(&"StasisStart".to_owned()), "{kinds:?}");
    let _caller = fake.call("x").from("200").await;
    let Event::StasisStart(start) = next(&mut events).await else { panic!("no call") };
    assert_eq!(start.channel.caller.number, "200");
}

#[tokio::test(start_paused = true)]
async fn frozen_network_is_found_out_by_pings() {
    let fake = Fake::new();
    let ari = fake.client();
    let mut events = ari.events("x").await.unwrap();
    let (frozen, started) = (fake.faults().freeze(), Instant::now());
    let Event::Disconnected(lost) = next(&mut events).await else { panic!("it goes on") };
    assert!(matches!(lost.reason, DisconnectReason::PingTimeout), "{:?}", lost.reason);
    assert_eq!(started.elapsed(), Duration::from_secs(10));
    let error = ari.asterisk().ping().await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown { timed_out: true, .. }), "{error}");
    drop(frozen);
    until(&mut events, "Reconnected").await;
    ari.asterisk().ping().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn frozen_network_lets_nothing_through() {
    for transport in [Transport::Http, Transport::WebSocket] {
        let fake = Fake::new();
        let ari = fake.client_builder().transport(transport).build().unwrap();
        let mut events = ari.events("x").await.unwrap();
        // Both ends wait for each other.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let frozen = fake.faults().freeze();
        let _caller = fake.call("x").from("100").await;
        let creating = tokio::spawn(ari.bridges().create().into_future());
        assert!(timeout(Duration::from_secs(1), events.next()).await.is_err(), "{transport:?}");
        assert_eq!(fake.requests().of("bridges").lines(), [""; 0]);
        drop(frozen);
        assert_eq!(next(&mut events).await.kind(), "StasisStart");
        creating.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn port_opens_again_once_its_address_is_free() {
    let fake = Fake::new();
    let port = fake.listen("127.0.0.1:0").await.unwrap();
    let refusal = fake.faults().refuse();
    let taking = async {
        loop {
            match TcpListener::bind(port.address()).await {
                Ok(listener) => return listener,
                Err(_) => yield_now().await,
            }
        }
    };
    let other = timeout(SOON, taking).await.expect("the port is closed");
    drop(refusal);
    for _ in 0..10 {
        yield_now().await;
    }
    drop(other);
    let ari = client(&port, Transport::Http);
    let events = timeout(SOON, ari.events("x").wait_for_server(true).into_future()).await;
    events.expect("the port is open").unwrap().close().await;
}

#[tokio::test(start_paused = true)]
async fn slow_responses_arrive_later() {
    let fake = Fake::new();
    let slow = fake.faults().slow(Duration::from_secs(3));
    let started = Instant::now();
    fake.client().asterisk().ping().await.unwrap();
    assert_eq!(started.elapsed(), Duration::from_secs(3));
    drop(slow);
    fake.client().asterisk().ping().await.unwrap();
    assert_eq!(started.elapsed(), Duration::from_secs(3));
}

#[tokio::test]
async fn lost_reply_has_its_effect() {
    let fake = Fake::new();
    let port = fake.listen("127.0.0.1:0").await.unwrap();
    for (id, ari) in [("near", fake.client()), ("far", client(&port, Transport::Http))] {
        fake.faults().lose_reply("POST /bridges");
        let error = ari.bridges().create_with_id(id).await.unwrap_err();
        assert!(matches!(error, Error::OutcomeUnknown { timed_out: false, .. }), "{error}");
        assert_eq!(ari.bridge(id).get().await.unwrap().id, id);
    }
}

#[tokio::test]
async fn lost_reply_leaves_no_event_connection() {
    let fake = Fake::builder().prefix("/pbx").start();
    let port = fake.listen("127.0.0.1:0").await.unwrap();
    for ari in [fake.client(), client(&port, Transport::Http)] {
        fake.faults().lose_reply("GET /events");
        let error = ari.events("x").await.unwrap_err();
        assert!(matches!(error, Error::Connect { .. }), "{error}");
        ari.events("x").await.unwrap().close().await;
    }
}

#[tokio::test]
async fn reload_with_another_password_keeps_event_connections() {
    on_each_way(async |fake, ari| {
        let mut events = ari.events("x").await.unwrap();
        fake.faults().set_credentials("asterisk", "another");
        if ari.transport() == Transport::Http {
            assert!(matches!(ari.asterisk().ping().await, Err(Error::Unauthorized { .. })));
        }
        let _caller = fake.call("x").from("100").await;
        assert_eq!(next(&mut events).await.kind(), "StasisStart");
        events.close().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn restart_loses_calls_and_keeps_recordings() {
    let fake = Fake::new();
    let ari = fake.client();
    let mut events = ari.events("x").await.unwrap();
    let _caller = fake.call("x").from("100").await;
    until(&mut events, "StasisStart").await;
    ari.device_states().update("Stasis:x", "BUSY").await.unwrap();
    let before = ari.asterisk().get_info().await.unwrap().status.unwrap().startup_time;
    // At once: a restart takes time of its own, so that it can be noticed.
    fake.faults().restart();
    let mut item = next(&mut events).await;
    while item.kind() != "Reconnected" {
        item = next(&mut events).await;
    }
    let Event::Reconnected(reconnected) = item else { panic!() };
    assert_eq!(reconnected.restarted, Some(true));
    assert!(ari.channels().list().await.unwrap().is_empty());
    assert_eq!(ari.device_states().get("Stasis:x").await.unwrap().state.as_str(), "BUSY");
    assert!(ari.asterisk().get_info().await.unwrap().status.unwrap().startup_time > before);
}

#[tokio::test]
async fn restart_leaves_requests_that_run_without_a_reply() {
    let fake = Fake::new();
    let port = fake.listen("127.0.0.1:0").await.unwrap();
    let ari = client(&port, Transport::Http);
    for round in 0..20 {
        let mut events = fake.client().events("x").await.unwrap();
        let caller = fake.call("x").from("100").await;
        let channel = ari.channel(caller.id());
        channel.answer().await.unwrap();
        // Requests for the channel wait until the sound is over.
        channel.play("sound:tt-monkeys").await.unwrap();
        let setting = tokio::spawn(channel.set_channel_var("A").value("b").into_future());
        while fake.requests().of("channels.setChannelVar").len() <= round {
            yield_now().await;
        }
        fake.faults().restart();
        let error = timeout(SOON, setting).await.expect("the request ends").unwrap().unwrap_err();
        assert!(matches!(error, Error::OutcomeUnknown { timed_out: false, .. }), "{error}");
        events.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn booting_server_answers_503() {
    let fake = Fake::new();
    let ari = fake.client();
    let booting = fake.faults().booting();
    let error = ari.channels().list().await.unwrap_err();
    assert_eq!(error.status(), Some(503), "{error}");
    assert_eq!(ari.events("x").await.unwrap_err().status(), Some(503));
    let waiting = tokio::spawn(ari.events("x").wait_for_server(true).into_future());
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(booting);
    let _events = waiting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn other_client_takes_the_application() {
    let fake = Fake::new();
    let mut events = fake.client().events("x").await.unwrap();
    let rival = fake.faults().take_application("x");
    assert_eq!(next(&mut events).await.kind(), "ApplicationReplaced");
    assert!(matches!(events.next().await, Some(Err(Error::Disconnected { .. }))));
    drop(rival);
    let _events = fake.client().events("x").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn texts_reach_the_application_as_they_are() {
    let fake = Fake::new();
    let mut events = fake.client().events("x").await.unwrap();
    for text in [r#"{"type":"Newer","application":"x"}"#, r#"{"type":"StasisStart"}"#, "no JSON"] {
        fake.faults().send("x", text);
    }
    assert!(matches!(next(&mut events).await, Event::Unknown(event) if event.kind() == "Newer"));
    for _ in 0..2 {
        assert!(matches!(next(&mut events).await, Event::Undecodable(_)));
    }
}
