//! Operations on a channel that does not exist, is in no application, or is not answered.

use crate::scene::Scene;

pub(crate) async fn run(mut scene: Scene) {
    each(&scene, "nobody").await;
    let elsewhere = scene.elsewhere().await;
    each(&scene, &elsewhere).await;
    scene.hang_up(&elsewhere).await;
    let down = ari_e2e::unique("down");
    scene.ok(scene.aside.channels().create("Local/echo@default", &scene.app).channel_id(&down)).await;
    scene.watch.until_channel("StasisStart", &down).await;
    not_answered(&scene, &down).await;
    scene.hang_up(&down).await;
    requests(&mut scene).await;
    scene.watch.close().await;
}

/// Operations that need a channel in an application.
async fn each(scene: &Scene, id: &str) {
    let channel = scene.channel(id);
    scene.refused(channel.continue_in_dialplan()).await;
    if scene.has("channels.move") {
        scene.refused(channel.r#move(&scene.app)).await;
    }
    scene.refused(channel.redirect("PJSIP/phone-b")).await;
    scene.refused(channel.answer()).await;
    scene.refused(channel.ring()).await;
    scene.refused(channel.ring_stop()).await;
    if scene.has("channels.progress") {
        scene.refused(channel.progress()).await;
    }
    scene.refused(channel.send_dtmf().dtmf("1")).await;
    scene.refused(channel.mute("both")).await;
    scene.refused(channel.unmute("both")).await;
    scene.refused(channel.hold()).await;
    scene.refused(channel.unhold()).await;
    scene.refused(channel.start_moh()).await;
    scene.refused(channel.stop_moh()).await;
    scene.refused(channel.start_silence()).await;
    scene.refused(channel.stop_silence()).await;
    scene.refused(channel.play(["digits:1"])).await;
    scene.refused(channel.play_with_id("p", ["digits:1"])).await;
    scene.refused(channel.record("r", "wav")).await;
    scene.refused(channel.dial()).await;
    if scene.has("channels.transfer_progress") {
        scene.refused(channel.transfer_progress("channel_progress")).await;
    }
    variables(scene, id).await;
    if id == "nobody" {
        scene.refused(channel.get()).await;
        scene.refused(channel.hangup()).await;
        scene.refused(channel.snoop_channel(&scene.app).spy("both")).await;
        scene.refused(channel.snoop_channel_with_id("s", &scene.app).spy("both")).await;
    }
    if scene.has("channels.rtpstatistics") {
        scene.refused(channel.rtpstatistics()).await;
    }
}

async fn variables(scene: &Scene, id: &str) {
    let channel = scene.channel(id);
    scene.refused(channel.get_channel_var("NOT_SET")).await;
    if id == "nobody" {
        scene.refused(channel.set_channel_var("A").value("1")).await;
    } else {
        scene.refused(channel.get_channel_var("")).await;
        scene.refused(channel.set_channel_var("")).await;
    }
    if scene.has("channels.getChannelVars") {
        scene.refused(channel.get_channel_vars(["NOT_SET"])).await;
        if id == "nobody" {
            scene.refused(channel.set_channel_vars([("A", "1")])).await;
        }
    }
}

/// Operations that need an answered channel.
async fn not_answered(scene: &Scene, id: &str) {
    let channel = scene.channel(id);
    scene.refused(channel.continue_in_dialplan()).await;
    scene.refused(channel.redirect("PJSIP/phone-b")).await;
    scene.refused(channel.answer()).await;
    scene.refused(channel.ring()).await;
    scene.refused(channel.ring_stop()).await;
    if scene.has("channels.progress") {
        scene.refused(channel.progress()).await;
    }
    scene.refused(channel.send_dtmf().dtmf("1")).await;
    scene.refused(channel.mute("both")).await;
    scene.refused(channel.unmute("both")).await;
    scene.refused(channel.hold()).await;
    scene.refused(channel.unhold()).await;
    scene.refused(channel.start_moh()).await;
    scene.refused(channel.stop_moh()).await;
    scene.refused(channel.start_silence()).await;
    scene.refused(channel.stop_silence()).await;
    scene.refused(channel.play(["digits:1"])).await;
    scene.refused(channel.play_with_id("p", ["digits:1"])).await;
}

/// Invalid requests.
async fn requests(scene: &mut Scene) {
    let (channels, id) = (scene.ari.channels(), scene.enter("echo").await);
    let channel = scene.channel(&id);
    scene.refused(channel.hangup().reason("boredom")).await;
    scene.refused(channel.redirect("nonsense")).await;
    scene.refused(channel.redirect("PJSIP/phone-b")).await;
    scene.refused(channel.send_dtmf().dtmf("")).await;
    scene.refused(channel.record("r", "no-format")).await;
    scene.refused(channel.record("r", "wav").max_duration_seconds(-1)).await;
    scene.refused(channel.snoop_channel("").spy("both")).await;
    scene.refused(channel.snoop_channel(&scene.app)).await;
    scene.refused(channel.snoop_channel_with_id("s", &scene.app)).await;
    scene.refused(channel.dial()).await;
    scene.refused(channels.originate("Local/echo@default")).await;
    scene.refused(channels.originate_with_id("o", "Local/echo@default")).await;
    scene.refused(channels.originate("Local/echo@default").app(&scene.app).channel_id(&id)).await;
    scene.refused(channels.originate_with_id(&id, "Local/echo@default").app(&scene.app)).await;
    scene.refused(channels.create("Local/echo@default", &scene.app).channel_id(&id)).await;
    scene.refused(channels.create("nonsense", &scene.app)).await;
    if scene.has("channels.externalMedia") {
        scene.refused(channels.external_media(&scene.app, "").external_host("127.0.0.1:40000")).await;
        let again = channels.external_media(&scene.app, "ulaw").external_host("127.0.0.1:40000").channel_id(&id);
        scene.refused(again).await;
    }
    if scene.has("channels.transfer_progress") {
        scene.refused(channel.transfer_progress("nonsense")).await;
    }
    scene.hang_up(&id).await;
}
