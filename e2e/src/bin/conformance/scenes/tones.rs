//! Tone detection.

use ari_e2e::unique;

use crate::scene::Scene;

pub(crate) async fn run(mut scene: Scene) {
    if scene.has_event("ChannelToneDetected") {
        let id = unique("channel");
        // Otherwise the Local channels negotiate a sampling rate at which nothing is detected.
        let call = scene.aside.channels().originate_with_id(&id, "Local/tone@default").app(&scene.app);
        scene.ok(call.formats("ulaw")).await;
        scene.watch.until_channel("StasisStart", &id).await;
        scene.ok(scene.aside.channel(&id).set_channel_var("TONE_DETECT(1004,100)").value("")).await;
        scene.watch.until_kind("ChannelToneDetected").await;
        scene.hang_up(&id).await;
    }
    scene.watch.close().await;
}
