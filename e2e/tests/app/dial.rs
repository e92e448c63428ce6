//! `dial` and `bridge`.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::time::Duration;

use ari_app::{Call, Dialed};
use ari_e2e::{Server, on_each_server};
use tokio::sync::Notify;

use crate::caller::{Caller, Running, notes};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn dial_reports_each_outcome() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
                call.answer().await?;
                let name = |dialed| match dialed {
                    Dialed::Answered(_) => "answered",
                    Dialed::Busy => "busy",
                    Dialed::NoAnswer => "no answer",
                    Dialed::Failed { .. } => "failed",
                    _ => "unknown",
                };
                notes.add(name(call.dial("Local/busy@default").await?));
                notes.add(name(call.dial("Local/ring@default").timeout(SECOND).music_on_hold().await?));
                notes.add(name(call.dial("PJSIP/nobody").await?));
                notes.add(name(call.dial(["Local/ring@default", "Local/wait@default"]).await?));
                notes.add(name(call.dial(["Local/busy@default", "Local/wait@default"]).one_by_one().await?));
                notes.add(call.dial("alice").await.unwrap_err().to_string());
                Ok(())
            }
        })
        .await;
        let caller = Caller::to(&server, &app.name).await;
        for expected in ["busy", "no answer", "failed", "answered", "answered"] {
            assert_eq!(report.next().await, format!("{expected:?}"));
        }
        assert!(report.next().await.contains("TECHNOLOGY/RESOURCE"));
        caller.waits_for_hangup().await;
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn bridge_ends_with_either_party() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let mut app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
                call.answer().await?;
                let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
                notes.add(leg.channel().channel_id());
                notes.add(call.bridge(leg).until_hangup().await?.reason);
                let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
                notes.add("now");
                call.bridge(leg).until_hangup().await?;
                unreachable!("the caller has hung up");
            }
        })
        .await;
        let caller = Caller::to(&server, &app.name).await;
        let leg: String = report.next().await.split('"').nth(1).unwrap().to_owned();
        let is_bridged = || async {
            let bridges = caller.ari.bridges().list().await.unwrap();
            bridges.iter().any(|bridge| bridge.channels.iter().any(|channel| channel.as_str() == leg))
        };
        ari_e2e::eventually(is_bridged).await;
        caller.ari.channel(&*leg).hangup().await.unwrap();
        assert_eq!(report.next().await, "HungUp");
        assert_eq!(report.next().await, r#""now""#);
        caller.hangs_up().await;
        let summary = app.summary().await;
        assert_eq!((summary.failure, summary.legs), (None, 2));
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn losing_and_cancelled_legs_are_gone() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let none_left = Arc::new(Notify::new());
        let go_on = Arc::clone(&none_left);
        let app = Running::start(&server, move |call: Call| {
            let (notes, go_on) = (notes.clone(), Arc::clone(&go_on));
            async move {
                call.answer().await?;
                let dial = call.dial(["Local/ring@default", "Local/ring@default"]).into_future();
                notes.add(tokio::time::timeout(Duration::from_millis(300), dial).await.is_err());
                go_on.notified().await;
                let dialed = call.dial(["Local/ring@default", "Local/wait@default"]).await?;
                notes.add(matches!(dialed, Dialed::Answered(_)));
                call.ended().await;
                Ok(())
            }
        })
        .await;
        let caller = Caller::to(&server, &app.name).await;
        assert_eq!(report.next().await, "true");
        app.until_legs(0).await;
        none_left.notify_one();
        assert_eq!(report.next().await, "true");
        app.until_legs(1).await;
        caller.hangs_up().await;
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn until_hangup_notices_a_leg_that_is_gone_and_a_destroyed_bridge() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
                call.answer().await?;
                let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
                leg.hangup().await?;
                notes.add(call.bridge(leg).until_hangup().await?.reason);
                let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
                notes.add(call.bridge(leg).until_hangup().await?.reason);
                call.ended().await;
                Ok(())
            }
        })
        .await;
        let caller = Caller::to(&server, &app.name).await;
        assert_eq!(report.next().await, "HungUp");
        ari_e2e::eventually(|| async {
            let bridges = app.ari.bridges().list().await.unwrap();
            let own = bridges.iter().find(|one| one.id.as_str().starts_with(&app.prefix) && one.channels.len() == 2);
            match own {
                Some(bridge) => app.ari.bridge(bridge).destroy().await.is_ok(),
                None => false,
            }
        })
        .await;
        assert_eq!(report.next().await, "HungUp");
        app.until_legs(0).await;
        caller.hangs_up().await;
        app.end().await;
    })
    .await;
}
