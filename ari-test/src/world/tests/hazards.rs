//! What surprises clients of a real server.

use std::time::Duration;

use tokio::time::Instant;

use super::{Scene, set, variants};
use crate::exchange::SessionRequest;

#[tokio::test(start_paused = true)]
async fn some_requests_wait_for_the_playback_and_others_do_not() {
    let mut scene = Scene::with_channel(1, "a").await;
    scene.post("bridges/bridge").await;
    scene.post("channels/a/play?media=sound:hello-world").await;
    let start = Instant::now();
    for uri in ["channels/a/mute", "channels/a/dtmf?dtmf=1", "channels/a/snoop?app=app&spy=both", "channels/a/moh"] {
        scene.post(uri).await;
    }
    scene.get("channels/a/variable?variable=STASISSTATUS").await;
    assert!(start.elapsed() < Duration::from_millis(50));
    for uri in ["channels/a/variable?variable=A&value=1", "channels/a/answer", "bridges/bridge/addChannel?channel=a"] {
        let start = Instant::now();
        scene.post("channels/a/play?media=sound:hello-world").await;
        scene.post(uri).await;
        assert!(start.elapsed() > Duration::from_secs(1), "{uri}");
    }
}

#[tokio::test(start_paused = true)]
async fn add_channel_during_a_recording_is_refused() {
    let mut scene = Scene::with_channel(1, "a").await;
    scene.post("bridges/bridge").await;
    scene.post("channels/a/record?name=r&format=wav").await;
    let (status, body) = scene.post("bridges/bridge/addChannel?channel=a").await;
    assert_eq!((status, &body["message"]), (409, &"Channel a currently recording".into()));
}

#[tokio::test(start_paused = true)]
async fn playback_of_an_unknown_scheme_never_finishes() {
    for media in ["foo:x", "recording:nobody", "number:abc"] {
        let mut scene = Scene::with_channel(1, "a").await;
        scene.post(&format!("channels/a/play/p?media={media}")).await;
        scene.settle_for(Duration::from_secs(60)).await;
        assert_eq!(scene.seen(), "PlaybackStarted:playing@p <201>", "{media}");
        assert_eq!(scene.get("playbacks/p").await.0, 404);
    }
    let mut scene = Scene::with_channel(1, "a").await;
    scene.post("channels/a/play/p?media=sound:beep,foo:x").await;
    scene.settle_for(Duration::from_secs(60)).await;
    assert!(scene.seen().ends_with("PlaybackContinuing:continuing@p PlaybackStarted:playing@p"));
}

#[tokio::test(start_paused = true)]
async fn stop_does_not_stop_digits() {
    let mut scene = Scene::with_channel(1, "a").await;
    scene.post("channels/a/play/p?media=digits:123").await;
    let (status, body) = scene.delete("playbacks/p").await;
    assert_eq!((status, &body["message"]), (500, &"Could not stop playback".into()));
    scene.settle_for(Duration::from_secs(5)).await;
    scene.seen();
    scene.post("channels/a/play/q?media=sound:beep,digits:123").await;
    scene.settle().await;
    scene.settle().await;
    assert_eq!(scene.delete("playbacks/q").await.0, 204);
    scene.settle_for(Duration::from_secs(5)).await;
    assert!(scene.seen().ends_with("<204> PlaybackFinished:done@q"));
}

#[tokio::test(start_paused = true)]
async fn id_that_begins_a_living_one_is_refused() {
    let mut scene = Scene::with_channel(1, "Abc").await;
    assert_eq!(scene.post("channels/ab?endpoint=Local/wait@default&app=app").await.0, 409);
    assert_eq!(scene.post("channels/abcd?endpoint=Local/wait@default&app=app").await.0, 200);
    assert_eq!(scene.post("channels/create?endpoint=Local/wait@default&app=app&channelId=a").await.0, 409);
    assert_eq!(scene.post("channels/Abc/snoop/a?app=app&spy=both").await.0, 500);
}

