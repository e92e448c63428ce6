//! The example `conference`.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "an example is a separate program")]
#[path = "../../../../ari-bindings/examples/conference.rs"]
mod example;

use ari_bindings::Event;
use ari_e2e::{Route, Server, eventually, on_each_server};
use tokio::sync::Mutex;

use super::{Running, listen};
use crate::call::Call;

/// Serializes the tests: the dialplan contains the name of the application.
static APPLICATION: Mutex<()> = Mutex::const_new(());

/// Places a call. Returns it with the target URI of its playbacks.
async fn call_in(server: &Server, number: &str, rooms: &mut Running) -> (Call, String) {
    let caller = Call::to(server, Route::Http, number).await;
    let Event::StasisStart(start) = rooms.watch.until_kind("StasisStart").await else { unreachable!() };
    (caller, format!("channel:{}", start.channel.id))
}

#[tokio::test]
async fn first_participant_gets_music_until_the_second_joins() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut rooms = Running::start(&server, "conference", example::serve).await;
        let (mut first, target) = call_in(&server, "2002", &mut rooms).await;
        rooms.until_played("sound:conf-onlyperson", &target).await;
        rooms.watch.until_kind("PlaybackFinished").await;
        listen(first.channel()).await;
        first.watch.until_channel("ChannelTalkingStarted", &first.id).await;

        let (second, _) = call_in(&server, "2002", &mut rooms).await;
        rooms.until_played("sound:conf-hasjoin", "bridge:conference-2002").await;
        second.channel().start_silence().await.unwrap();
        first.watch.until_channel("ChannelTalkingFinished", &first.id).await;
        second.end().await;
        first.watch.until_channel("ChannelTalkingStarted", &first.id).await;
        first.end().await;

        let bridge = rooms.ari.bridge("conference-2002");
        eventually(|| async { bridge.get().await.is_err_and(|error| error.is_not_found()) }).await;
        rooms.end().await;
    })
    .await;
}

#[tokio::test]
async fn key_mutes_and_unmutes() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut rooms = Running::start(&server, "conference", example::serve).await;
        let (mut first, _) = call_in(&server, "20021", &mut rooms).await;
        let (mut second, target) = call_in(&server, "20021", &mut rooms).await;
        rooms.until_played("sound:conf-hasjoin", "bridge:conference-20021").await;
        // Asterisk mixes audio, and therefore sends silence, only from three participants on.
        let (third, _) = call_in(&server, "20021", &mut rooms).await;
        rooms.until_played("sound:conf-hasjoin", "bridge:conference-20021").await;
        rooms.watch.until_kind("PlaybackFinished").await;
        listen(first.channel()).await;

        // The second participant sends a continuous tone.
        let tone = second.another("tone").await;
        let mouth = second.ari.bridge(second.ari.bridges().create().await.unwrap().id);
        mouth.add_channel([&second.id, &tone]).await.unwrap();
        first.watch.until_channel("ChannelTalkingStarted", &first.id).await;
        second.channel().send_dtmf().dtmf("1").await.unwrap();
        rooms.until_played("sound:conf-now-muted", &target).await;
        first.watch.until_channel("ChannelTalkingFinished", &first.id).await;
        second.channel().send_dtmf().dtmf("1").await.unwrap();
        rooms.until_played("sound:conf-now-unmuted", &target).await;
        first.watch.until_channel("ChannelTalkingStarted", &first.id).await;

        second.ari.channel(&tone).hangup().await.unwrap();
        mouth.destroy().await.unwrap();
        second.end().await;
        third.end().await;
        first.end().await;
        let bridge = rooms.ari.bridge("conference-20021");
        eventually(|| async { bridge.get().await.is_err_and(|error| error.is_not_found()) }).await;
        rooms.end().await;
    })
    .await;
}
