//! `say` and `ask`.

use std::time::Duration;

use ari_bindings::Event;

use crate::running::serve;

#[tokio::test]
async fn ask_returns_digits_and_a_key_stops_the_prompt() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            notes.add(call.ask("sound:demo-congrats").digits(3).await?);
            notes.add(call.ask(["sound:vm-press", "digits:123456"]).between_digits(1, 9).await?);
            Ok(())
        },
        |app| async move {
            let caller = app.caller().await;
            caller.presses("123").await;
            assert_eq!(app.note().await, r#"Some("123")"#);
            caller.presses("42#").await;
            assert_eq!(app.note().await, r#"Some("42")"#);
            caller.waits_for_hangup().await;
            app.ended_well(1).await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn ask_gives_up_after_its_tries() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            let ask = call.ask("sound:beep").timeout(Duration::from_secs(1)).tries(2);
            notes.add(ask.accept(|digits| digits == "7").await?);
            Ok(())
        },
        |app| async move {
            let silent = app.caller().await;
            assert_eq!(app.note().await, "None");
            silent.waits_for_hangup().await;
            let second_time = app.caller().await;
            second_time.presses("8").await;
            second_time.presses("7").await;
            assert_eq!(app.note().await, r#"Some("7")"#);
            second_time.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn say_reports_how_it_ended() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            notes.add(call.say("sound:beep").await?);
            notes.add(call.say(["sound:beep", "sound:no-such-sound"]).await?);
            notes.add(call.say("foo:bar").await.unwrap_err().to_string());
            notes.add("now");
            notes.add(call.say("sound:demo-congrats").until("*#").await?);
            call.say("sound:demo-congrats").await?;
            Ok(())
        },
        |app| async move {
            let caller = app.caller().await;
            assert_eq!(app.note().await, "Finished");
            assert_eq!(app.note().await, "Failed");
            assert!(app.note().await.contains("unknown scheme"));
            assert_eq!(app.note().await, r#""now""#);
            caller.presses("5#").await;
            assert_eq!(app.note().await, "Interrupted('#')");
            caller.hangs_up().await;
            let summary = app.summary().await;
            assert_eq!((summary.failure, summary.talked.is_some()), (None, true));
            app.end().await;
        },
    )
    .await;
}

/// Asterisk never reports the end of such a playback.
#[tokio::test]
async fn say_ends_for_a_recording_that_does_not_exist() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            notes.add(call.say("recording:no-such-recording").await?);
            Ok(())
        },
        |app| async move {
            let caller = app.caller().await;
            assert_eq!(app.note().await, "Failed");
            caller.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn keys_that_were_taken_do_not_answer_the_next_question() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            notes.add("now");
            notes.add(call.say("sound:demo-congrats").until("#").await?);
            notes.add("now");
            notes.add(call.ask("sound:demo-congrats").digits(2).await?);
            // Pressed ahead: neither a prompt nor digits that cannot be stopped are played.
            notes.add("now");
            notes.add(call.say(["digits:1234567890", "digits:1234567890"]).until("*").await?);
            notes.add(call.say("tone:busy").await.unwrap_err().to_string());
            notes.add(call.say("tone:busy").limit(Duration::from_millis(300)).await?);
            Ok(())
        },
        |app| async move {
            let caller = app.caller().await;
            assert_eq!(app.note().await, r#""now""#);
            caller.presses("#").await;
            assert_eq!(app.note().await, "Interrupted('#')");
            assert_eq!(app.note().await, r#""now""#);
            caller.presses("#42").await;
            assert_eq!(app.note().await, r#"Some("42")"#);
            assert_eq!(app.note().await, r#""now""#);
            let pressed = std::time::Instant::now();
            caller.presses("*").await;
            assert_eq!(app.note().await, "Interrupted('*')");
            assert!(pressed.elapsed() < Duration::from_secs(6), "the digits are not played to their end");
            assert!(app.note().await.contains("never ends"));
            assert_eq!(app.note().await, "Limit");
            caller.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn menu_returns_the_value_of_the_choice() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            // The test watches from here on.
            call.ask("sound:beep").timeout(Duration::from_secs(20)).await?;
            let menu = || {
                let menu = call.menu("sound:demo-congrats").choice("1", "one").choice("12", "twelve");
                menu.choice("*9", "star").invalid("sound:beep").between(Duration::from_secs(1))
            };
            for _ in 0..3 {
                notes.add("now");
                notes.add(menu().tries(2).await?);
            }
            notes.add("now");
            notes.add(menu().tries(2).await?);
            notes.add(menu().choice("1", "again").await.unwrap_err().to_string());
            notes.add(call.menu::<()>("sound:beep").await.unwrap_err().to_string());
            Ok(())
        },
        |app| async move {
            let mut caller = app.watched(100).await;
            caller.presses("0").await;
            let playing = |media: &'static str| {
                move |event: &Event| match event {
                    Event::PlaybackStarted(started) => (started.playback.media_uri == media).then_some(()),
                    _ => None,
                }
            };
            let prompt = playing("sound:demo-congrats");
            // An exact choice, one that a longer one begins with, and that one after a wrong key.
            for (wrong, keys, expected) in [("", "*9", "star"), ("", "1", "one"), ("7", "12", "twelve")] {
                assert_eq!(app.note().await, r#""now""#);
                caller.watch.until("prompt", prompt).await;
                if !wrong.is_empty() {
                    caller.presses(wrong).await;
                    caller.watch.until("beep", playing("sound:beep")).await;
                    caller.watch.until("prompt", prompt).await;
                }
                caller.presses(keys).await;
                assert_eq!(app.note().await, format!("Some({expected:?})"));
            }
            for _ in 0..2 {
                caller.watch.until("prompt", prompt).await;
                caller.presses("8").await;
            }
            assert_eq!(app.note().await, r#""now""#);
            assert_eq!(app.note().await, "None");
            assert!(app.note().await.contains("two of it"));
            assert!(app.note().await.contains("none; add"));
            caller.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}