#[tokio::test(start_paused = true)]
async fn move_starts_in_the_new_application_before_it_ends_in_the_old_one_at_times() {
    let traces = variants(|seed| async move {
        let mut scene = Scene::new(seed);
        let both = SessionRequest { apps: vec!["app".to_owned(), "other".to_owned()], subscribe_all: false };
        scene.session = scene.fake.connect(&both);
        scene.originate("a", "wait").await;
        scene.post("channels/a/move?app=other").await;
        scene.settle().await;
        scene.seen()
    })
    .await;
    assert_eq!(traces, set(["<204> StasisStart@a StasisEnd@a", "<204> StasisEnd@a StasisStart@a"]));
    let mut scene = Scene::with_channel(1, "a").await;
    scene.post("channels/a/move?app=nobody").await;
    scene.settle().await;
    assert_eq!(scene.seen(), "<204> ApplicationMoveFailed@a");
}

#[tokio::test(start_paused = true)]
async fn record_after_create_and_dial_fails() {
    let mut scene = Scene::new(1);
    scene.post("channels/create?endpoint=Local/wait@default&app=app&channelId=a").await;
    scene.settle().await;
    scene.post("channels/a/dial").await;
    scene.settle().await;
    scene.seen();
    scene.post("channels/a/record?name=r&format=wav").await;
    scene.settle().await;
    assert_eq!(scene.seen(), "RecordingFailed:failed@- <201>");
}

#[tokio::test(start_paused = true)]
async fn busy_after_create_and_dial_leaves_the_channel() {
    let mut scene = Scene::new(1);
    scene.post("channels/create?endpoint=Local/busy@default&app=app&channelId=a").await;
    scene.settle().await;
    scene.post("channels/a/dial").await;
    scene.settle().await;
    assert!(scene.seen().contains("Dial:BUSY@a"));
    scene.delete("channels/a").await;
    assert!(scene.seen().ends_with("StasisEnd@a ChannelDestroyed:16@a <204>"));
}

#[tokio::test(start_paused = true)]
async fn taken_over_application_gets_application_replaced_and_no_more_events() {
    let mut scene = Scene::new(1);
    let mut second = scene.fake.connect(&SessionRequest { apps: vec!["app".to_owned()], subscribe_all: false });
    scene.settle().await;
    assert_eq!(scene.seen(), "ApplicationReplaced@-");
    scene.post("channels/a?endpoint=Local/wait@default&app=app").await;
    scene.settle().await;
    assert_eq!(scene.seen(), "<200>");
    assert!(matches!(second.next().await, super::Frame::Text(_)));
}

#[tokio::test(start_paused = true)]
async fn application_without_a_connection_keeps_its_calls_and_takes_new_ones() {
    let mut scene = Scene::with_channel(1, "a").await;
    let again = SessionRequest { apps: vec!["other".to_owned()], subscribe_all: false };
    scene.session = scene.fake.connect(&again);
    assert_eq!(scene.get("applications/app").await.0, 200);
    scene.post("channels/b?endpoint=Local/wait@default&app=app").await;
    scene.settle().await;
    assert_eq!(scene.get("channels/b").await.1["dialplan"]["app_name"], "Stasis");
    assert_eq!(scene.post("channels/a/answer").await.0, 204);
}

#[tokio::test(start_paused = true)]
async fn body_with_wrong_variables_creates_the_bridge_anyway() {
    let mut scene = Scene::new(1);
    let request = crate::exchange::RawRequest {
        method: http::Method::POST,
        path: "/bridges".to_owned(),
        query: None,
        content_type: Some("application/json".to_owned()),
        body: r#"{"variables":{"variables":{"A":"1"}},"bridgeId":"b"}"#.into(),
    };
    assert_eq!(scene.fake.answer(request).await.status, 400);
    assert_eq!(scene.get("bridges/b").await.0, 200);
}
