//! Calls that are handed over from one application to another.

use std::time::Duration;

use ari_app::{Call, CallError, EndReason, Moved, Placed};
use ari_e2e::{Route, Server, eventually, on_each_server, unique};

use crate::running::{Notes, Running};

/// Hands the call over as often as its first argument says.
async fn toss(call: Call, other: String, notes: Notes) -> Result<(), CallError> {
    call.answer().await?;
    let left: u32 = call.args().first().map_or(12, |left| left.parse().unwrap());
    if left > 0 {
        let moved = call.move_to(other).args(format!("{}", left - 1)).await?;
        assert_eq!((moved, call.end().unwrap().reason), (Moved::Taken, EndReason::Left));
        return Ok(());
    }
    notes.add(call.id());
    notes.add(call.ask("sound:demo-congrats").timeout(Duration::from_secs(10)).await?);
    Ok(())
}

async fn detached(call: Call, _: Notes) -> Result<(), CallError> {
    // What a crash leaves: nothing is torn down.
    call.detach();
    call.ended().await;
    Ok(())
}

#[tokio::test]
async fn call_goes_to_and_fro_between_two_applications() {
    on_each_server(|server: Server| async move {
        let names = [unique("app"), unique("app")];
        let start = |own: usize| {
            let other = names[1 - own].clone();
            let handler = move |call, notes| toss(call, other.clone(), notes);
            Running::with(&server, names[own].clone(), |app| app, handler)
        };
        let (one, other) = (start(0).await, start(1).await);
        let caller = one.caller().await;
        let id = one.note().await;
        caller.presses("7").await;
        assert_eq!(one.note().await, r#"Some("7")"#);
        caller.waits_for_hangup().await;
        for number in 0..13 {
            let app = if number % 2 == 0 { &one } else { &other };
            let summary = app.summary().await;
            assert_eq!((summary.failure, format!("{:?}", summary.id)), (None, id.clone()));
            assert_eq!(summary.end.unwrap().reason == EndReason::Left, number < 12, "{number}");
        }
        one.end().await;
        other.end().await;
    })
    .await;
}

#[tokio::test]
async fn call_stays_if_the_other_application_is_not_connected() {
    on_each_server(|server: Server| async move {
        let gone = unique("app");
        let other = gone.clone();
        let app = Running::start(&server, Route::Http, move |call, notes| {
            let other = other.clone();
            async move {
                call.answer().await?;
                notes.add(call.move_to(unique("app")).await?);
                notes.add(call.move_to(other).await?);
                notes.add(call.move_to("x").args("a,b").await.unwrap_err().to_string());
                let own = call.channel().get().await.unwrap().dialplan.app_data;
                notes.add(call.move_to(own).await.unwrap_err().to_string());
                notes.add(call.ask("sound:demo-congrats").timeout(Duration::from_secs(10)).await?);
                Ok(())
            }
        })
        .await;
        // Known to the server because of what it is subscribed to, but not connected.
        let known = Running::with(&server, gone, |app| app, detached).await;
        let held = known.outgoing.dial("Local/wait@default").await;
        let Ok(Placed::Answered(held)) = held else { panic!("{held:?}") };
        known.task.abort();
        let caller = app.caller().await;
        for _ in 0..2 {
            assert_eq!(app.note().await, "NotConnected");
        }
        assert!(app.note().await.contains("comma"));
        assert!(app.note().await.contains("already"));
        caller.presses("3").await;
        assert_eq!(app.note().await, r#"Some("3")"#);
        caller.waits_for_hangup().await;
        app.ari.channel(held.id()).hangup().await.unwrap();
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn moved_call_is_resumed_where_it_is() {
    on_each_server(|server: Server| async move {
        let (from, to) = (unique("app"), unique("app"));
        let crashed = Running::with(&server, to.clone(), |app| app, detached).await;
        let target = to.clone();
        let hand_over = move |call: Call, notes: Notes| {
            let target = target.clone();
            async move {
                notes.add(call.move_to(target).await?);
                Ok(())
            }
        };
        let first = Running::with(&server, from.clone(), |app| app, hand_over).await;
        let placed = first.outgoing.dial("Local/wait@default").args("first").await;
        let Ok(Placed::Answered(call)) = placed else { panic!("{placed:?}") };
        assert_eq!(first.note().await, "Taken");
        let note = |call: Call, notes: Notes| async move {
            notes.add((call.id(), call.is_resumed()));
            call.ended().await;
            Ok(())
        };
        // The application that it has left is started again first, and must not take it.
        let old = Running::with(&server, from, |app| app, note).await;
        assert!(first.task.await.unwrap().is_err(), "replaced");
        let placed = old.outgoing.dial("Local/wait@default").await;
        let Ok(Placed::Answered(other)) = placed else { panic!("{placed:?}") };
        assert_eq!(old.note().await, format!("({:?}, false)", other.id()));
        other.channel().hangup().await.unwrap();
        let new = Running::with(&server, to, |app| app, note).await;
        assert!(crashed.task.await.unwrap().is_err(), "replaced");
        assert_eq!(new.note().await, format!("({:?}, true)", call.id()));
        new.ari.channel(call.id()).hangup().await.unwrap();
        eventually(|| async { new.ari.channel(call.id()).get().await.is_err() }).await;
        old.end().await;
        new.end().await;
    })
    .await;
}
