//! From the start of an application to its end.

use std::time::Duration;

use ari_app::{App, Dialed, EndReason, Overload, Resume, ServeError};
use ari_bindings::{DisconnectReason, Error, Event};
use ari_e2e::{Route, Server, eventually, on_each_route, on_each_server, unique};

use crate::caller::Caller;
use crate::running::{Running, serve};

#[tokio::test]
async fn a_handler_that_panics_ends_its_call_alone() {
    serve(
        |call, _| async move {
            call.answer().await?;
            assert_ne!(call.caller_number(), "13", "as it is meant to");
            call.ended().await;
            Ok(())
        },
        |app| async move {
            let good = app.caller().await;
            let bad = app.numbered(13).await;
            bad.waits_for_hangup().await;
            assert_eq!(app.summary().await.failure.as_deref(), Some("panicked"));
            good.hangs_up().await;
            let summary = app.summary().await;
            assert_eq!((summary.failure, summary.end.unwrap().reason), (None, EndReason::HungUp));
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn shutdown_lets_calls_finish_and_turns_new_ones_away() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            notes.add("asking");
            notes.add(call.ask("sound:demo-congrats").await?);
            Ok(())
        },
        |app| async move {
            let running = app.caller().await;
            assert_eq!(app.note().await, r#""asking""#);
            app.shut_down();
            let late = format!("Local/stasis-{}@default", app.name);
            let channel = app.ari.channels().originate(late).extension("wait").context("default").await.unwrap();
            eventually(|| async { app.ari.channel(&channel.id).get().await.is_err_and(|error| error.is_not_found()) })
                .await;
            running.presses("1").await;
            assert_eq!(app.note().await, r#"Some("1")"#);
            running.waits_for_hangup().await;
            app.ended_well(1).await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn drain_limit_ends_calls_that_go_on() {
    on_each_server(|server: Server| async move {
        let options = |app: App| app.drain(Duration::from_millis(100));
        let app = Running::with(&server, unique("app"), options, |call, _| async move {
            call.answer().await?;
            call.ended().await;
            Ok(())
        })
        .await;
        let caller = app.caller().await;
        app.shut_down();
        caller.waits_for_hangup().await;
        app.end().await;
    })
    .await;
}

/// The Q.850 cause of a call that is turned away.
const CONGESTION: i64 = 34;

#[tokio::test]
async fn max_calls_turns_further_ones_away() {
    on_each_server(|server: Server| async move {
        for (overload, is_congestion) in [(Overload::Dialplan, false), (Overload::Congestion, true)] {
            let options = |app: App| app.max_calls(1, overload.clone());
            let app = Running::with(&server, unique("app"), options, |call, _| async move {
                call.answer().await?;
                call.ended().await;
                Ok(())
            })
            .await;
            let first = app.caller().await;
            // The extension hangs up normally after the application.
            let second = app.dialling(100).await;
            let cause = second.waits_for_hangup().await;
            assert_eq!(cause == CONGESTION, is_congestion, "{overload:?}: {cause}");
            first.hangs_up().await;
            app.end().await;
        }
    })
    .await;
}

#[tokio::test]
async fn max_calls_lets_further_ones_wait() {
    on_each_server(|server: Server| async move {
        let message = vec!["sound:beep".to_owned()];
        let overload = Overload::Wait { most: 1, limit: Duration::from_secs(5), message };
        let options = |app: App| app.max_calls(1, overload);
        let app = Running::with(&server, unique("app"), options, |call, notes| async move {
            notes.add(call.caller_number());
            call.answer().await?;
            call.ended().await;
            Ok(())
        })
        .await;
        let first = app.numbered(1).await;
        assert_eq!(app.note().await, r#""1""#);
        let second = app.numbered(2).await;
        assert_eq!(app.dialling(3).await.waits_for_hangup().await, CONGESTION);
        first.hangs_up().await;
        assert_eq!(app.note().await, r#""2""#);
        app.ended_well(1).await;
        app.numbered(4).await.waits_for_hangup().await;
        let in_vain = app.summary().await;
        assert_eq!((&*in_vain.caller, in_vain.failure.as_deref()), ("4", Some("too many calls until its time was up")));
        app.numbered(5).await.hangs_up().await;
        app.ended_well(1).await;
        let waiting = app.numbered(6).await;
        app.shut_down();
        waiting.waits_for_hangup().await;
        second.hangs_up().await;
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn drain_limit_aborts_handlers_that_await_something_else() {
    on_each_server(|server: Server| async move {
        let options = |app: App| app.drain(Duration::from_millis(100));
        let app = Running::with(&server, unique("app"), options, |call, _| async move {
            call.answer().await?;
            std::future::pending().await
        })
        .await;
        let caller = app.caller().await;
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
    on_each_route(|server: Server, route: Route| async move {
        // What ends with the connection that the server opened is the way for requests, too.
        if !route.is_inbound() {
            return;
        }
        let app = Running::start(&server, route, |call, notes| async move {
            call.answer().await?;
            let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
            notes.add("talking");
            call.bridge(leg).until_hangup().await?;
            Ok(())
        })
        .await;
        let caller = app.caller().await;
        assert_eq!(app.note().await, r#""talking""#);
        app.task.abort();
        caller.waits_for_hangup().await;
        app.assert_clean().await;
    })
    .await;
}

#[tokio::test]
async fn another_process_takes_the_calls_over() {
    on_each_server(|server: Server| async move {
        let first = Running::start(&server, Route::Http, |call, _| async move {
            call.answer().await?;
            call.ended().await;
            Ok(())
        })
        .await;
        let caller = first.caller().await;
        let (name, options) = (first.name.clone(), |app| app);
        let second = Running::with(&server, name, options, |call, notes| async move {
            notes.add(call.is_resumed());
            notes.add(call.ask("sound:beep").await?);
            Ok(())
        })
        .await;
        let replaced = first.task.await.unwrap().unwrap_err();
        let ServeError::Ari(Error::Disconnected { reason: DisconnectReason::Replaced { .. }, .. }) = replaced else {
            panic!("{replaced:?}")
        };
        assert_eq!(second.note().await, "true");
        caller.presses("3").await;
        assert_eq!(second.note().await, r#"Some("3")"#);
        caller.waits_for_hangup().await;
        second.end().await;
    })
    .await;
}

#[tokio::test]
async fn continued_call_stays_up() {
    serve(
        |call, _| async move {
            call.answer().await?;
            call.continue_in_dialplan().await?;
            Ok(())
        },
        |app| async move {
            let mut caller = Caller::through(&app.server, &format!("back-{}", app.name), 100).await;
            caller.is_answered().await;
            let summary = app.summary().await;
            assert_eq!((summary.failure, summary.end.unwrap().reason), (None, EndReason::Left));
            app.assert_clean().await;
            assert_eq!(app.ari.channel(&*summary.id).get().await.unwrap().dialplan.app_name, "Wait");
            caller.hangs_up().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn call_that_comes_back_is_a_new_one() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            notes.add(call.args());
            if call.args() == ["first"] {
                call.continue_in_dialplan().await?;
            } else {
                notes.add(call.ask("sound:demo-congrats").await?);
            }
            Ok(())
        },
        |app| async move {
            let mut caller = Caller::through(&app.server, &format!("twice-{}", app.name), 100).await;
            caller.is_answered().await;
            assert_eq!(app.note().await, r#"["first"]"#);
            assert_eq!(app.note().await, r#"["second"]"#);
            caller.presses("5").await;
            assert_eq!(app.note().await, r#"Some("5")"#);
            caller.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn detached_call_stays_as_it_is() {
    serve(
        |call, notes| async move {
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
        },
        |app| async move {
            let caller = app.caller().await;
            let leg = app.noted_id().await;
            let summary = app.summary().await;
            assert_eq!((summary.failure, summary.end, summary.legs), (None, None, 1));
            // The lists of Asterisk 16 may be older than its events.
            app.until_talks(1).await;
            let bridges = app.bridges().await;
            app.ari.bridge(&*bridges[0].0).destroy().await.unwrap();
            app.ari.channel(&*leg).hangup().await.unwrap();
            app.ari.channel(&*summary.id).hangup().await.unwrap();
            caller.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn events_close_and_the_end_has_its_cause() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            let mut events = call.events();
            if call.caller_number() == "101" {
                call.hangup().await?;
            }
            while events.recv().await.is_ok() {}
            notes.add(call.ended().await.cause);
            Ok(())
        },
        |app| async move {
            app.caller().await.hangs_up().await;
            assert_eq!(app.note().await, "Some(16)");
            assert_eq!(app.summary().await.end.unwrap().cause, Some(16));
            let caller = app.dialling(101).await;
            // The fixed number in the request of the hang-up is not the cause.
            assert_eq!(app.note().await, "None");
            assert_eq!(app.summary().await.end.unwrap().cause, None);
            caller.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}

/// A program that dies leaves its calls, legs and bridges; the next run takes the calls over and clears the rest away.
#[tokio::test]
async fn the_next_run_resumes_calls_and_clears_the_rest() {
    on_each_server(|server: Server| async move {
        let crashed = Running::start(&server, Route::Http, |call, notes| async move {
            call.answer().await?;
            let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
            notes.add("talking");
            // What a crash leaves: nothing is torn down.
            call.detach();
            call.bridge(leg).until_hangup().await?;
            Ok(())
        })
        .await;
        let mut caller = Caller::through(&server, &format!("args-{}", crashed.name), 100).await;
        caller.is_answered().await;
        assert_eq!(crashed.note().await, r#""talking""#);
        crashed.until_talks(1).await;
        let resumes = |app: App| app.resume(Resume::Handle);
        let again = Running::with(&server, crashed.name.clone(), resumes, |call, notes| async move {
            notes.add((call.is_resumed(), call.args()));
            notes.add(call.ask("sound:beep").await?);
            Ok(())
        })
        .await;
        assert_eq!(again.note().await, r#"(true, ["first", "second"])"#);
        assert!(crashed.task.await.unwrap().is_err(), "replaced");
        again.until_legs(0).await;
        caller.presses("3").await;
        assert_eq!(again.note().await, r#"Some("3")"#);
        caller.waits_for_hangup().await;
        again.assert_clean().await;
        again.end().await;
    })
    .await;
}
