//! `hold` and `mute`.

use std::sync::Arc;
use std::time::Duration;

use ari_bindings::values::{Direction, Spy};
use ari_e2e::{Phone, Recorder, unique};
use tokio::sync::Notify;

use crate::caller::talker;
use crate::running::{serve, serve_with};

#[tokio::test]
async fn hold_plays_music_until_unhold() {
    serve_with(
        || Arc::new(Notify::new()),
        |call, notes, go_on| async move {
            call.hold().await?;
            let ear = call.snoop(call.channel().channel_id()).spy(Spy::Out).await?.expect("the channel is up");
            notes.add(ear.channel().channel_id());
            go_on.notified().await;
            call.unhold().await?;
            go_on.notified().await;
            Ok(())
        },
        |app, go_on| async move {
            let phone = tokio::spawn(Phone::calling(&app.server, "dial", &format!("first-{}", app.name)).call());
            let ear = app.noted_id().await;
            let own = unique("watch");
            let mut watch = Recorder::open(&app.ari, &own).await;
            app.ari.application(&*own).subscribe([format!("channel:{ear}")]).await.unwrap();
            app.ari.channel(&*ear).set_channel_var("TALK_DETECT(set)").value("").await.unwrap();
            watch.until_channel("ChannelTalkingStarted", &ear).await;
            go_on.notify_one();
            watch.until_channel("ChannelTalkingFinished", &ear).await;
            go_on.notify_one();
            phone.await.unwrap();
            watch.close().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn mute_silences_the_caller_until_unmute() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            let talking = || async {
                let name = unique("recording");
                let record = call.record(&*name).max(Duration::from_secs(2)).silence(Duration::from_secs(10));
                let talking = record.await?.talking;
                call.client().stored_recording(&*name).delete_stored().await.unwrap();
                Ok::<_, ari_app::CallError>(talking.is_some_and(|seconds| seconds > 0))
            };
            call.mute(Direction::In).await?;
            notes.add(talking().await?);
            call.unmute(Direction::In).await?;
            notes.add(talking().await?);
            Ok(())
        },
        |app| async move {
            talker(&app.server, &app.name, 100).await;
            assert_eq!(app.note().await, "false");
            assert_eq!(app.note().await, "true");
            app.end().await;
        },
    )
    .await;
}
