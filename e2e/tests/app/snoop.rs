//! `snoop`.

use ari_app::Call;
use ari_bindings::Event;
use ari_bindings::values::{Spy, Whisper};
use ari_e2e::{Server, on_each_server, unique};
use tokio::sync::watch;

use crate::caller::{Caller, Running, notes, talker};

#[tokio::test]
async fn snoop_carries_the_audio_and_ends_with_its_channel() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let (agent, target) = watch::channel(String::new());
        let mut app = Running::start(&server, move |call: Call| {
            let (notes, agent, mut target) = (notes.clone(), agent.clone(), target.clone());
            async move {
                call.answer().await?;
                if call.caller_number() == "1" {
                    agent.send_replace(call.channel().channel_id().to_string());
                    call.ended().await;
                    return Ok(());
                }
                notes.add(call.snoop("no-such-channel").await?.is_none());
                notes.add(call.snoop("x").spy(Spy::None).whisper(Whisper::None).await.unwrap_err().to_string());
                let target = target.wait_for(|id| !id.is_empty()).await.unwrap().clone();
                let ear = call.snoop(target).await?.expect("the channel is up");
                notes.add(call.bridge(ear).until_hangup().await?.reason);
                Ok(())
            }
        })
        .await;
        let talker = talker(&server, &app.name, 1).await;
        let mut supervisor = Caller::numbered(&server, &app.name, 2).await;
        assert_eq!(report.next().await, "true");
        assert!(report.next().await.contains("`spy`"));
        let name = unique("recording");
        let record = supervisor.channel().record(&*name, "wav");
        record.max_duration_seconds(3).max_silence_seconds(20).await.unwrap();
        let Event::RecordingFinished(finished) = supervisor.watch.until_kind("RecordingFinished").await else {
            unreachable!()
        };
        assert!(finished.recording.talking_duration.is_some_and(|seconds| seconds > 0), "the audio arrives");
        supervisor.ari.stored_recording(&*name).delete_stored().await.unwrap();
        talker.hangup().await.unwrap();
        assert_eq!(report.next().await, "HungUp");
        supervisor.waits_for_hangup().await;
        for _ in 0..2 {
            assert_eq!(app.summary().await.failure, None);
        }
        app.end().await;
    })
    .await;
}
