//! Playbacks on channels and recordings from them.

use ari_e2e::unique;

use crate::scene::Scene;

pub(crate) async fn run(mut scene: Scene) {
    let id = scene.enter("talk").await;
    scene.ok(scene.channel(&id).play(["digits:1", "digits:2"])).await;
    for kind in ["PlaybackStarted", "PlaybackContinuing", "PlaybackFinished"] {
        scene.then("channels.play", kind).await;
    }
    scene.ok(scene.channel(&id).play_with_id(unique("playback"), ["digits:1"]).lang("en")).await;
    scene.then("channels.playWithId", "PlaybackStarted").await;
    scene.then("channels.playWithId", "PlaybackFinished").await;
    let name = unique("recording");
    scene.ok(scene.channel(&id).record(&name, "wav").if_exists("fail").terminate_on("none")).await;
    scene.then("channels.record", "RecordingStarted").await;
    scene.refused(scene.channel(&id).record(&name, "wav")).await;
    scene.ok(scene.aside.recordings().stop(&name)).await;
    scene.then("channels.record", "RecordingFinished").await;
    scene.ok(scene.aside.recordings().delete_stored(&name)).await;
    scene.ok(scene.channel(&id).set_channel_var("TALK_DETECT(set)").value("100,100")).await;
    scene.then_of("channels.setChannelVar", "ChannelTalkingStarted", &id).await;
    scene.then_of("channels.setChannelVar", "ChannelTalkingFinished", &id).await;
    scene.hang_up(&id).await;
    scene.watch.close().await;
}
