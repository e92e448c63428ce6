//! Requests about bridges.

use ari_bindings::values::BridgeType;
use ari_bindings::{Event, VariableValue};
use ari_e2e::{Route, Server, eventually, on_each_route, unique};

use crate::by_name;
use crate::call::Call;

#[tokio::test]
async fn bridge_holds_two_channels() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let second = call.another("talk").await;
        let id = unique("bridge");
        let made = call.ari.bridges().create_with_id(&id).r#type("mixing,dtmf_events").name("a room").await.unwrap();
        assert_eq!((made.id.as_str(), made.name.as_str()), (id.as_str(), "a room"));
        assert_eq!((&made.bridge_type, made.creator.as_str()), (&BridgeType::Mixing, "Stasis"));

        let bridge = call.ari.bridge(&id);
        bridge.add_channel([&call.id, &second]).role("member").absorb_dtmf(true).mute(false).await.unwrap();
        for channel in [&call.id, &second] {
            let Event::ChannelEnteredBridge(entered) = call.watch.until_channel("ChannelEnteredBridge", channel).await
            else {
                unreachable!()
            };
            assert_eq!(entered.bridge.id, id);
        }
        let mut inside = bridge.get().await.unwrap().channels;
        inside.sort();
        let mut expected = [call.id.clone(), second.clone()];
        expected.sort();
        assert_eq!(inside, expected);
        assert!(call.ari.bridges().list().await.unwrap().iter().any(|bridge| bridge.id == id));

        bridge.remove_channel([&second]).await.unwrap();
        let Event::ChannelLeftBridge(left) = call.watch.until_channel("ChannelLeftBridge", &second).await else {
            unreachable!()
        };
        assert_eq!(left.bridge.id, id);
        let error = bridge.remove_channel([&second]).await.unwrap_err();
        assert_eq!(error.status(), Some(422), "{error}");
        let error = bridge.add_channel(["no-such-channel"]).await.unwrap_err();
        assert_eq!(error.status(), Some(400), "{error}");

        // An application receives the end of a bridge only if it is subscribed to the bridge.
        call.ari.application(&call.app).subscribe([format!("bridge:{id}")]).await.unwrap();
        bridge.destroy().await.unwrap();
        let Event::BridgeDestroyed(end) = call.watch.until_kind("BridgeDestroyed").await else { unreachable!() };
        assert_eq!(end.bridge.id, id);
        eventually(|| async { bridge.get().await.is_err_and(|error| error.is_not_found()) }).await;
        call.ari.channel(&second).hangup().await.unwrap();
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn bridge_plays_and_records() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let bridge = call.ari.bridge(call.ari.bridges().create().r#type("mixing").await.unwrap().id);
        bridge.add_channel([&call.id]).await.unwrap();
        call.watch.until_channel("ChannelEnteredBridge", &call.id).await;
        bridge.start_moh().moh_class("default").await.unwrap();
        bridge.stop_moh().await.unwrap();

        let playback = unique("playback");
        let made = bridge.play_with_id(&playback, ["sound:hello-world", "digits:1"]).lang("en").await.unwrap();
        assert_eq!((made.id.as_str(), made.media_uri.as_str()), (playback.as_str(), "sound:hello-world"));
        assert_eq!(made.target_uri, format!("bridge:{}", bridge.bridge_id()));
        let Event::PlaybackContinuing(next) = call.watch.until_kind("PlaybackContinuing").await else { unreachable!() };
        // The event reports the end of one medium and names the next.
        let playback = next.playback;
        assert_eq!(
            (playback.media_uri.as_str(), playback.next_media_uri.as_deref()),
            ("sound:hello-world", Some("digits:1"))
        );
        call.watch.until_kind("PlaybackFinished").await;

        let name = unique("recording");
        let live = bridge.record(&name, "wav").max_duration_seconds(30).beep(false).terminate_on("none").await.unwrap();
        assert_eq!((live.name.as_str(), live.format.as_str()), (name.as_str(), "wav"));
        call.watch.until_kind("RecordingStarted").await;
        call.ari.recordings().stop(&name).await.unwrap();
        let Event::RecordingFinished(end) = call.watch.until_kind("RecordingFinished").await else { unreachable!() };
        assert_eq!(end.recording.target_uri, format!("bridge:{}", bridge.bridge_id()));
        call.ari.recordings().delete_stored(&name).await.unwrap();
        bridge.destroy().await.unwrap();
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn bridge_video_source_is_set_and_cleared() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let bridge = call.ari.bridge(call.ari.bridges().create().r#type("mixing,video_single").await.unwrap().id);
        bridge.add_channel([&call.id]).await.unwrap();
        call.watch.until_channel("ChannelEnteredBridge", &call.id).await;
        bridge.set_video_source(&call.id).await.unwrap();
        let Event::BridgeVideoSourceChanged(change) = call.watch.until_kind("BridgeVideoSourceChanged").await else {
            unreachable!()
        };
        assert_eq!(change.bridge.video_source_id, Some(call.id.as_str().into()));
        bridge.clear_video_source().await.unwrap();
        bridge.destroy().await.unwrap();
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn bridge_variables_are_set_and_read() {
    on_each_route(|server: Server, route: Route| async move {
        if server.major() < 20 {
            return;
        }
        let (ari, watch) = server.open(route, [unique("app")]).await;
        let bridge = ari.bridge(ari.bridges().create_with_id(unique("bridge")).await.unwrap().id);
        bridge.set_bridge_var("COLOUR").value("red").report_events(true).await.unwrap();
        assert_eq!(bridge.get_bridge_var("COLOUR").await.unwrap().value, "red");
        bridge.set_bridge_vars([("A", VariableValue::from("1")), ("B", VariableValue::reported("2"))]).await.unwrap();
        let got = bridge.get_bridge_vars(["A", "B", "COLOUR"]).await.unwrap();
        assert_eq!(got.variables, by_name([("A", "1"), ("B", "2"), ("COLOUR", "red")]));
        let reported = bridge.get().await.unwrap().bridgevars.unwrap();
        assert_eq!(reported, by_name([("B", "2"), ("COLOUR", "red")]));
        bridge.destroy().await.unwrap();
        watch.close().await;
    })
    .await;
}
