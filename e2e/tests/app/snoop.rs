//! `snoop`.

use ari_bindings::Event;
use ari_bindings::values::{Spy, Whisper};
use ari_e2e::unique;
use tokio::sync::watch;

use crate::caller::talker;
use crate::running::serve_with;

#[tokio::test]
async fn snoop_carries_the_audio_and_ends_with_its_channel() {
    serve_with(
        || watch::Sender::new(String::new()),
        |call, notes, agent| async move {
            call.answer().await?;
            if call.caller_number() == "1" {
                agent.send_replace(call.channel().channel_id().to_string());
                call.ended().await;
                return Ok(());
            }
            notes.add(call.snoop("no-such-channel").await?.is_none());
            notes.add(call.snoop("x").spy(Spy::None).whisper(Whisper::None).await.unwrap_err().to_string());
            let target = agent.subscribe().wait_for(|id| !id.is_empty()).await.unwrap().clone();
            let ear = call.snoop(target).await?.expect("the channel is up");
            notes.add(call.bridge(ear).until_hangup().await?.reason);
            Ok(())
        },
        |app, _| async move {
            let talker = talker(&app.server, &app.name, 1).await;
            let mut supervisor = app.numbered(2).await;
            assert_eq!(app.note().await, "true");
            assert!(app.note().await.contains("`spy`"));
            let name = unique("recording");
            let record = supervisor.channel().record(&*name, "wav");
            record.max_duration_seconds(3).max_silence_seconds(20).await.unwrap();
            let Event::RecordingFinished(finished) = supervisor.watch.until_kind("RecordingFinished").await else {
                unreachable!()
            };
            assert!(finished.recording.talking_duration.is_some_and(|seconds| seconds > 0), "the audio arrives");
            supervisor.ari.stored_recording(&*name).delete_stored().await.unwrap();
            talker.hangup().await.unwrap();
            assert_eq!(app.note().await, "HungUp");
            supervisor.waits_for_hangup().await;
            app.ended_well(2).await;
            app.end().await;
        },
    )
    .await;
}
