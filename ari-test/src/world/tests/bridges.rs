//! Bridges.

use super::{Scene, set, variants};

async fn bridge_with_two(seed: u64) -> Scene {
    let mut scene = Scene::with_channel(seed, "a").await;
    scene.originate("b", "wait").await;
    scene.post("bridges/bridge").await;
    assert_eq!(scene.seen(), "<200>");
    scene.post("bridges/bridge/addChannel?channel=a,b").await;
    scene.settle().await;
    scene
}

#[tokio::test(start_paused = true)]
async fn create_of_a_taken_id_is_refused() {
    let mut scene = Scene::new(1);
    scene.post("bridges/bridge").await;
    let (status, body) = scene.post("bridges/bridge").await;
    assert_eq!((status, &body["message"]), (409, &"Bridge with id 'bridge' already exists".into()));
    assert_eq!(scene.seen(), "<200> <409>");
}

#[tokio::test(start_paused = true)]
async fn add_channel_replies_around_the_event() {
    let traces = variants(|seed| async move {
        let mut scene = Scene::with_channel(seed, "a").await;
        scene.post("bridges/bridge").await;
        scene.seen();
        scene.post("bridges/bridge/addChannel?channel=a").await;
        scene.settle().await;
        scene.seen()
    })
    .await;
    assert_eq!(traces, set(["<204> ChannelEnteredBridge@a", "ChannelEnteredBridge@a <204>"]));
}

#[tokio::test(start_paused = true)]
async fn add_channel_again_leaves_and_enters() {
    let mut scene = bridge_with_two(3).await;
    scene.seen();
    scene.post("bridges/bridge/addChannel?channel=a").await;
    scene.settle().await;
    assert_eq!(scene.seen(), "ChannelLeftBridge@a ChannelEnteredBridge@a <204>");
    scene.post("bridges/bridge/removeChannel?channel=b").await;
    assert_eq!(scene.seen(), "ChannelLeftBridge@b <204>");
    assert_eq!(scene.post("bridges/bridge/removeChannel?channel=b").await.0, 422);
    assert_eq!(scene.post("bridges/bridge/addChannel?channel=nobody").await.0, 400);
}

#[tokio::test(start_paused = true)]
async fn destroy_lets_its_channels_go_in_any_order() {
    let traces = variants(|seed| async move {
        let mut scene = bridge_with_two(seed).await;
        scene.seen();
        scene.delete("bridges/bridge").await;
        scene.settle().await;
        assert_eq!(scene.delete("bridges/bridge").await.0, 404);
        scene.seen()
    })
    .await;
    let expected = [
        "ChannelLeftBridge@a <204> ChannelLeftBridge@b <404>",
        "ChannelLeftBridge@a ChannelLeftBridge@b <204> <404>",
        "ChannelLeftBridge@b <204> ChannelLeftBridge@a <404>",
        "ChannelLeftBridge@b ChannelLeftBridge@a <204> <404>",
    ];
    assert_eq!(traces, set(expected));
}

#[tokio::test(start_paused = true)]
async fn play_on_a_bridged_channel_and_on_the_bridge() {
    let orders = set([
        "<201> PlaybackStarted:playing@p PlaybackFinished:done@p",
        "PlaybackStarted:playing@p <201> PlaybackFinished:done@p",
    ]);
    for target in ["channels/a", "bridges/bridge"] {
        let traces = variants(|seed| async move {
            let mut scene = bridge_with_two(seed).await;
            scene.seen();
            scene.post(&format!("{target}/play/p?media=sound:beep")).await;
            scene.settle_for(std::time::Duration::from_secs(1)).await;
            scene.seen()
        })
        .await;
        assert_eq!(traces, orders, "{target}");
    }
}

#[tokio::test(start_paused = true)]
async fn hangup_leaves_the_bridge_first() {
    let mut scene = bridge_with_two(1).await;
    scene.seen();
    scene.delete("channels/a").await;
    let seen = scene.seen();
    let own: Vec<_> = seen.split(' ').filter(|entry| !entry.ends_with(";2")).collect();
    let expected = "ChannelHangupRequest:32@a ChannelLeftBridge@a StasisEnd@a ChannelDestroyed:16@a <204>";
    assert_eq!(own.join(" "), expected);
}

#[tokio::test(start_paused = true)]
async fn digit_reaches_the_others_in_the_bridge() {
    let mut scene = Scene::with_channel(1, "a").await;
    scene.originate("b", "echo").await;
    scene.post("bridges/bridge").await;
    scene.post("bridges/bridge/addChannel?channel=a").await;
    scene.settle().await;
    scene.seen();
    scene.post("channels/b/dtmf?dtmf=5").await;
    scene.settle().await;
    // An echo sends it back.
    assert_eq!(scene.seen(), "<204> ChannelDtmfReceived:5@b;2 ChannelDtmfReceived:5@b");
    scene.post("bridges/bridge/addChannel?channel=b").await;
    scene.seen();
    scene.post("channels/b/dtmf?dtmf=5&duration=200").await;
    scene.settle_for(std::time::Duration::from_secs(1)).await;
    assert!(scene.seen().contains("ChannelDtmfReceived:5@a;2"));
}

#[tokio::test(start_paused = true)]
async fn destroy_ends_every_playback_and_recording() {
    let mut scene = bridge_with_two(1).await;
    for id in ["p", "q", "r"] {
        scene.post(&format!("bridges/bridge/play/{id}?media=sound:tt-monkeys")).await;
    }
    scene.delete("playbacks/r").await;
    for name in ["one", "two"] {
        scene.post(&format!("bridges/bridge/record?name={name}&format=wav")).await;
    }
    scene.settle().await;
    scene.seen();
    scene.delete("bridges/bridge").await;
    scene.settle().await;
    let seen = scene.seen();
    let ends: Vec<_> = seen.split(' ').filter(|entry| entry.contains("Finished")).collect();
    let playbacks = ["PlaybackFinished:failed@p", "PlaybackFinished:failed@q", "PlaybackFinished:done@r"];
    assert_eq!(ends, [&playbacks[..], &["RecordingFinished:done@-"; 2]].concat());
    for uri in ["playbacks/p", "playbacks/q", "playbacks/r", "recordings/live/one", "recordings/live/two"] {
        assert_eq!(scene.get(uri).await.0, 404, "{uri}");
    }
}

#[tokio::test(start_paused = true)]
async fn subscription_to_a_bridge_outlasts_its_channels() {
    let mut scene = bridge_with_two(1).await;
    scene.post("applications/app/subscription?eventSource=bridge:bridge").await;
    scene.seen();
    scene.delete("bridges/bridge").await;
    scene.settle().await;
    assert!(scene.seen().contains("BridgeDestroyed"));
}
