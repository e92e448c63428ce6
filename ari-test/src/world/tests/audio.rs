//! Where sound flows.

use super::Scene;

/// What is noticed on the far end of `b`, after this request.
async fn noticed(scene: &mut Scene, request: &str) -> String {
    let (method, uri) = request.split_once(' ').unwrap();
    scene.request(method.parse().unwrap(), uri).await;
    scene.settle().await;
    let seen = scene.seen();
    seen.split(' ').filter(|entry| entry.starts_with("ChannelTalking")).collect::<Vec<_>>().join(" ")
}

#[tokio::test(start_paused = true)]
async fn sound_flows_through_a_bridge_until_it_is_muted() {
    let mut scene = Scene::new(1);
    scene.originate("talker", "talk").await;
    scene.originate("b", "wait").await;
    scene.post("channels/b;2/variable?variable=TALK_DETECT(set)&value=500").await;
    scene.post("bridges/bridge1").await;
    scene.seen();
    let (started, finished) = ("ChannelTalkingStarted@b;2", "ChannelTalkingFinished@b;2");
    for (request, expected) in [
        ("POST bridges/bridge1/addChannel?channel=b,talker", started),
        ("POST channels/talker/mute?direction=in", finished),
        ("DELETE channels/talker/mute?direction=in", started),
        ("POST channels/b/mute?direction=out", finished),
        ("DELETE channels/b/mute?direction=both", started),
        ("POST bridges/bridge1/removeChannel?channel=talker", finished),
        ("POST bridges/bridge1/moh", started),
        ("DELETE bridges/bridge1/moh", finished),
        ("POST bridges/bridge1/play/p?media=tone:ring", started),
        ("DELETE playbacks/p", finished),
        ("POST bridges/bridge1/removeChannel?channel=b", ""),
        ("POST channels/b/moh", started),
        ("DELETE channels/b/moh", finished),
        ("POST channels/b/ring", started),
        ("DELETE channels/b/ring", finished),
        ("POST channels/b/play/silent?media=sound:silence/5", ""),
    ] {
        assert_eq!(noticed(&mut scene, request).await, expected, "{request}");
    }
}

#[tokio::test(start_paused = true)]
async fn snoop_listens_and_whispers() {
    let mut scene = Scene::new(1);
    scene.originate("talker", "talk").await;
    scene.originate("b", "wait").await;
    for channel in ["spy", "b;2"] {
        if channel == "spy" {
            scene.post("channels/talker/snoop/spy?spy=in&whisper=out&app=app").await;
            scene.settle().await;
        }
        scene.seen();
        let set = format!("POST channels/{channel}/variable?variable=TALK_DETECT(set)&value=500");
        let expected = if channel == "spy" { "ChannelTalkingStarted@spy" } else { "" };
        assert_eq!(noticed(&mut scene, &set).await, expected);
    }
    scene.post("channels/b/snoop/mouth?whisper=out&app=app").await;
    scene.settle().await;
    let whispered = noticed(&mut scene, "POST channels/mouth/play/p?media=sound:tt-monkeys").await;
    assert_eq!(whispered, "ChannelTalkingStarted@b;2");
}

#[tokio::test(start_paused = true)]
async fn two_echoes_in_a_bridge_are_silent() {
    let mut scene = Scene::new(1);
    scene.originate("a", "echo").await;
    scene.originate("b", "echo").await;
    scene.post("channels/a/variable?variable=TALK_DETECT(set)&value=500").await;
    scene.post("bridges/bridge1").await;
    assert_eq!(noticed(&mut scene, "POST bridges/bridge1/addChannel?channel=a,b").await, "");
}
