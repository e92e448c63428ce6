//! The program does not poll its events.

use std::time::{Duration, Instant};

use ari_bindings::{Event, Events, OverflowPolicy};
use ari_e2e::{Server, eventually, unique};

use crate::alone::{alone_on_one_server_after_the_other, soon};

/// How many variables the dialplan sets in a row.
const EVENTS: usize = 20_000;

/// How long nothing is polled: long enough for Asterisk to disconnect a client that stops reading.
const STALL: Duration = Duration::from_secs(5);

/// Events of a flood from the dialplan, none of them polled before the flood is over.
async fn flooded(server: &Server, limit: usize, policy: OverflowPolicy) -> Events {
    let (ari, app, far) = (server.client(), unique("app"), unique("channel"));
    let mut events = ari.events([&app]).buffer_limit(limit).overflow_policy(policy).await.unwrap();
    let call = ari.channels().originate_with_id(unique("channel"), "Local/flood@default").app(&app);
    call.other_channel_id(&far).await.unwrap();
    while soon("a call", events.next()).await.unwrap().unwrap().kind() != "StasisStart" {}
    ari.application(&app).subscribe([format!("channel:{far}")]).await.unwrap();
    // Starts the flood.
    ari.asterisk().set_global_var("FLOOD").value(&far).await.unwrap();
    let stalled = Instant::now();
    let connection = events.connection();
    // The statistics show the progress; polling an event would take it from the queue.
    eventually(|| async { connection.statistics().received >= EVENTS as u64 && stalled.elapsed() >= STALL }).await;
    assert!(connection.state().is_connected(), "{:?}", connection.state());
    events
}

fn number(event: &Event) -> Option<usize> {
    match event {
        Event::ChannelVarset(set) if set.variable == "NUMBER" => set.value.parse().ok().filter(|number| *number > 0),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sleeping_program_loses_no_event() {
    alone_on_one_server_after_the_other(|server: Server| async move {
        let mut events = flooded(&server, 64 << 20, OverflowPolicy::Fail).await;
        let statistics = events.connection().statistics();
        println!("Asterisk {}: {statistics:?}", server.release());
        let mut last = 0;
        while last < EVENTS {
            let event = soon("an event", events.next()).await.unwrap().unwrap();
            assert!(!matches!(event, Event::Disconnected(_)), "{event:?}");
            if let Some(number) = number(&event) {
                assert_eq!(number, last + 1);
                last = number;
            }
        }
        events.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drop_oldest_counts_in_place() {
    alone_on_one_server_after_the_other(|server: Server| async move {
        const LIMIT: usize = 1 << 20;
        let mut events = flooded(&server, LIMIT, OverflowPolicy::DropOldest).await;
        let statistics = events.connection().statistics();
        println!("Asterisk {}: {statistics:?}", server.release());
        assert!(statistics.queued_bytes <= LIMIT, "{statistics:?}");
        let (mut dropped, mut last, mut taken) = (0, 0, 0);
        while last < EVENTS {
            let event = soon("an event", events.next()).await.unwrap().unwrap();
            if let Event::Dropped(count) = &event {
                dropped += count.events;
                continue;
            }
            taken += 1;
            if let Some(number) = number(&event) {
                assert!(number == last + 1 || dropped > 0, "{number} after {last} without a drop");
                last = number;
            }
        }
        assert!(dropped > 1000, "{dropped}");
        let statistics = events.connection().statistics();
        // Events from before the flood were taken earlier.
        assert!(dropped + taken <= statistics.received, "{dropped} {taken} {statistics:?}");
        assert_eq!(statistics.dropped, dropped);
        events.close().await;
    })
    .await;
}
