//! Channels: creation, moves between applications and dialplan, and actions.

use ari_bindings::{Event, VariableValue};
use ari_e2e::{Recorder, unique};

use crate::scene::Scene;

pub(crate) async fn run(mut scene: Scene) {
    made(&mut scene).await;
    let id = scene.enter("echo").await;
    does(&mut scene, &id).await;
    variables(&mut scene, &id).await;
    snoop(&mut scene, &id).await;
    digits(&mut scene).await;
    moves(&mut scene, &id).await;
    scene.ok(scene.channel(&id).hangup().reason("busy")).await;
    scene.then_of("channels.hangup", "StasisEnd", &id).await;
    scene.then_of("channels.hangup", "ChannelDestroyed", &id).await;
    scene.watch.close().await;
}

/// Creates a channel by each operation.
async fn made(scene: &mut Scene) {
    let endpoint = "Local/ring@default";
    let channels = scene.ari.channels();
    scene.ok(channels.list()).await;
    let one = scene.ok(channels.originate("Local/echo@default").app(&scene.app).app_args("a,b")).await.id.to_string();
    scene.then_of("channels.originate", "StasisStart", &one).await;
    scene.ok(scene.channel(&one).get()).await;
    scene.ok(scene.channel(&one).redirect("Local/wait@default")).await;
    scene.hang_up(&one).await;
    let two = unique("channel");
    let call = channels.originate_with_id(&two, "Local/echo@default").app(&scene.app).caller_id("Name <123>");
    scene.ok(call.timeout(10).variables([("ARI_TEST", "1")])).await;
    scene.then_of("channels.originateWithId", "StasisStart", &two).await;
    scene.hang_up(&two).await;
    let three = unique("channel");
    scene.ok(channels.create(endpoint, &scene.app).channel_id(&three)).await;
    scene.then_of("channels.create", "StasisStart", &three).await;
    scene.ok(scene.channel(&three).dial().timeout(10)).await;
    let rings = |event: &Event| matches!(event, Event::Dial(dial) if dial.peer.id == *three).then_some(());
    scene.watch.until("Dial", rings).await;
    scene.follows("channels.dial", "Dial");
    scene.hang_up(&three).await;
    scene.watch.until_channel("StasisEnd", &three).await;
}

async fn does(scene: &mut Scene, id: &str) {
    let channel = scene.channel(id);
    scene.ok(channel.send_dtmf().dtmf("12").between(50).duration(50)).await;
    scene.ok(channel.answer()).await;
    scene.ok(channel.ring()).await;
    scene.ok(channel.ring_stop()).await;
    if scene.has("channels.progress") {
        scene.ok(channel.progress()).await;
    }
    scene.ok(channel.mute("both")).await;
    scene.ok(channel.unmute("both")).await;
    scene.ok(channel.hold()).await;
    scene.ok(channel.unhold()).await;
    scene.ok(channel.start_moh()).await;
    scene.ok(channel.stop_moh()).await;
    scene.ok(channel.start_silence()).await;
    scene.ok(channel.stop_silence()).await;
}

/// The far end dials.
async fn digits(scene: &mut Scene) {
    let id = scene.enter("dtmf").await;
    scene.watch.until_channel("ChannelDtmfReceived", &id).await;
    scene.hang_up(&id).await;
}

async fn variables(scene: &mut Scene, id: &str) {
    let channel = scene.channel(id);
    scene.ok(channel.set_channel_var("COLOUR").value("blue")).await;
    scene.watch.until_set(id, "COLOUR").await;
    scene.follows("channels.setChannelVar", "ChannelVarset");
    scene.ok(channel.get_channel_var("COLOUR")).await;
    scene.ok(channel.set_channel_var("CALLERID(num)").value("4711")).await;
    scene.then_of("channels.setChannelVar", "ChannelCallerId", id).await;
    scene.ok(channel.set_channel_var("CONNECTEDLINE(num)").value("4712")).await;
    scene.then_of("channels.setChannelVar", "ChannelConnectedLine", id).await;
    if scene.has("channels.setChannelVars") {
        let values = [("A", VariableValue::from("1")), ("B", VariableValue::reported("2"))];
        scene.ok(channel.set_channel_vars(values)).await;
        scene.watch.until_set(id, "B").await;
        scene.follows("channels.setChannelVars", "ChannelVarset");
        scene.ok(channel.get_channel_vars(["A", "B"])).await;
        scene.refused(channel.get_channel_vars([""])).await;
    }
}

async fn snoop(scene: &mut Scene, id: &str) {
    let named = unique("snoop");
    let snoop = scene.ok(scene.channel(id).snoop_channel(&scene.app).spy("both").snoop_id(&named)).await;
    scene.then_of("channels.snoopChannel", "StasisStart", snoop.id.as_str()).await;
    scene.hang_up(snoop.id.as_str()).await;
    let named = unique("snoop");
    scene.ok(scene.channel(id).snoop_channel_with_id(&named, &scene.app).spy("in").whisper("out")).await;
    scene.then_of("channels.snoopChannelWithId", "StasisStart", &named).await;
    scene.hang_up(&named).await;
    scene.watch.until_channel("StasisEnd", &named).await;
}

async fn moves(scene: &mut Scene, id: &str) {
    if scene.has("channels.move") {
        let other = unique("other");
        let mut others = Recorder::open(&scene.ari, &other).await;
        scene.ok(scene.channel(id).r#move(&other).app_args("moved")).await;
        others.until_channel("StasisStart", id).await;
        scene.follows("channels.move", "StasisStart");
        scene.then_of("channels.move", "StasisEnd", id).await;
        scene.ok(scene.channel(id).r#move("nobody")).await;
        others.until_kind("ApplicationMoveFailed").await;
        scene.follows("channels.move", "ApplicationMoveFailed");
        scene.ok(scene.channel(id).r#move(&scene.app)).await;
        scene.watch.until_channel("StasisStart", id).await;
        others.close().await;
    }
    let back = format!("args-{}", scene.app);
    scene.ok(scene.channel(id).continue_in_dialplan().context("default").extension(back).priority(1)).await;
    scene.then_of("channels.continueInDialplan", "StasisEnd", id).await;
    scene.then_of("channels.continueInDialplan", "StasisStart", id).await;
}
