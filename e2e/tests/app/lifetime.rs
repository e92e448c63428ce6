//! From the start of an application to its end.

use std::time::Duration;

use ari_app::{App, Call, Dialed, EndReason, Overload, Resume};
use ari_e2e::{Server, eventually, on_each_server, unique};

use crate::caller::{Caller, Running, assert_clean, notes};

#[tokio::test]
async fn a_handler_that_panics_ends_its_call_alone() {
    on_each_server(|server: Server| async move {
        let mut app = Running::start(&server, |call: Call| async move {
            call.answer().await?;
            assert_ne!(call.caller_number(), "13", "as it is meant to");
            call.ended().await;
            Ok(())
        })
        .await;
        let good = Caller::to(&server, &app.name).await;
        let bad = Caller::numbered(&server, &app.name, 13).await;
        bad.waits_for_hangup().await;
        assert_eq!(app.summary().await.failure.as_deref(), Some("panicked"));
        good.hangs_up().await;
        let summary = app.summary().await;
        assert_eq!((summary.failure, summary.end.unwrap().reason), (None, EndReason::HungUp));
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn shutdown_lets_calls_finish_and_turns_new_ones_away() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let mut app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
                call.answer().await?;
                notes.add("asking");
                notes.add(call.ask("sound:demo-congrats").await?);
                Ok(())
            }
        })
        .await;
        let running = Caller::to(&server, &app.name).await;
        assert_eq!(report.next().await, r#""asking""#);
        app.shut_down();
        let late = format!("Local/stasis-{}@default", app.name);
        let channel = app.ari.channels().originate(late).extension("wait").context("default").await.unwrap();
        eventually(|| async { app.ari.channel(&channel.id).get().await.is_err_and(|error| error.is_not_found()) })
            .await;
        running.presses("1").await;
        assert_eq!(report.next().await, r#"Some("1")"#);
        running.waits_for_hangup().await;
        assert_eq!(app.summary().await.failure, None);
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn drain_limit_ends_calls_that_go_on() {
    on_each_server(|server: Server| async move {
        let options = |app: App| app.drain(Duration::from_millis(100));
        let app = Running::with(&server, unique("app"), options, |call: Call| async move {
            call.answer().await?;
            call.ended().await;
            Ok(())
        })
        .await;
        let caller = Caller::to(&server, &app.name).await;
        app.shut_down();
        caller.waits_for_hangup().await;
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn max_calls_sends_further_ones_to_the_dialplan() {
    on_each_server(|server: Server| async move {
        let options = |app: App| app.max_calls(1, Overload::Dialplan);
        let app = Running::with(&server, unique("app"), options, |call: Call| async move {
            call.answer().await?;
            call.ended().await;
            Ok(())
        })
        .await;
        let first = Caller::to(&server, &app.name).await;
        // The extension hangs up after the application.
        let second = format!("Local/stasis-{}@default", app.name);
        let channel = app.ari.channels().originate(second).extension("wait").context("default").await.unwrap();
        eventually(|| async { app.ari.channel(&channel.id).get().await.is_err_and(|error| error.is_not_found()) })
            .await;
        first.hangs_up().await;
        app.end().await;
    })
    .await;
}

/// A program that dies leaves its calls, legs and bridges; the next run takes the calls over and clears the rest away.
#[tokio::test]
async fn the_next_run_resumes_calls_and_clears_the_rest() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let name = unique("app");
        let noting = notes.clone();
        let crashed = Running::with(
            &server,
            name.clone(),
            |app| app,
            move |call: Call| {
                let notes = noting.clone();
                async move {
                    call.answer().await?;
                    let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
                    notes.add("talking");
                    // What a crash leaves: nothing is torn down.
                    call.detach();
                    std::mem::forget(leg);
                    std::future::pending::<()>().await;
                    Ok(())
                }
            },
        )
        .await;
        let caller = Caller::to(&server, &name).await;
        assert_eq!(report.next().await, r#""talking""#);
        crashed.task.abort();
        let again = Running::with(
            &server,
            name.clone(),
            |app| app.resume(Resume::Handle),
            move |call: Call| {
                let notes = notes.clone();
                async move {
                    notes.add(call.is_resumed());
                    notes.add(call.ask("sound:beep").await?);
                    Ok(())
                }
            },
        )
        .await;
        assert_eq!(report.next().await, "true");
        caller.presses("3").await;
        assert_eq!(report.next().await, r#"Some("3")"#);
        caller.waits_for_hangup().await;
        assert_clean(&again.ari, &name).await;
        again.end().await;
    })
    .await;
}
