//! `say(…).start()`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ari_app::Call;
use ari_bindings::Event;
use ari_bindings::handles::PlaybackHandle;
use ari_e2e::eventually;
use tokio::sync::broadcast::Receiver;

use crate::running::serve_over_http;

/// The playback that begins next.
async fn started(call: &Call, events: &mut Receiver<Arc<Event>>) -> PlaybackHandle {
    loop {
        if let Event::PlaybackStarted(started) = &*events.recv().await.unwrap() {
            return started.playback.handle(call.client());
        }
    }
}

async fn is_over(playback: &PlaybackHandle) {
    eventually(|| async { playback.get().await.is_err_and(|error| error.is_not_found()) }).await;
}

#[tokio::test]
async fn handle_pauses_skips_and_stops() {
    serve_over_http(
        |call: Call, notes| {
            async move {
                call.answer().await?;
                let mut events = call.events();
                // A sound of 16 s.
                let say = call.say(["sound:tt-monkeys", "sound:beep"]).skip(Duration::from_secs(12));
                let begun = Instant::now();
                let playing = say.start().await?;
                let playback = started(&call, &mut events).await;
                notes.add(playing.pause().await?);
                notes.add(playback.get().await.unwrap().state.as_str());
                notes.add(playing.resume().await?);
                notes.add(playing.restart().await?);
                notes.add(playing.reverse().await?);
                notes.add(playing.is_over());
                notes.add(playing.forward().await?);
                notes.add(playing.finished().await?);
                notes.add(begun.elapsed() < Duration::from_secs(12));
                notes.add((playing.is_over(), playing.pause().await?, playing.stop().await?));
                let playing = call.say("sound:demo-congrats").start().await?;
                notes.add(playing.stop().await?);
                Ok(())
            }
        },
        |app| async move {
            let caller = app.caller().await;
            for expected in ["true", r#""paused""#, "true", "true", "true", "false", "true", "Finished", "true"] {
                assert_eq!(app.note().await, expected);
            }
            assert_eq!(app.note().await, "(true, false, Finished)");
            assert_eq!(app.note().await, "Stopped");
            caller.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn dropped_handle_stops_and_detached_one_does_not() {
    serve_over_http(
        |call: Call, notes| {
            async move {
                call.answer().await?;
                let mut events = call.events();
                // Asterisk plays digits to their end, unless they come one by one.
                let playing = call.say(["digits:1234567890", "digits:1234567890"]).start().await?;
                let begun = Instant::now();
                let playback = started(&call, &mut events).await;
                drop(playing);
                is_over(&playback).await;
                call.say("sound:beep").await?;
                notes.add(begun.elapsed() < Duration::from_secs(8));
                let mut events = call.events();
                call.say("sound:demo-congrats").start().await?.detach();
                let playback = started(&call, &mut events).await;
                call.dtmf("1").await?;
                notes.add(playback.get().await.unwrap().state.as_str());
                call.ended().await;
                Ok(())
            }
        },
        |app| async move {
            let caller = app.caller().await;
            assert_eq!(app.note().await, "true");
            assert_eq!(app.note().await, r#""playing""#);
            caller.hangs_up().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn playing_ends_with_a_key_a_failure_or_the_call() {
    serve_over_http(
        |call: Call, notes| async move {
            call.answer().await?;
            notes.add(call.say("sound:no-such-sound").start().await?.finished().await?);
            notes.add(call.say("tone:busy").start().await.unwrap_err().to_string());
            notes.add(call.say("sound:beep").skip(Duration::ZERO).await.unwrap_err().to_string());
            let tone = call.say("tone:busy").limit(Duration::from_millis(200)).start().await?;
            notes.add(tone.finished().await?);
            let playing = call.say("sound:demo-congrats").until("#").start().await?;
            notes.add("now");
            notes.add(playing.finished().await?);
            let playing = call.say("sound:demo-congrats").start().await?;
            notes.add("now");
            notes.add(playing.finished().await.unwrap_err().is_ended());
            notes.add(playing.pause().await.unwrap_err().is_ended());
            Ok(())
        },
        |app| async move {
            let caller = app.caller().await;
            assert_eq!(app.note().await, "Failed");
            assert!(app.note().await.contains("never ends"));
            assert!(app.note().await.contains("`skip`"));
            assert_eq!(app.note().await, "Limit");
            assert_eq!(app.note().await, r#""now""#);
            caller.presses("#").await;
            assert_eq!(app.note().await, "Interrupted('#')");
            assert_eq!(app.note().await, r#""now""#);
            caller.hangs_up().await;
            assert_eq!(app.note().await, "true");
            assert_eq!(app.note().await, "true");
            assert_eq!(app.summary().await.failure, None);
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn handler_that_returns_stops_what_it_plays() {
    serve_over_http(
        |call: Call, notes| async move {
            call.answer().await?;
            let mut events = call.events();
            call.say("sound:demo-congrats").start().await?.detach();
            notes.add(started(&call, &mut events).await.playback_id());
            Ok(())
        },
        |app| async move {
            let caller = app.caller().await;
            let playback = app.noted_id().await;
            caller.waits_for_hangup().await;
            assert_eq!(app.summary().await.failure, None);
            is_over(&app.ari.playback(&*playback)).await;
            app.end().await;
        },
    )
    .await;
}
