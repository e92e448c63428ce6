//! Calls that the program starts.

use std::future::IntoFuture as _;
use std::time::Duration;

use ari_app::{App, Call, CallError, EndReason, Overload, Placed};
use ari_e2e::{Route, Server, eventually, on_each_server, unique};
use tokio::time::timeout;

use crate::running::{Notes, Running, serve};

const SECOND: Duration = Duration::from_secs(1);

/// Notes what is known of a call, and waits for a key.
async fn note(call: Call, notes: Notes) -> Result<(), CallError> {
    notes.add((call.is_outgoing(), call.is_resumed(), call.dialed(), call.args()));
    call.answer().await?;
    notes.add(call.ask("sound:demo-congrats").timeout(Duration::from_secs(10)).await?);
    Ok(())
}

fn answered(placed: Result<Placed, CallError>) -> Call {
    match placed {
        Ok(Placed::Answered(call)) => call,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn outgoing_call_is_served_as_any_other() {
    serve(note, |app| async move {
        let placed = app.outgoing.dial("Local/dtmf@default").args(["42", "a b"]).caller_id("Clinic <300>").await;
        let call = answered(placed);
        assert_eq!(app.note().await, r#"(true, false, "Local/dtmf@default", ["42", "a b"])"#);
        assert_eq!(app.note().await, r#"Some("1")"#);
        assert_eq!(call.ended().await.reason, EndReason::HungUp);
        let summary = app.summary().await;
        assert_eq!((&*summary.id, &*summary.dialed, summary.outgoing), (call.id(), "Local/dtmf@default", true));
        assert_eq!((summary.failure, summary.legs, summary.talked.is_some()), (None, 0, true));
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn outgoing_call_reports_each_outcome() {
    serve(note, |app| async move {
        let dial = |endpoint: &str| app.outgoing.dial(endpoint).timeout(SECOND);
        assert!(matches!(dial("Local/busy@default").await, Ok(Placed::Busy)));
        assert!(matches!(dial("Local/ring@default").await, Ok(Placed::NoAnswer)));
        assert!(matches!(dial("Local/fail@default").await, Ok(Placed::Failed { .. })));
        assert!(matches!(dial("PJSIP/nobody").await, Ok(Placed::Failed { .. })));
        let comma = dial("Local/wait@default").args("a,b").await.unwrap_err().to_string();
        assert!(comma.contains("`args`") && comma.contains("comma"), "{comma}");
        // The first that answers has the call; the others are cancelled.
        let endpoints = ["Local/ring@default", "Local/wait@default", "Local/wait@default"];
        let call = answered(app.outgoing.dial(endpoints).await);
        assert_eq!(app.note().await, r#"(true, false, "Local/wait@default", [])"#);
        app.until_legs(1).await;
        app.ari.channel(call.id()).hangup().await.unwrap();
        let call = answered(app.outgoing.dial(["Local/busy@default", "Local/wait@default"]).one_by_one().await);
        call.hangup().await.unwrap();
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn dropped_outgoing_call_rings_no_more() {
    serve(
        |call, _| async move { panic!("{call:?} was cancelled") },
        |app| async move {
            let dial = app.outgoing.dial("Local/ring@default").into_future();
            assert!(timeout(SECOND / 2, dial).await.is_err());
            app.until_legs(0).await;
            // At every point of its start.
            for milliseconds in 0..40 {
                let dial = app.outgoing.dial("Local/ring@default").into_future();
                let _ = timeout(Duration::from_millis(milliseconds), dial).await;
            }
            app.until_legs(0).await;
            app.end().await;
        },
    )
    .await;
}

/// An answer and a cancellation at the same time: either the handler has the call, or it is gone.
#[tokio::test]
async fn cancelled_outgoing_call_is_served_or_gone() {
    serve(
        |call, _| async move { call.answer().await },
        |app| async move {
            for milliseconds in 0..60 {
                let dial = app.outgoing.dial("Local/wait@default").into_future();
                if let Ok(placed) = timeout(Duration::from_millis(milliseconds), dial).await {
                    answered(placed).ended().await;
                }
            }
            app.until_legs(0).await;
            app.assert_clean().await;
            answered(app.outgoing.dial("Local/wait@default").await).ended().await;
            app.ended_well(1).await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn outgoing_calls_count_from_the_dialling_on() {
    on_each_server(|server: Server| async move {
        let options = |app: App| app.max_calls(1, Overload::Congestion);
        let app = Running::with(&server, unique("app"), options, note).await;
        let outgoing = app.outgoing.clone();
        let ringing = tokio::spawn(async move { outgoing.dial("Local/ring@default").timeout(SECOND * 2).await });
        app.until_legs(1).await;
        assert!(matches!(app.outgoing.dial("Local/wait@default").await, Ok(Placed::Full)));
        app.dialling(100).await.waits_for_hangup().await;
        assert!(matches!(ringing.await.unwrap(), Ok(Placed::NoAnswer)));
        let call = answered(app.outgoing.dial("Local/wait@default").await);
        assert!(app.note().await.starts_with("(true"));
        assert!(matches!(app.outgoing.dial("Local/wait@default").await, Ok(Placed::Full)));
        call.hangup().await.unwrap();
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn shutdown_cancels_what_rings_and_drains_what_was_answered() {
    serve(note, |app| async move {
        let call = answered(app.outgoing.dial("Local/wait@default").await);
        let outgoing = app.outgoing.clone();
        let ringing = tokio::spawn(async move { outgoing.dial("Local/ring@default").await });
        app.until_legs(2).await;
        app.shut_down();
        assert!(matches!(ringing.await.unwrap(), Err(CallError::NotServing)));
        assert!(matches!(app.outgoing.dial("Local/wait@default").await, Err(CallError::NotServing)));
        app.until_legs(1).await;
        assert_eq!(call.end(), None);
        assert!(app.note().await.starts_with("(true"));
        app.ari.channel(call.id()).hangup().await.unwrap();
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn aborted_serve_cancels_outgoing_calls() {
    on_each_server(|server: Server| async move {
        let app = Running::start(&server, Route::Http, note).await;
        answered(app.outgoing.dial("Local/wait@default").await);
        let outgoing = app.outgoing.clone();
        let ringing = tokio::spawn(async move { outgoing.dial("Local/ring@default").await });
        app.until_legs(2).await;
        app.task.abort();
        assert!(matches!(ringing.await.unwrap(), Err(CallError::NotServing)));
        app.assert_clean().await;
    })
    .await;
}

#[tokio::test]
async fn answered_outgoing_call_is_resumed_by_the_next_run() {
    on_each_server(|server: Server| async move {
        let crashed = Running::start(&server, Route::Http, |call, _| async move {
            // What a crash leaves: nothing is torn down.
            call.detach();
            call.ended().await;
            Ok(())
        })
        .await;
        let call = answered(crashed.outgoing.dial("Local/wait@default").args("42").await);
        let outgoing = crashed.outgoing.clone();
        let ringing = tokio::spawn(async move { outgoing.dial("Local/ring@default").await });
        crashed.until_legs(2).await;
        let again = Running::with(&server, crashed.name.clone(), |app| app, note).await;
        // The releases before 16.4 do not list the arguments.
        let resumed = again.note().await;
        assert!(resumed.starts_with("(true, true, "), "{resumed}");
        assert!(resumed.ends_with(r#"["42"])"#) || server.major() == 16, "{resumed}");
        assert!(ringing.await.unwrap().is_err());
        again.until_legs(1).await;
        eventually(|| async { again.ari.channel(call.id()).send_dtmf().dtmf("5").await.is_ok() }).await;
        again.ari.channel(call.id()).hangup().await.unwrap();
        again.end().await;
    })
    .await;
}
