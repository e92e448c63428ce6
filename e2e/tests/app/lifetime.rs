//! From the start of an application to its end.

use std::time::Duration;

use ari_app::{App, Call, Dialed, EndReason, Overload, Resume};
use ari_bindings::Event;
use ari_e2e::{Server, eventually, on_each_server, unique};

use crate::caller::{Caller, Running, notes};

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
async fn max_calls_turns_further_ones_away() {
    const CONGESTION: i64 = 34;
    on_each_server(|server: Server| async move {
        for (overload, is_congestion) in [(Overload::Dialplan, false), (Overload::Congestion, true)] {
            let options = |app: App| app.max_calls(1, overload);
            let app = Running::with(&server, unique("app"), options, |call: Call| async move {
                call.answer().await?;
                call.ended().await;
                Ok(())
            })
            .await;
            let first = Caller::to(&server, &app.name).await;
            // The extension hangs up normally after the application.
            let second = Caller::dialling(&server, &app.name, 100).await;
            let cause = second.waits_for_hangup().await;
            assert_eq!(cause == CONGESTION, is_congestion, "{overload:?}: {cause}");
            first.hangs_up().await;
            app.end().await;
        }
    })
    .await;
}

#[tokio::test]
async fn drain_limit_aborts_handlers_that_await_something_else() {
    on_each_server(|server: Server| async move {
        let options = |app: App| app.drain(Duration::from_millis(100));
        let mut app = Running::with(&server, unique("app"), options, |call: Call| async move {
            call.answer().await?;
            std::future::pending().await
        })
        .await;
        let caller = Caller::to(&server, &app.name).await;
        app.shut_down();
        caller.waits_for_hangup().await;
        let summary = app.summary().await;
        assert_eq!(summary.failure.as_deref(), Some("cancelled"));
        assert_eq!(summary.end.unwrap().reason, EndReason::HungUp);
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn aborted_serve_tears_calls_down() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
                call.answer().await?;
                let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
                notes.add("talking");
                call.bridge(leg).until_hangup().await?;
                Ok(())
            }
        })
        .await;
        let caller = Caller::to(&server, &app.name).await;
        assert_eq!(report.next().await, r#""talking""#);
        app.task.abort();
        caller.waits_for_hangup().await;
        app.assert_clean().await;
    })
    .await;
}

#[tokio::test]
async fn another_process_takes_the_calls_over() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let first = Running::start(&server, |call: Call| async move {
            call.answer().await?;
            call.ended().await;
            Ok(())
        })
        .await;
        let caller = Caller::to(&server, &first.name).await;
        let options = |app| app;
        let second = Running::with(&server, first.name.clone(), options, move |call: Call| {
            let notes = notes.clone();
            async move {
                notes.add(call.is_resumed());
                notes.add(call.ask("sound:beep").await?);
                Ok(())
            }
        })
        .await;
        let replaced = first.task.await.unwrap().unwrap_err().to_string();
        assert!(replaced.contains(&first.name), "{replaced}");
        assert_eq!(report.next().await, "true");
        caller.presses("3").await;
        assert_eq!(report.next().await, r#"Some("3")"#);
        caller.waits_for_hangup().await;
        second.end().await;
    })
    .await;
}

