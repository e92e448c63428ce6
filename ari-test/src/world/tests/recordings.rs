//! Recordings.

use std::time::Duration;

use http::Method;

use super::{Scene, set, variants};

#[tokio::test(start_paused = true)]
async fn record_starts_before_the_reply_and_stops_around_it() {
    let traces = variants(|seed| async move {
        let mut scene = Scene::with_channel(seed, "a").await;
        let (_, recording) = scene.post("channels/a/record?name=r&format=wav").await;
        assert_eq!(scene.seen(), "RecordingStarted:recording@- <201>");
        assert_eq!(scene.post("recordings/live/r/pause").await.0, 204);
        assert_eq!(scene.get("recordings/live/r").await.1["state"], "paused");
        scene.seen();
        scene.post("recordings/live/r/stop").await;
        scene.settle().await;
        assert_eq!(scene.post("channels/a/record?name=r&format=wav").await.0, 409);
        assert_eq!(scene.get("recordings/stored/r").await.0, 200);
        format!("{} {}", recording["state"], scene.seen())
    })
    .await;
    let expected = [
        r#""queued" <204> RecordingFinished:done@- <409> <200>"#,
        r#""queued" RecordingFinished:done@- <204> <409> <200>"#,
        r#""recording" <204> RecordingFinished:done@- <409> <200>"#,
        r#""recording" RecordingFinished:done@- <204> <409> <200>"#,
    ];
    assert_eq!(traces, set(expected));
}

#[tokio::test(start_paused = true)]
async fn recording_holds_the_queue_until_the_hangup() {
    let mut scene = Scene::with_channel(1, "b").await;
    scene.post("channels/b/record?name=r&format=wav").await;
    scene.seen();
    scene.post("channels/b/continue").await;
    scene.post("channels/b/play/p?media=sound:beep").await;
    scene.settle().await;
    assert_eq!(scene.seen(), "<204> <201>");
    scene.delete("channels/b").await;
    let seen = scene.seen();
    let own: Vec<_> = seen.split(' ').filter(|entry| !entry.ends_with(";2")).collect();
    let expected = "ChannelHangupRequest:32@b RecordingFinished:done@- PlaybackStarted:playing@p PlaybackFinished:failed@p \
        StasisEnd@b ChannelDestroyed:16@b <204>";
    assert_eq!(own.join(" "), expected);
}

#[tokio::test(start_paused = true)]
async fn digit_of_the_caller_ends_a_recording() {
    let mut scene = Scene::new(1);
    let mut caller = scene.fake.call("app").from("100").await;
    let id = caller.id().to_owned();
    scene.settle().await;
    scene.post(&format!("channels/{id}/answer")).await;
    scene.post(&format!("channels/{id}/record?name=r&format=wav&terminateOn=%23")).await;
    scene.settle_for(Duration::from_secs(3)).await;
    scene.seen();
    caller.presses("1#").await;
    scene.settle().await;
    let expected = format!("ChannelDtmfReceived:1@{id} ChannelDtmfReceived:#@{id} RecordingFinished:done@-");
    assert_eq!(scene.seen(), expected);
}

#[tokio::test(start_paused = true)]
async fn recording_ends_at_its_limits() {
    let mut scene = Scene::new(1);
    let caller = scene.fake.call("app").from("100").await;
    let id = caller.id();
    scene.settle().await;
    scene.post(&format!("channels/{id}/answer")).await;
    scene.post(&format!("channels/{id}/record?name=r&format=wav&maxDurationSeconds=5")).await;
    scene.settle_for(Duration::from_secs(6)).await;
    assert!(scene.seen().ends_with("RecordingStarted:recording@- <201> RecordingFinished:done@-"));
    scene.post(&format!("channels/{id}/record?name=s&format=wav&maxSilenceSeconds=2")).await;
    scene.settle_for(Duration::from_secs(3)).await;
    assert!(scene.seen().ends_with("RecordingStarted:recording@- <201> RecordingFinished:done@-"));
}

#[tokio::test(start_paused = true)]
async fn recording_stopped_while_it_waits_starts_all_the_same() {
    for (method, uri, is_kept) in
        [(Method::POST, "recordings/live/r/stop", true), (Method::DELETE, "recordings/live/r", false)]
    {
        let mut scene = Scene::with_channel(1, "a").await;
        scene.post("channels/a/play/p?media=sound:tt-monkeys").await;
        scene.post("channels/a/record?name=r&format=wav").await;
        assert_eq!(scene.get("recordings/live/r").await.1["state"], "queued");
        assert_eq!(scene.request(method.clone(), uri).await.0, 204);
        assert_eq!(scene.get("recordings/live/r").await.1["state"], "canceled");
        assert_eq!(scene.request(method.clone(), uri).await.0, 409);
        assert_eq!(scene.post("recordings/live/r/pause").await.0, 409);
        scene.seen();
        scene.delete("playbacks/p").await;
        scene.settle().await;
        let seen = scene.seen();
        assert!(seen.contains("PlaybackFinished:done@p RecordingStarted:recording@-"), "{seen}");
        assert_eq!(scene.request(method, uri).await.0, 204);
        scene.settle().await;
        assert!(scene.seen().contains("RecordingFinished:done@-"));
        assert_eq!(scene.get("recordings/stored/r").await.0 == 200, is_kept);
    }
}

#[tokio::test(start_paused = true)]
async fn recording_without_any_sound_ends() {
    let mut scene = Scene::with_channel(1, "a").await;
    scene.post("channels/a/record?name=r&format=wav&maxDurationSeconds=60").await;
    scene.settle_for(Duration::from_secs(6)).await;
    assert_eq!(scene.seen(), "RecordingStarted:recording@- <201> RecordingFinished:done@-");
}

#[tokio::test(start_paused = true)]
async fn recording_is_as_long_as_its_sound() {
    let mut scene = Scene::new(1);
    let mut caller = scene.fake.call("app").from("100").await;
    let id = caller.id().to_owned();
    scene.settle().await;
    scene.post(&format!("channels/{id}/answer")).await;
    scene.post(&format!("channels/{id}/record?name=r&format=wav&maxDurationSeconds=3&maxSilenceSeconds=9")).await;
    caller.talks(Duration::from_secs(2)).await;
    scene.settle_for(Duration::from_secs(3)).await;
    assert!(scene.seen().contains("RecordingFinished"));
    let file = scene.fake.client().stored_recording("r").get_stored_file().await.unwrap().bytes().await.unwrap();
    let samples: Vec<_> = file[44..].chunks_exact(2).map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]])).collect();
    assert_eq!((samples.len() / 8000, samples.iter().filter(|sample| **sample != 0).count() / 8000), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn limits_of_a_paused_recording_wait() {
    let mut scene = Scene::new(1);
    let mut caller = scene.fake.call("app").from("100").await;
    let id = caller.id().to_owned();
    scene.settle().await;
    scene.post(&format!("channels/{id}/answer")).await;
    scene.post(&format!("channels/{id}/record?name=r&format=wav&maxSilenceSeconds=2&maxDurationSeconds=20")).await;
    scene.post("recordings/live/r/pause").await;
    caller.talks(Duration::from_secs(1)).await;
    scene.settle_for(Duration::from_secs(60)).await;
    assert!(!scene.seen().contains("RecordingFinished"));
    scene.delete("recordings/live/r/pause").await;
    scene.settle_for(Duration::from_secs(3)).await;
    assert_eq!(scene.seen(), "<204> RecordingFinished:done@-");
}
