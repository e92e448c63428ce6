//! Playback and recording requests.

use ari_bindings::values::{ControlOperation, LiveRecordingState, PlaybackState};
use ari_bindings::{Client, Event};
use ari_e2e::{Route, Server, eventually, on_each_route, unique};

use crate::call::Call;

#[tokio::test]
async fn playback_is_controlled() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let id = unique("playback");
        let made = call.channel().play_with_id(&id, ["sound:tt-monkeys"]).lang("en").offsetms(10).skipms(1000);
        let made = made.await.unwrap();
        assert_eq!((made.id.as_str(), made.target_uri), (id.as_str(), format!("channel:{}", call.id)));
        call.watch.until_kind("PlaybackStarted").await;

        let playback = call.ari.playback(&id);
        assert_eq!(playback.get().await.unwrap().state, PlaybackState::Playing);
        playback.control(ControlOperation::Pause).await.unwrap();
        // Every release sends this state, and none declares it.
        eventually(|| async { playback.get().await.unwrap().state == "paused" }).await;
        playback.control("unpause").await.unwrap();
        eventually(|| async { playback.get().await.unwrap().state == PlaybackState::Playing }).await;
        for operation in [ControlOperation::Forward, ControlOperation::Reverse, ControlOperation::Restart] {
            playback.control(operation).await.unwrap();
        }
        let error = playback.control("sing").await.unwrap_err();
        assert_eq!(error.status(), Some(400), "{error}");
        playback.stop().await.unwrap();
        let Event::PlaybackFinished(end) = call.watch.until_kind("PlaybackFinished").await else { unreachable!() };
        assert_eq!(end.playback.id, id);
        // The playback remains briefly, in the state `done`.
        eventually(|| async { playback.get().await.is_err_and(|error| error.is_not_found()) }).await;
        call.end().await;
    })
    .await;
}

/// Asterisk answers no pings while a request over the WebSocket waits for the end of a playback.
#[tokio::test]
async fn request_behind_a_playback_does_not_end_the_connection() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let id = unique("playback");
        call.channel().play_with_id(&id, ["sound:tt-monkeys", "sound:tt-monkeys"]).await.unwrap();
        call.watch.until_kind("PlaybackStarted").await;
        // Longer than the ping timeout. Over HTTP, `stop` is not delayed.
        let stop = async {
            tokio::time::sleep(std::time::Duration::from_secs(12)).await;
            server.client().playback(&id).stop().await
        };
        let (set, stopped) = tokio::join!(call.channel().set_channel_var("A").value("b"), stop);
        stopped.unwrap();
        set.unwrap();
        call.watch.until_kind("PlaybackFinished").await;
        assert!(call.watch.seen().iter().all(|event| event.kind() != "Disconnected"), "{:?}", call.watch.seen());
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn media_list_is_played_in_order() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let made = call.channel().play(["digits:1", "number:2", "sound:vm-goodbye"]).await.unwrap();
        assert_eq!((made.media_uri.as_str(), made.next_media_uri.as_deref()), ("digits:1", Some("number:2")));
        call.watch.until_kind("PlaybackFinished").await;
        let playbacks = call.watch.seen().iter().filter_map(|event| Some((event.kind(), event.playback()?)));
        let reported: Vec<_> = playbacks.map(|(kind, it)| (kind, it.media_uri.as_str(), it.state.as_str())).collect();
        let expected = [
            ("PlaybackStarted", "digits:1", "playing"),
            ("PlaybackContinuing", "digits:1", "continuing"),
            ("PlaybackStarted", "number:2", "playing"),
            ("PlaybackContinuing", "number:2", "continuing"),
            ("PlaybackStarted", "sound:vm-goodbye", "playing"),
            ("PlaybackFinished", "sound:vm-goodbye", "done"),
        ];
        assert_eq!(reported, expected);
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn recording_is_paused_muted_and_stopped() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::to(&server, route, "talk").await;
        let name = unique("recording");
        let live = call.channel().record(&name, "wav").if_exists("fail").max_silence_seconds(0).await.unwrap();
        assert_eq!((live.name.as_str(), live.target_uri), (name.as_str(), format!("channel:{}", call.id)));
        call.watch.until_kind("RecordingStarted").await;

        let recordings = call.ari.recordings();
        assert_eq!(recordings.get_live(&name).await.unwrap().state, LiveRecordingState::Recording);
        recordings.pause(&name).await.unwrap();
        eventually(|| async { recordings.get_live(&name).await.unwrap().state == LiveRecordingState::Paused }).await;
        recordings.unpause(&name).await.unwrap();
        recordings.mute(&name).await.unwrap();
        recordings.unmute(&name).await.unwrap();
        recordings.stop(&name).await.unwrap();
        let Event::RecordingFinished(end) = call.watch.until_kind("RecordingFinished").await else { unreachable!() };
        assert_eq!((end.recording.name.as_str(), &end.recording.state), (name.as_str(), &LiveRecordingState::Done));
        eventually(|| async { recordings.get_live(&name).await.is_err_and(|error| error.is_not_found()) }).await;
        recordings.delete_stored(&name).await.unwrap();
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn recording_is_stored_copied_and_downloaded() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::to(&server, route, "talk").await;
        let name = unique("recording");
        call.channel().record(&name, "wav").max_duration_seconds(2).await.unwrap();
        let Event::RecordingFinished(end) = call.watch.until_kind("RecordingFinished").await else { unreachable!() };
        assert_eq!(end.recording.name, name);
        assert!(end.recording.duration >= Some(1), "{:?}", end.recording);
        assert_stored(&call.ari, &name).await;
        call.end().await;
    })
    .await;
}