#[tokio::test]
async fn continued_call_stays_up() {
    on_each_server(|server: Server| async move {
        let mut app = Running::start(&server, |call: Call| async move {
            call.answer().await?;
            call.continue_in_dialplan().await?;
            Ok(())
        })
        .await;
        let mut caller = Caller::through(&server, &format!("back-{}", app.name), 100).await;
        caller.is_answered().await;
        let summary = app.summary().await;
        assert_eq!((summary.failure, summary.end.unwrap().reason), (None, EndReason::Left));
        app.assert_clean().await;
        assert_eq!(app.ari.channel(&*summary.id).get().await.unwrap().dialplan.app_name, "Wait");
        caller.hangs_up().await;
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn call_that_comes_back_is_a_new_one() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
                call.answer().await?;
                notes.add(call.args());
                if call.args() == ["first"] {
                    call.continue_in_dialplan().await?;
                } else {
                    notes.add(call.ask("sound:demo-congrats").await?);
                }
                Ok(())
            }
        })
        .await;
        let mut caller = Caller::through(&server, &format!("twice-{}", app.name), 100).await;
        caller.is_answered().await;
        assert_eq!(report.next().await, r#"["first"]"#);
        assert_eq!(report.next().await, r#"["second"]"#);
        caller.presses("5").await;
        assert_eq!(report.next().await, r#"Some("5")"#);
        caller.waits_for_hangup().await;
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn detached_call_stays_as_it_is() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let mut app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
                call.answer().await?;
                let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
                notes.add(leg.channel().channel_id());
                let talk = call.bridge(leg).until_hangup();
                let entered = async {
                    let mut events = call.events();
                    for _ in 0..2 {
                        while !matches!(*events.recv().await.unwrap(), Event::ChannelEnteredBridge(_)) {}
                    }
                };
                let detached = async {
                    entered.await;
                    call.detach();
                };
                tokio::select! {
                    ended = talk => panic!("it goes on: {ended:?}"),
                    () = detached => {}
                }
                Ok(())
            }
        })
        .await;
        let caller = Caller::to(&server, &app.name).await;
        let leg: String = report.next().await.split('"').nth(1).unwrap().to_owned();
        let summary = app.summary().await;
        assert_eq!((summary.failure, summary.end, summary.legs), (None, None, 1));
        let bridges = app.ari.bridges().list().await.unwrap();
        let bridge =
            bridges.iter().find(|bridge| bridge.id.as_str().starts_with(&app.prefix)).unwrap().handle(&app.ari);
        // The lists of Asterisk 16 may be older than its events.
        eventually(|| async { bridge.get().await.unwrap().channels.len() == 2 }).await;
        bridge.destroy().await.unwrap();
        app.ari.channel(&*leg).hangup().await.unwrap();
        app.ari.channel(&*summary.id).hangup().await.unwrap();
        caller.waits_for_hangup().await;
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn events_close_and_the_end_has_its_cause() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let mut app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
                call.answer().await?;
                let mut events = call.events();
                if call.caller_number() == "101" {
                    call.hangup().await?;
                }
                while events.recv().await.is_ok() {}
                notes.add(call.ended().await.cause);
                Ok(())
            }
        })
        .await;
        Caller::to(&server, &app.name).await.hangs_up().await;
        assert_eq!(report.next().await, "Some(16)");
        assert_eq!(app.summary().await.end.unwrap().cause, Some(16));
        let caller = Caller::dialling(&server, &app.name, 101).await;
        // The fixed number in the request of the hang-up is not the cause.
        assert_eq!(report.next().await, "None");
        assert_eq!(app.summary().await.end.unwrap().cause, None);
        caller.waits_for_hangup().await;
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
                    call.bridge(leg).until_hangup().await?;
                    Ok(())
                }
            },
        )
        .await;
        let mut caller = Caller::through(&server, &format!("args-{name}"), 100).await;
        caller.is_answered().await;
        assert_eq!(report.next().await, r#""talking""#);
        eventually(|| async {
            let bridges = crashed.ari.bridges().list().await.unwrap();
            bridges.iter().any(|bridge| bridge.id.as_str().starts_with(&crashed.prefix) && bridge.channels.len() == 2)
        })
        .await;
        let again = Running::with(
            &server,
            name.clone(),
            |app| app.resume(Resume::Handle),
            move |call: Call| {
                let notes = notes.clone();
                async move {
                    notes.add((call.is_resumed(), call.args()));
                    notes.add(call.ask("sound:beep").await?);
                    Ok(())
                }
            },
        )
        .await;
        assert_eq!(report.next().await, r#"(true, ["first", "second"])"#);
        assert!(crashed.task.await.unwrap().is_err(), "replaced");
        again.until_legs(0).await;
        caller.presses("3").await;
        assert_eq!(report.next().await, r#"Some("3")"#);
        caller.waits_for_hangup().await;
        again.assert_clean().await;
        again.end().await;
    })
    .await;
}
