//! Playbacks.

use std::time::Duration;

use super::{Scene, set, variants};

#[tokio::test(start_paused = true)]
async fn play_starts_before_the_reply_which_says_queued() {
    for seed in 0..20 {
        let mut scene = Scene::with_channel(seed, "a").await;
        let (_, playback) = scene.post("channels/a/play/p?media=sound:beep").await;
        assert_eq!(playback["state"], "queued");
        scene.settle_for(Duration::from_secs(1)).await;
        assert_eq!(scene.seen(), "PlaybackStarted:playing@p <201> PlaybackFinished:done@p");
        assert_eq!(scene.get("playbacks/p").await.0, 404);
    }
}

#[tokio::test(start_paused = true)]
async fn play_of_two_media_starts_twice() {
    let mut scene = Scene::with_channel(1, "a").await;
    scene.post("channels/a/play/p?media=sound:beep,sound:beep").await;
    scene.settle_for(Duration::from_secs(1)).await;
    let expected = "PlaybackStarted:playing@p <201> PlaybackContinuing:continuing@p PlaybackStarted:playing@p PlaybackFinished:done@p";
    assert_eq!(scene.seen(), expected);
}

#[tokio::test(start_paused = true)]
async fn play_of_a_missing_sound_is_over_before_the_reply() {
    let mut scene = Scene::with_channel(1, "a").await;
    scene.post("channels/a/play/p?media=sound:no-such-sound").await;
    assert_eq!(scene.seen(), "PlaybackStarted:playing@p PlaybackFinished:failed@p <201>");
}

#[tokio::test(start_paused = true)]
async fn second_playback_waits_for_the_first() {
    let traces = variants(|seed| async move {
        let mut scene = Scene::with_channel(seed, "a").await;
        scene.post("channels/a/play/p?media=sound:tt-monkeys").await;
        scene.seen();
        scene.post("channels/a/play/q?media=sound:beep").await;
        scene.settle().await;
        assert_eq!(scene.seen(), "<201>");
        assert_eq!(scene.post("playbacks/q/control?operation=pause").await.0, 409);
        scene.seen();
        scene.delete("playbacks/p").await;
        scene.settle_for(Duration::from_secs(1)).await;
        assert_eq!(scene.delete("playbacks/p").await.0, 404);
        scene.seen()
    })
    .await;
    let expected = [
        "PlaybackFinished:done@p PlaybackStarted:playing@q <204> PlaybackFinished:done@q <404>",
        "<204> PlaybackFinished:done@p PlaybackStarted:playing@q PlaybackFinished:done@q <404>",
    ];
    assert_eq!(traces, set(expected));
}

#[tokio::test(start_paused = true)]
async fn pause_stops_the_time_and_unpause_starts_again() {
    let mut scene = Scene::with_channel(1, "a").await;
    scene.post("channels/a/play/p?media=sound:hello-world").await;
    scene.post("playbacks/p/control?operation=pause").await;
    scene.post("playbacks/p/control?operation=pause").await;
    assert_eq!(scene.get("playbacks/p").await.1["state"], "paused");
    scene.settle_for(Duration::from_secs(60)).await;
    assert_eq!(scene.seen(), "PlaybackStarted:playing@p <201> <204> <204> <200>");
    scene.post("playbacks/p/control?operation=unpause").await;
    scene.settle_for(Duration::from_secs(2)).await;
    assert_eq!(scene.seen(), "PlaybackStarted:playing@p <204> PlaybackFinished:done@p");
}

#[tokio::test(start_paused = true)]
async fn playback_stopped_while_it_waits_finishes_in_its_turn() {
    let mut scene = Scene::with_channel(1, "a").await;
    scene.post("channels/a/play/p?media=sound:tt-monkeys").await;
    scene.post("channels/a/play/q?media=sound:beep").await;
    scene.seen();
    assert_eq!((scene.delete("playbacks/q").await.0, scene.delete("playbacks/q").await.0), (204, 204));
    assert_eq!(scene.get("playbacks/q").await.1["state"], "done");
    scene.settle_for(Duration::from_secs(20)).await;
    assert_eq!(scene.seen(), "<204> <204> <200> PlaybackFinished:done@p PlaybackFinished:done@q");
    assert_eq!(scene.get("playbacks/q").await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn forward_goes_as_far_as_the_playback_says() {
    for (skip, left) in [("", 12), ("&skipms=0", 12), ("&skipms=10000", 5)] {
        let mut scene = Scene::with_channel(1, "a").await;
        scene.post(&format!("channels/a/play/p?media=sound:tt-monkeys{skip}")).await;
        scene.post("playbacks/p/control?operation=forward").await;
        scene.settle_for(Duration::from_secs(left)).await;
        assert!(!scene.seen().contains("PlaybackFinished"), "{skip}");
        scene.settle_for(Duration::from_secs(2)).await;
        assert!(scene.seen().contains("PlaybackFinished"), "{skip}");
    }
}
