//! Calls, from their creation to their end.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::timeout;

use super::{Frame, Scene, set, variants};
use crate::exchange::SessionRequest;

#[tokio::test(start_paused = true)]
async fn originate_replies_anywhere_among_its_events() {
    let traces = variants(|seed| async move {
        let mut scene = Scene::new(seed);
        let (status, channel) = scene.post("channels/a?endpoint=Local/wait@default&app=app").await;
        assert_eq!((status, &channel["state"]), (200, &"Down".into()));
        scene.settle().await;
        let seen = scene.seen();
        let own: Vec<_> = seen.split(' ').filter(|entry| !entry.ends_with(";2")).collect();
        own.join(" ")
    })
    .await;
    let events = ["Dial@a", "ChannelStateChange:Up@a", "Dial:ANSWER@a", "StasisStart@a"];
    for trace in &traces {
        let entries: Vec<_> = trace.split(' ').filter(|entry| *entry != "<200>").collect();
        assert_eq!(entries, events, "{trace}");
    }
    let places = traces.iter().map(|trace| trace.split(' ').position(|entry| entry == "<200>"));
    assert_eq!(places.collect::<BTreeSet<_>>().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn originate_to_somebody_busy() {
    let traces = variants(|seed| async move {
        let mut scene = Scene::new(seed);
        scene.post("channels/c?endpoint=Local/busy@default&app=app").await;
        scene.settle().await;
        scene.seen()
    })
    .await;
    let end =
        "ChannelHangupRequest:0@c;2 ChannelDestroyed:0@c ChannelHangupRequest:16@c;2 ChannelDestroyed:17@c;2 <200>";
    let expected = [
        format!("Dial@c ChannelDialplan@c;2 ChannelStateChange:Busy@c;2 Dial:BUSY@c {end}"),
        format!("ChannelDialplan@c;2 ChannelStateChange:Busy@c;2 Dial@c Dial:BUSY@c {end}"),
    ];
    assert_eq!(traces, expected.into());
}

#[tokio::test(start_paused = true)]
async fn originate_that_nobody_answers_ends_without_a_dial_event() {
    let mut scene = Scene::new(1);
    scene.post("channels/d?endpoint=Local/ring@default&app=app&timeout=1").await;
    scene.settle_for(Duration::from_secs(2)).await;
    let seen = scene.seen();
    assert!(seen.contains("ChannelStateChange:Ringing@d Dial:RINGING@d"), "{seen}");
    assert!(
        seen.ends_with(
            "ChannelHangupRequest:19@d;2 ChannelDestroyed:19@d ChannelHangupRequest:16@d;2 ChannelDestroyed:19@d;2"
        ),
        "{seen}"
    );
    assert!(!seen.contains("NOANSWER"), "{seen}");
}

#[tokio::test(start_paused = true)]
async fn originate_to_an_unknown_endpoint_fails_without_an_event() {
    let mut scene = Scene::new(1);
    for endpoint in ["PJSIP/nobody", "Nope/x"] {
        let (status, body) = scene.post(&format!("channels?endpoint={endpoint}&app=app")).await;
        assert_eq!((status, body.to_string()), (500, r#"{"error":"Allocation failed"}"#.to_owned()));
    }
    scene.settle().await;
    assert_eq!(scene.seen(), "<500> <500>");
}

#[tokio::test(start_paused = true)]
async fn create_and_dial() {
    let traces = variants(|seed| async move {
        let mut scene = Scene::new(seed);
        scene.post("channels/create?endpoint=Local/wait@default&app=app&channelId=b").await;
        scene.settle().await;
        scene.seen()
    })
    .await;
    assert_eq!(traces, set(["<200> ChannelDialplan@b StasisStart@b", "ChannelDialplan@b StasisStart@b <200>"]));
    let traces = variants(|seed| async move {
        let mut scene = Scene::new(seed);
        scene.post("channels/create?endpoint=Local/wait@default&app=app&channelId=b").await;
        scene.settle().await;
        scene.seen();
        assert_eq!(scene.post("channels/b/play?media=sound:beep").await.0, 412);
        assert_eq!(scene.post("channels/b/answer").await.0, 412);
        scene.seen();
        scene.post("channels/b/dial").await;
        scene.settle().await;
        assert_eq!(scene.post("channels/b/dial").await.0, 409);
        scene.seen()
    })
    .await;
    let expected = [
        "Dial@b ChannelStateChange:Up@b Dial:ANSWER@b <204> <409>",
        "<204> Dial@b ChannelStateChange:Up@b Dial:ANSWER@b <409>",
        "Dial@b <204> ChannelStateChange:Up@b Dial:ANSWER@b <409>",
    ];
    assert_eq!(traces, set(expected));
}

#[tokio::test(start_paused = true)]
async fn answer_of_an_answered_channel_sends_no_event() {
    let mut scene = Scene::with_channel(1, "a").await;
    scene.post("channels/a/answer").await;
    scene.settle().await;
    assert_eq!(scene.seen(), "<204>");
}

#[tokio::test(start_paused = true)]
async fn hang_up_while_playing() {
    let mut scene = Scene::with_channel(1, "a").await;
    scene.post("channels/a/play/p?media=sound:tt-monkeys").await;
    scene.seen();
    scene.delete("channels/a").await;
    scene.settle().await;
    let seen = scene.seen();
    let own: Vec<_> = seen.split(' ').filter(|entry| !entry.ends_with(";2")).collect();
    let expected = "ChannelHangupRequest:32@a PlaybackFinished:failed@p StasisEnd@a ChannelDestroyed:16@a <204>";
    assert_eq!(own.join(" "), expected);
    assert_eq!(scene.delete("channels/a").await.0, 404);
    assert_eq!(scene.get("channels").await.1, serde_json::json!([]));
}

#[tokio::test(start_paused = true)]
async fn far_end_hangs_up() {
    let mut scene = Scene::new(1);
    scene.originate("a", "playback").await;
    scene.settle_for(Duration::from_secs(3)).await;
    let seen = scene.seen();
    let expected = "ChannelHangupRequest:16@a;2 ChannelHangupRequest:16@a ChannelDestroyed:16@a;2 StasisEnd@a ChannelDestroyed:16@a";
    assert!(seen.ends_with(expected), "{seen}");
}

#[tokio::test(start_paused = true)]
async fn caller_enters_and_hangs_up_without_channel_destroyed() {
    let mut scene = Scene::new(1);
    let mut caller = scene.fake.call("app").from("100").await;
    let id = caller.id().to_owned();
    scene.settle().await;
    assert_eq!(scene.seen(), format!("StasisStart@{id}"));
    scene.post(&format!("channels/{id}/answer")).await;
    scene.settle().await;
    assert_eq!(scene.seen(), format!("ChannelStateChange:Up@{id} <204>"));
    caller.presses("1#").await;
    scene.settle().await;
    assert_eq!(scene.seen(), format!("ChannelDtmfReceived:1@{id} ChannelDtmfReceived:#@{id}"));
    caller.hangs_up().await;
    scene.settle().await;
    assert_eq!(scene.seen(), format!("ChannelHangupRequest:16@{id} StasisEnd@{id}"));
}

#[tokio::test(start_paused = true)]
async fn continue_goes_on_behind_the_place_the_call_came_from() {
    let mut scene = Scene::new(1);
    let caller = scene.fake.call("twice-app").from("100").await;
    let id = caller.id().to_owned();
    scene.settle().await;
    scene.post(&format!("channels/{id}/answer")).await;
    scene.seen();
    scene.post(&format!("channels/{id}/continue")).await;
    scene.settle().await;
    assert_eq!(scene.seen(), format!("<204> StasisEnd@{id} StasisStart@{id}"));
}

#[tokio::test(start_paused = true)]
async fn same_seed_and_requests_give_the_same_frames() {
    let run = |seed| async move {
        let mut scene = Scene::new(seed);
        scene.post("channels?endpoint=Local/wait@default&app=app").await;
        scene.post("bridges").await;
        let mut frames = Vec::new();
        while let Ok(Frame::Text(text)) = timeout(Duration::from_secs(2), scene.session.next()).await {
            frames.push(text);
        }
        let bridges = scene.get("bridges").await.1;
        (scene.trace, frames, bridges)
    };
    assert_eq!(run(7).await, run(7).await);
    let different: BTreeSet<_> = [run(1).await, run(2).await, run(3).await].map(|run| format!("{run:?}")).into();
    assert_eq!(different.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn busy_tone_of_a_former_call_does_not_end_one_with_the_same_id() {
    let mut scene = Scene::new(1);
    scene.post("channels/c?endpoint=Local/busy@default&app=app").await;
    scene.settle().await;
    scene.originate("c", "wait").await;
    scene.settle_for(Duration::from_secs(60)).await;
    assert_eq!(scene.seen(), "");
    assert_eq!(scene.get("channels/c").await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn restart_repeats_no_channel_id() {
    let scene = Scene::new(1);
    let first = scene.fake.call("stasis-app").from("100").await;
    scene.fake.faults().restart();
    let second = scene.fake.call("stasis-app").from("100").await;
    assert_ne!(first.id(), second.id());
    assert!(!second.is_up());
}

#[tokio::test(start_paused = true)]
async fn arguments_of_a_call_do_not_change_another_application() {
    let mut scene = Scene::new(1);
    let both = SessionRequest { apps: vec!["app".to_owned(), "app-x".to_owned()], subscribe_all: false };
    scene.session = scene.fake.connect(&both);
    let mut caller = scene.fake.call("app").args(["x"]).from("100").await;
    caller.hangs_up().await;
    let caller = scene.fake.call("app-x").from("100").await;
    let (_, channel) = scene.get(&format!("channels/{}", caller.id())).await;
    assert_eq!(channel["dialplan"]["app_data"], "app-x");
    let caller = scene.fake.call("app").args(["x,y", "z"]).from("100").await;
    let (_, channel) = scene.get(&format!("channels/{}", caller.id())).await;
    assert_eq!(
        (&channel["dialplan"]["app_data"], &channel["dialplan"]["exten"]),
        (&"app,x,y,z".into(), &"stasis-app,x%2Cy,z".into())
    );
}

#[tokio::test(start_paused = true)]
async fn pickup_takes_the_place_of_a_dialled_channel() {
    let mut scene = Scene::new(1);
    scene.post("channels/create?endpoint=Local/picked-up&app=app&appArgs=x&channelId=leg1").await;
    scene.settle().await;
    scene.post("channels/leg1/dial").await;
    scene.settle().await;
    scene.seen();
    scene.post("channels/picker?endpoint=Local/pickup&extension=wait").await;
    scene.settle_for(Duration::from_secs(1)).await;
    assert_eq!(scene.seen(), "<200> StasisStart@picker;2 StasisEnd@leg1 ChannelDialplan@picker;2");
    assert_eq!(scene.get("channels/leg1").await.0, 404);
    assert_eq!(scene.get("channels/picker;2").await.1["state"], "Up");
}

#[tokio::test(start_paused = true)]
async fn pickup_takes_a_call_before_it_enters_its_application() {
    let mut scene = Scene::new(1);
    scene.post("channels/call1?endpoint=Local/picked-up&app=app&appArgs=x").await;
    scene.settle().await;
    scene.seen();
    scene.post("channels/picker?endpoint=Local/pickup&extension=wait").await;
    scene.settle_for(Duration::from_secs(1)).await;
    let seen = scene.seen();
    assert!(seen.contains("StasisStart@picker;2") && seen.contains("ChannelDestroyed:26@call1"), "{seen}");
}
