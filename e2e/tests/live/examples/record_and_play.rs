//! The example `record_and_play`.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "an example is a separate program")]
#[path = "../../../../ari-bindings/examples/record_and_play.rs"]
mod example;

use std::path::PathBuf;
use std::{env, fs};

use ari_bindings::{Client, Event};
use ari_e2e::{Route, Server, eventually, on_each_server, unique};
use tokio::sync::Mutex;

use super::Running;
use crate::call::Call;

/// Serializes the tests: the dialplan contains the name of the application.
static APPLICATION: Mutex<()> = Mutex::const_new(());

/// Starts the example with a folder for its downloads.
async fn start(server: &Server) -> (Running, PathBuf) {
    let folder = env::temp_dir().join(unique("recordings"));
    fs::create_dir(&folder).unwrap();
    let into = folder.clone();
    let running = Running::start(server, "record_and_play", |ari, events| example::serve(ari, events, into)).await;
    (running, folder)
}

/// Places a call and records a message. Returns the call and its channel in the example.
async fn record(server: &Server, recorder: &mut Running) -> (Call, String) {
    let caller = Call::to(server, Route::Http, "2004").await;
    let Event::StasisStart(start) = recorder.watch.until_kind("StasisStart").await else { unreachable!() };
    recorder.watch.until_kind("RecordingStarted").await;
    say(&caller).await;
    (caller, start.channel.id.into_string())
}

/// Speaks, and then presses the key that ends the recording.
async fn say(caller: &Call) {
    caller.channel().play(["sound:hello-world"]).await.unwrap();
    // The recording begins after the greeting.
    caller.channel().send_dtmf().dtmf("#").await.unwrap();
}

async fn has_stored(ari: &Client, name: &str) -> bool {
    ari.recordings().get_stored(name).await.is_ok()
}

#[tokio::test]
async fn recording_can_be_repeated_and_kept() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let (mut recorder, folder) = start(&server).await;
        let (mut caller, channel) = record(&server, &mut recorder).await;
        let target = format!("channel:{channel}");
        recorder.until_played(&format!("recording:draft-{channel}"), &target).await;
        caller.channel().send_dtmf().dtmf("2").await.unwrap();
        recorder.watch.until_kind("RecordingStarted").await;
        say(&caller).await;
        recorder.until_played(&format!("recording:draft-{channel}"), &target).await;
        caller.channel().send_dtmf().dtmf("1").await.unwrap();
        recorder.until_played("sound:vm-msgsaved", &target).await;
        caller.watch.until_channel("StasisEnd", &caller.id).await;
        caller.watch.close().await;

        let kept = format!("kept-{channel}");
        let file = fs::read(folder.join(format!("{kept}.wav"))).unwrap();
        assert_eq!((&file[..4], &file[8..12]), (&b"RIFF"[..], &b"WAVE"[..]));
        // The greeting lasts about a second, with 8000 two-byte samples.
        assert!(file.len() > 10_000, "{}", file.len());
        let ari = &recorder.ari;
        assert!(has_stored(ari, &kept).await);
        ari.recordings().delete_stored(&kept).await.unwrap();
        eventually(|| async { !has_stored(ari, &format!("draft-{channel}")).await }).await;
        fs::remove_dir_all(folder).unwrap();
        recorder.end().await;
    })
    .await;
}

#[tokio::test]
async fn undecided_caller_leaves_nothing() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let (mut recorder, folder) = start(&server).await;
        // One caller presses another key, one hangs up during the recording.
        let (mut first, channel) = record(&server, &mut recorder).await;
        recorder.until_played(&format!("recording:draft-{channel}"), &format!("channel:{channel}")).await;
        first.channel().send_dtmf().dtmf("3").await.unwrap();
        recorder.until_played("sound:vm-deleted", &format!("channel:{channel}")).await;
        first.watch.until_channel("StasisEnd", &first.id).await;
        first.watch.close().await;

        let second = Call::to(&server, Route::Http, "2004").await;
        let Event::RecordingStarted(started) = recorder.watch.until_kind("RecordingStarted").await else {
            unreachable!()
        };
        second.end().await;
        let ari = &recorder.ari;
        for name in [format!("draft-{channel}"), started.recording.name.into_string()] {
            eventually(|| async { !has_stored(ari, &name).await }).await;
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        fs::remove_dir_all(folder).unwrap();
        recorder.end().await;
    })
    .await;
}

#[tokio::test]
async fn recording_continues_after_a_gap_that_swallows_its_end() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let folder = env::temp_dir();
        let serve = |ari, events| example::serve(ari, events, folder);
        let (mut recorder, proxy) = Running::start_behind(&server, "record_and_play", serve).await;
        let (mut caller, channel) = record(&server, &mut recorder).await;
        proxy.refuse().await;
        proxy.cut().await;
        let (ari, draft) = (server.client(), format!("draft-{channel}"));
        eventually(|| async { ari.recordings().get_live(&draft).await.is_err_and(|error| error.is_not_found()) }).await;
        proxy.heal().await;
        // The playback may begin before the connection is re-established.
        recorder.until_played("sound:vm-press", &format!("channel:{channel}")).await;
        caller.channel().send_dtmf().dtmf("3").await.unwrap();
        caller.watch.until_channel("StasisEnd", &caller.id).await;
        caller.watch.close().await;
        recorder.end().await;
    })
    .await;
}
