//! `dial` and `bridge`.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::time::Duration;

use ari_app::Dialed;
use ari_e2e::eventually;
use tokio::sync::Notify;

use crate::running::{serve, serve_with};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn dial_reports_each_outcome() {
    serve(
        |call, notes| async move {
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
        },
        |app| async move {
            let caller = app.caller().await;
            for expected in ["busy", "no answer", "failed", "answered", "answered"] {
                assert_eq!(app.note().await, format!("{expected:?}"));
            }
            assert!(app.note().await.contains("TECHNOLOGY/RESOURCE"));
            caller.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn bridge_ends_with_either_party() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
            notes.add(leg.channel().channel_id());
            notes.add(call.bridge(leg).until_hangup().await?.reason);
            let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
            notes.add("now");
            call.bridge(leg).until_hangup().await?;
            unreachable!("the caller has hung up");
        },
        |app| async move {
            let caller = app.caller().await;
            let leg = app.noted_id().await;
            eventually(|| async { app.bridges().await.iter().any(|(_, channels)| channels.contains(&leg)) }).await;
            app.ari.channel(&*leg).hangup().await.unwrap();
            assert_eq!(app.note().await, "HungUp");
            assert_eq!(app.note().await, r#""now""#);
            caller.hangs_up().await;
            let summary = app.summary().await;
            assert_eq!((summary.failure, summary.legs), (None, 2));
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn losing_and_cancelled_legs_are_gone() {
    serve_with(
        || Arc::new(Notify::new()),
        |call, notes, none_left| async move {
            call.answer().await?;
            let dial = call.dial(["Local/ring@default", "Local/ring@default"]).into_future();
            notes.add(tokio::time::timeout(Duration::from_millis(300), dial).await.is_err());
            none_left.notified().await;
            let dialed = call.dial(["Local/ring@default", "Local/wait@default"]).await?;
            notes.add(matches!(dialed, Dialed::Answered(_)));
            call.ended().await;
            Ok(())
        },
        |app, none_left| async move {
            let caller = app.caller().await;
            assert_eq!(app.note().await, "true");
            app.until_legs(0).await;
            none_left.notify_one();
            assert_eq!(app.note().await, "true");
            app.until_legs(1).await;
            caller.hangs_up().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn until_hangup_notices_a_leg_that_is_gone_and_a_destroyed_bridge() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
            leg.hangup().await?;
            notes.add(call.bridge(leg).until_hangup().await?.reason);
            let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
            notes.add(call.bridge(leg).until_hangup().await?.reason);
            call.ended().await;
            Ok(())
        },
        |app| async move {
            let caller = app.caller().await;
            assert_eq!(app.note().await, "HungUp");
            app.until_talks(1).await;
            app.ari.bridge(&*app.bridges().await[0].0).destroy().await.unwrap();
            assert_eq!(app.note().await, "HungUp");
            app.until_legs(0).await;
            caller.hangs_up().await;
            app.end().await;
        },
    )
    .await;
}
