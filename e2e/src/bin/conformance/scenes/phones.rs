//! Features that need a phone: hold and RTP statistics.

use ari_bindings::Event;
use ari_e2e::SipPhone;

use crate::scene::Scene;

pub(crate) async fn run(mut scene: Scene) {
    let phone = SipPhone::open("phone-a", scene.server.get("SIP_PORT")).await.expect("a phone");
    let mut call = {
        let extension = format!("first-{}", scene.app);
        phone.call(&extension).await.expect("a call")
    };
    let Event::StasisStart(start) = scene.watch.until_kind("StasisStart").await else { unreachable!() };
    if scene.has("channels.rtpstatistics") {
        scene.ok(scene.channel(start.channel.id.as_str()).rtpstatistics()).await;
    }
    assert_eq!(phone.invite(&mut call, "sendonly").await.expect("an answer"), 200);
    scene.watch.until_kind("ChannelHold").await;
    assert_eq!(phone.invite(&mut call, "sendrecv").await.expect("an answer"), 200);
    scene.watch.until_kind("ChannelUnhold").await;
    assert_eq!(phone.bye(&mut call).await.expect("an answer"), 200);
    scene.watch.until_kind("StasisEnd").await;
    scene.watch.close().await;
}