/// Checks that the recording can be read, copied and downloaded until it is deleted.
async fn assert_stored(ari: &Client, name: &str) {
    let recordings = ari.recordings();
    assert_eq!(recordings.get_stored(name).await.unwrap().format, "wav");
    let copy = format!("{name}-copy");
    assert_eq!(recordings.copy_stored(name, &copy).await.unwrap().name, copy);
    let listed = recordings.list_stored().await.unwrap();
    assert_eq!(listed.iter().filter(|it| it.name == *name || it.name == copy).count(), 2);

    let whole = recordings.get_stored_file(name).await.unwrap();
    let length = whole.content_length().unwrap();
    assert!(whole.content_type().unwrap().starts_with("audio/"), "{whole:?}");
    let whole = whole.bytes().await.unwrap();
    assert_eq!((&whole[..4], &whole[8..12], u64::try_from(whole.len()).unwrap()), (&b"RIFF"[..], &b"WAVE"[..], length));
    assert!(length > 44, "nothing but a header");

    let mut pieces = recordings.get_stored_file(&copy).await.unwrap();
    let mut streamed = Vec::new();
    while let Some(piece) = pieces.chunk().await.unwrap() {
        streamed.extend_from_slice(&piece);
    }
    assert!(streamed == whole, "{} and {} bytes", streamed.len(), whole.len());

    for name in [name, &copy] {
        recordings.delete_stored(name).await.unwrap();
        assert!(recordings.get_stored(name).await.unwrap_err().is_not_found());
        assert!(recordings.get_stored_file(name).await.unwrap_err().is_not_found());
    }
}

#[tokio::test]
async fn recording_is_cancelled() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let name = unique("recording");
        call.channel().record(&name, "wav").await.unwrap();
        call.watch.until_kind("RecordingStarted").await;
        call.ari.recordings().cancel(&name).await.unwrap();
        let Event::RecordingFinished(end) = call.watch.until_kind("RecordingFinished").await else { unreachable!() };
        // The state is not `canceled`, although the recording is discarded.
        assert_eq!(end.recording.state, LiveRecordingState::Done);
        assert!(call.ari.recordings().get_stored(&name).await.unwrap_err().is_not_found());
        call.end().await;
    })
    .await;
}
