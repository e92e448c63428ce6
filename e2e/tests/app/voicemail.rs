//! The example `voicemail`.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/voicemail.rs"]
mod example;

use ari_bindings::Event;
use ari_e2e::eventually;

use crate::caller::Caller;
use crate::running::serve;

/// Presses `#` when a sound starts.
async fn skips(caller: &mut Caller, media: &str) {
    let started = |event: &Event| match event {
        Event::PlaybackStarted(started) => started.playback.media_uri.starts_with(media).then_some(()),
        _ => None,
    };
    caller.watch.until(media, started).await;
    caller.presses("#").await;
}

#[tokio::test]
async fn a_message_is_reviewed_and_kept() {
    serve(
        |call, _| example::leave_message(call),
        |app| async move {
            let mut caller = app.watched(100).await;
            skips(&mut caller, "sound:vm-intro").await;
            tokio::select! {
                _ = caller.watch.until_kind("RecordingStarted") => {}
                summary = app.summary() => panic!("the call has ended: {summary:?}"),
            }
            caller.presses("#").await;
            let review = |event: &Event| match event {
                Event::PlaybackStarted(started) => (started.playback.media_uri == "sound:vm-review").then_some(()),
                _ => None,
            };
            caller.watch.until("vm-review", review).await;
            caller.presses("1").await;
            let summary = app.summary().await;
            assert_eq!(summary.failure, None);
            caller.watch.close().await;
            let message = format!("voicemail/unknown/{}", summary.id);
            eventually(|| async { app.ari.stored_recording(&*message).get_stored().await.is_ok() }).await;
            app.ari.stored_recording(&*message).delete_stored().await.unwrap();
            app.end().await;
        },
    )
    .await;
}
