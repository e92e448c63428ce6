//! `record(…).start()` and `record(…).review(…)`.

use std::time::Duration;

use ari_app::{Call, Review, Reviewed};
use ari_bindings::Event;
use ari_bindings::handles::StoredRecordingHandle;
use ari_e2e::{Recorder, eventually, unique};

use crate::caller::talker;
use crate::running::serve_over_http;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn handle_pauses_mutes_and_stops() {
    serve_over_http(
        |call: Call, notes| {
            async move {
                call.answer().await?;
                let name = unique("recording");
                let recording = call.record(&*name).max(2 * SECOND).start().await?;
                let live = call.client().live_recording(&*name);
                notes.add(recording.pause().await?);
                notes.add(live.get_live().await.unwrap().state.as_str());
                // A pause does not count towards the greatest length.
                call.sleep(3 * SECOND).await?;
                notes.add(recording.resume().await?);
                notes.add(live.get_live().await.unwrap().state.as_str());
                notes.add((recording.mute().await?, recording.unmute().await?));
                notes.add(recording.stop().await?.stopped);
                notes.add((recording.pause().await?, recording.stop().await?.stopped));
                call.client().stored_recording(&*name).delete_stored().await.unwrap();
                Ok(())
            }
        },
        |app| async move {
            let caller = app.caller().await;
            for expected in ["true", r#""paused""#, "true", r#""recording""#, "(true, true)", "Requested"] {
                assert_eq!(app.note().await, expected);
            }
            assert_eq!(app.note().await, "(false, Requested)");
            caller.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}

/// Whether most samples of a stored recording are silent.
async fn is_silent(recording: &StoredRecordingHandle) -> bool {
    let file = recording.get_stored_file().await.unwrap().bytes().await.unwrap();
    let samples = file.get(44..).unwrap().chunks_exact(2);
    samples.clone().filter(|sample| **sample == [0, 0]).count() > samples.len() / 2
}

#[tokio::test]
async fn muted_recording_has_no_speech() {
    serve_over_http(
        |call: Call, notes| async move {
            call.answer().await?;
            for muted in [true, false] {
                let name = unique("recording");
                let recording = call.record(&*name).max(2 * SECOND).start().await?;
                if muted {
                    notes.add(recording.mute().await?);
                }
                notes.add(recording.finished().await?.stopped);
                let stored = call.client().stored_recording(&*name);
                notes.add(is_silent(&stored).await);
                stored.delete_stored().await.unwrap();
            }
            Ok(())
        },
        |app| async move {
            talker(&app.server, &app.name, 100).await;
            for expected in ["true", "Limit", "true", "Limit", "false"] {
                assert_eq!(app.note().await, expected);
            }
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn recording_beside_other_work_takes_its_key_alone() {
    serve_over_http(
        |call: Call, notes| async move {
            call.answer().await?;
            let name = unique("recording");
            let recording = call.record(&*name).until('*').start().await?;
            notes.add("now");
            notes.add(recording.finished().await?.stopped);
            notes.add(call.ask("sound:beep").digits(2).await?);
            let dropped = call.record(&*name).overwrite().start().await?;
            drop(dropped);
            let live = call.client().live_recording(&*name);
            eventually(|| async { live.get_live().await.is_err_and(|error| error.is_not_found()) }).await;
            let recording = call.record(&*name).overwrite().start().await?;
            notes.add("now");
            notes.add(recording.finished().await?.stopped);
            call.client().stored_recording(&*name).delete_stored().await.unwrap();
            Ok(())
        },
        |app| async move {
            let caller = app.caller().await;
            assert_eq!(app.note().await, r#""now""#);
            caller.presses("4*2").await;
            assert_eq!(app.note().await, "Key('*')");
            assert_eq!(app.note().await, r#"Some("42")"#);
            assert_eq!(app.note().await, r#""now""#);
            caller.hangs_up().await;
            assert_eq!(app.note().await, "HungUp");
            app.end().await;
        },
    )
    .await;
}

/// Waits until the prompt of a review is played.
async fn until_prompt(watch: &mut Recorder) {
    let prompt = |event: &Event| match event {
        Event::PlaybackStarted(started) => (started.playback.media_uri == "sound:vm-review").then_some(()),
        Event::PlaybackContinuing(next) => {
            (next.playback.next_media_uri.as_deref() == Some("sound:vm-review")).then_some(())
        }
        _ => None,
    };
    watch.until("vm-review", prompt).await;
}

#[tokio::test]
async fn review_lets_the_caller_decide() {
    serve_over_http(
        |call: Call, notes| {
            async move {
                call.answer().await?;
                // The test watches from here on.
                call.ask("sound:beep").timeout(Duration::from_secs(20)).await?;
                let name = unique("recording");
                let record = || call.record(&*name).overwrite().until('#');
                let review = || Review::new("sound:vm-review").timeout(SECOND).tries(1);
                let short = |reviewed| match reviewed {
                    Reviewed::Accepted(recorded) => format!("accepted {}", recorded.name == name),
                    Reviewed::Discarded => "discarded".to_owned(),
                    Reviewed::Unanswered(_) => "unanswered".to_owned(),
                    Reviewed::HungUp(recorded) => format!("hung up {:?}", recorded.stopped),
                    _ => "unknown".to_owned(),
                };
                notes.add(record().review(review().again('1')).await.unwrap_err().to_string());
                notes.add(record().review(review().tries(0)).await.unwrap_err().to_string());
                for _ in 0..2 {
                    notes.add(short(record().review(review()).await?));
                }
                let stored = call.client().stored_recording(&*name);
                notes.add(stored.get_stored().await.is_err_and(|error| error.is_not_found()));
                notes.add(short(record().review(review()).await?));
                notes.add(short(record().review(review()).await?));
                stored.delete_stored().await.unwrap();
                notes.add(call.answer().await.unwrap_err().is_ended());
                Ok(())
            }
        },
        |app| async move {
            let mut caller = app.watched(100).await;
            caller.presses("0").await;
            assert!(app.note().await.contains("two of it"));
            assert!(app.note().await.contains("`tries`"));
            // Listens to it again and records another before it is accepted.
            let keys = ["2", "3", "1"];
            for (keys, outcome) in [(&keys[..], "accepted true"), (&["*"], "discarded")] {
                caller.watch.until_kind("RecordingStarted").await;
                caller.presses("#").await;
                for key in keys {
                    until_prompt(&mut caller.watch).await;
                    caller.presses(key).await;
                    if *key == "3" {
                        caller.watch.until_kind("RecordingStarted").await;
                        caller.presses("#").await;
                    }
                }
                assert_eq!(app.note().await, format!("{outcome:?}"));
            }
            assert_eq!(app.note().await, "true");
            caller.watch.until_kind("RecordingStarted").await;
            caller.presses("#").await;
            assert_eq!(app.note().await, r#""unanswered""#);
            caller.watch.until_kind("RecordingStarted").await;
            caller.presses("#").await;
            until_prompt(&mut caller.watch).await;
            caller.hangs_up().await;
            assert_eq!(app.note().await, r#""hung up Key('#')""#);
            assert_eq!(app.note().await, "true");
            app.end().await;
        },
    )
    .await;
}
