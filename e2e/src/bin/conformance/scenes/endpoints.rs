//! Endpoints, with a phone that registers, sends a message and unregisters.

use ari_e2e::SipPhone;

use crate::scene::Scene;

pub(crate) async fn run(mut scene: Scene) {
    scene.ok(scene.ari.application(&scene.app).subscribe(["endpoint:PJSIP/phone-a"])).await;
    let phone = SipPhone::open("phone-a", scene.server.get("SIP_PORT")).await.expect("a phone");
    assert_eq!(phone.register(300).await.expect("an answer"), 200);
    scene.all(["ContactStatusChange", "PeerStatusChange", "EndpointStateChange"]).await;
    let endpoints = scene.ari.endpoints();
    scene.ok(endpoints.list()).await;
    scene.ok(endpoints.list_by_tech("PJSIP")).await;
    scene.ok(endpoints.get("PJSIP", "phone-a")).await;
    phone.answering(texts(&scene)).await;
    phone.answering(refers(&scene)).await;
    assert_eq!(phone.message("anyone", "hello").await.expect("an answer"), 202);
    scene.watch.until_kind("TextMessageReceived").await;
    assert_eq!(phone.register(0).await.expect("an answer"), 200);
    scene.watch.until_kind("ContactStatusChange").await;
    errors(&scene).await;
    scene.watch.close().await;
}

async fn texts(scene: &Scene) {
    let endpoints = scene.ari.endpoints();
    let text = endpoints.send_message("pjsip:phone-a", "sip:4711@127.0.0.1").body("hello");
    scene.ok(text.variables([("X-Colour", "blue")])).await;
    scene.ok(endpoints.send_message_to_endpoint("PJSIP", "phone-a", "sip:4711@127.0.0.1").body("hello")).await;
}

async fn refers(scene: &Scene) {
    if scene.has("endpoints.refer") {
        let endpoints = scene.ari.endpoints();
        scene.ok(endpoints.refer("pjsip:phone-a", "sip:4711@127.0.0.1", "sip:4712@127.0.0.1")).await;
        let refer = endpoints.refer_to_endpoint("PJSIP", "phone-a", "sip:4711@127.0.0.1", "sip:4712@127.0.0.1");
        scene.ok(refer.to_self(false)).await;
    }
}

async fn errors(scene: &Scene) {
    let (endpoints, from) = (scene.ari.endpoints(), "sip:4711@127.0.0.1");
    scene.refused(endpoints.list_by_tech("NoTech")).await;
    scene.refused(endpoints.get("PJSIP", "nobody")).await;
    scene.refused(endpoints.send_message("nonsense", from)).await;
    scene.refused(endpoints.send_message("notech:nobody", from)).await;
    scene.refused(endpoints.send_message_to_endpoint("NoTech", "nobody", from)).await;
    scene.refused(endpoints.send_message_to_endpoint("PJSIP", "phone-a", "")).await;
    if scene.has("endpoints.refer") {
        scene.refused(endpoints.refer("nonsense", from, from)).await;
        scene.refused(endpoints.refer("notech:nobody", from, from)).await;
        scene.refused(endpoints.refer_to_endpoint("NoTech", "nobody", from, from)).await;
        scene.refused(endpoints.refer_to_endpoint("PJSIP", "phone-a", "", from)).await;
    }
}
