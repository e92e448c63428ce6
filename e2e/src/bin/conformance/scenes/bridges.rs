//! Bridges, and playbacks and recordings in them.

use ari_bindings::VariableValue;
use ari_e2e::unique;

use crate::scene::Scene;

pub(crate) async fn run(mut scene: Scene) {
    let bridge = scene.ok(scene.ari.bridges().create().r#type("mixing").name("one")).await.id.to_string();
    scene.ok(scene.ari.application(&scene.app).subscribe([format!("bridge:{bridge}")])).await;
    members(&mut scene, &bridge).await;
    media(&mut scene, &bridge).await;
    variables(&mut scene, &bridge).await;
    recording(&mut scene, &bridge).await;
    scene.ok(scene.ari.bridge(&bridge).destroy()).await;
    scene.then("bridges.destroy", "BridgeDestroyed").await;
    nobody(&scene).await;
    scene.watch.close().await;
}

async fn members(scene: &mut Scene, bridge: &str) {
    scene.ok(scene.ari.bridges().list()).await;
    let mut all = scene.ari.events([unique("all")]).subscribe_all(true).await.expect("a connection");
    let named = unique("bridge");
    scene.ok(scene.ari.bridges().create_with_id(&named).r#type("holding").name("two")).await;
    loop {
        let event = all.next().await.expect("an event").expect("a connection");
        if event.kind() == "BridgeCreated" {
            break;
        }
    }
    all.close().await;
    scene.follows("bridges.create", "BridgeCreated");
    scene.follows("bridges.createWithId", "BridgeCreated");
    let handle = scene.ari.bridge(bridge);
    scene.ok(handle.get()).await;
    let channel = scene.enter("echo").await;
    scene.ok(handle.add_channel([&*channel])).await;
    scene.then_of("bridges.addChannel", "ChannelEnteredBridge", &channel).await;
    scene.ok(handle.set_video_source(&*channel)).await;
    scene.then("bridges.setVideoSource", "BridgeVideoSourceChanged").await;
    scene.ok(handle.clear_video_source()).await;
    member_errors(scene, bridge, &channel).await;
    scene.ok(handle.remove_channel([&*channel])).await;
    scene.then_of("bridges.removeChannel", "ChannelLeftBridge", &channel).await;
    scene.refused(handle.remove_channel([&*channel])).await;
    scene.refused(handle.set_video_source(&*channel)).await;
    scene.hang_up(&channel).await;
    scene.ok(scene.ari.bridge(&named).destroy()).await;
}

async fn member_errors(scene: &mut Scene, bridge: &str, channel: &str) {
    let (handle, elsewhere) = (scene.ari.bridge(bridge), scene.elsewhere().await);
    scene.refused(handle.add_channel(["nobody"])).await;
    scene.refused(handle.add_channel([&*elsewhere])).await;
    scene.refused(handle.remove_channel(["nobody"])).await;
    scene.refused(handle.remove_channel([&*elsewhere])).await;
    scene.refused(handle.set_video_source("nobody")).await;
    scene.hang_up(&elsewhere).await;
    let recording = scene.enter("echo").await;
    let name = unique("recording");
    scene.ok(scene.aside.channel(&recording).record(&name, "wav")).await;
    scene.watch.until_kind("RecordingStarted").await;
    scene.refused(handle.add_channel([&*recording])).await;
    scene.hang_up(&recording).await;
    scene.watch.until_kind("RecordingFinished").await;
    // A channel in a bridge cannot be recorded separately.
    scene.ok(scene.ari.channel(channel).record(unique("recording"), "wav")).await;
    scene.then("channels.record", "RecordingFailed").await;
}

async fn media(scene: &mut Scene, bridge: &str) {
    let handle = scene.ari.bridge(bridge);
    scene.ok(handle.start_moh().moh_class("default")).await;
    scene.ok(handle.stop_moh()).await;
    scene.ok(handle.play(["digits:1"])).await;
    scene.then("bridges.play", "PlaybackStarted").await;
    scene.then("bridges.play", "PlaybackFinished").await;
    scene.ok(handle.play_with_id(unique("playback"), ["digits:1"]).lang("en")).await;
    scene.then("bridges.playWithId", "PlaybackStarted").await;
    scene.then("bridges.playWithId", "PlaybackFinished").await;
}

async fn recording(scene: &mut Scene, bridge: &str) {
    let (handle, name) = (scene.ari.bridge(bridge), unique("recording"));
    scene.ok(handle.record(&name, "wav")).await;
    scene.then("bridges.record", "RecordingStarted").await;
    scene.ok(scene.aside.recordings().cancel(&name)).await;
    scene.then("bridges.record", "RecordingFinished").await;
    // A refused request ends a recording in progress.
    scene.ok(scene.aside.bridge(bridge).record(&name, "wav")).await;
    scene.watch.until_kind("RecordingStarted").await;
    scene.refused(handle.record(&name, "wav")).await;
    scene.watch.until_kind("RecordingFinished").await;
    scene.refused(handle.record(unique("recording"), "no-format")).await;
    scene.refused(handle.record(unique("recording"), "wav").max_duration_seconds(-1)).await;
}

async fn variables(scene: &mut Scene, bridge: &str) {
    if !scene.has("bridges.setBridgeVar") {
        return;
    }
    let handle = scene.ari.bridge(bridge);
    scene.ok(handle.set_bridge_var("COLOUR").value("blue").report_events(true)).await;
    scene.ok(handle.set_bridge_vars([("A", VariableValue::from("1")), ("B", VariableValue::reported("2"))])).await;
    scene.ok(handle.get_bridge_var("COLOUR")).await;
    scene.ok(handle.get_bridge_vars(["A", "B"])).await;
    scene.ok(handle.get()).await;
    scene.refused(handle.get_bridge_var("NOT_SET")).await;
    scene.refused(handle.get_bridge_vars(["NOT_SET"])).await;
    scene.refused(handle.get_bridge_var("")).await;
    scene.refused(handle.set_bridge_var("")).await;
    let nobody = scene.ari.bridge("nobody");
    scene.refused(nobody.get_bridge_var("A")).await;
    scene.refused(nobody.get_bridge_vars(["A"])).await;
    scene.refused(nobody.set_bridge_var("A").value("1")).await;
    scene.refused(nobody.set_bridge_vars([("A", "1")])).await;
}

async fn nobody(scene: &Scene) {
    let nobody = scene.ari.bridge("nobody");
    scene.refused(nobody.get()).await;
    scene.refused(nobody.destroy()).await;
    scene.refused(nobody.add_channel(["nobody"])).await;
    scene.refused(nobody.remove_channel(["nobody"])).await;
    scene.refused(nobody.set_video_source("nobody")).await;
    scene.refused(nobody.clear_video_source()).await;
    scene.refused(nobody.start_moh()).await;
    scene.refused(nobody.stop_moh()).await;
    scene.refused(nobody.play(["digits:1"])).await;
    scene.refused(nobody.play_with_id("p", ["digits:1"])).await;
    scene.refused(nobody.record("r", "wav")).await;
}
