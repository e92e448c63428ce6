//! `hold` and `mute`.

use std::time::Duration;

use ari_app::Call;
use ari_bindings::values::{Direction, Spy};
use ari_e2e::{Phone, Recorder, Server, on_each_server, unique};
use tokio::sync::watch;

use crate::caller::{Running, notes, talker};

#[tokio::test]
async fn hold_plays_music_until_unhold() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let (next, steps) = watch::channel(0);
        let app = Running::start(&server, move |call: Call| {
            let (notes, mut steps) = (notes.clone(), steps.clone());
            async move {
                call.hold().await?;
                let ear = call.snoop(call.channel().channel_id()).spy(Spy::Out).await?.expect("the channel is up");
                notes.add(ear.channel().channel_id());
                steps.wait_for(|step| *step == 1).await.unwrap();
                call.unhold().await?;
                steps.wait_for(|step| *step == 2).await.unwrap();
                Ok(())
            }
        })
        .await;
        let phone = tokio::spawn(Phone::calling(&server, "dial", &format!("first-{}", app.name)).call());
        let ear = report.next().await.split('"').nth(1).unwrap().to_owned();
        let own = unique("watch");
        let mut watch = Recorder::open(&app.ari, &own).await;
        app.ari.application(&*own).subscribe([format!("channel:{ear}")]).await.unwrap();
        app.ari.channel(&*ear).set_channel_var("TALK_DETECT(set)").value("").await.unwrap();
        watch.until_channel("ChannelTalkingStarted", &ear).await;
        next.send_replace(1);
        watch.until_channel("ChannelTalkingFinished", &ear).await;
        next.send_replace(2);
        phone.await.unwrap();
        watch.close().await;
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn mute_silences_the_caller_until_unmute() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
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
            }
        })
        .await;
        talker(&server, &app.name, 100).await;
        assert_eq!(report.next().await, "false");
        assert_eq!(report.next().await, "true");
        app.end().await;
    })
    .await;
}
