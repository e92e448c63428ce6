//! Applications: subscriptions, filters, and one taken over by another connection.

use ari_bindings::EventFilter;
use ari_e2e::{Recorder, unique};

use crate::scene::Scene;

pub(crate) async fn run(mut scene: Scene) {
    let other = unique("other");
    let mut others = Recorder::open(&scene.ari, &other).await;
    let channel = scene.enter("echo").await;
    scene.ok(scene.ari.applications().list()).await;
    let application = scene.ari.application(&other);
    scene.ok(application.get()).await;
    scene.ok(application.subscribe([format!("channel:{channel}"), "endpoint:PJSIP/phone-b".to_owned()])).await;
    scene.ok(scene.aside.channel(&channel).set_channel_var("COLOUR").value("blue")).await;
    others.until_channel("ChannelVarset", &channel).await;
    scene.follows("applications.subscribe", "ChannelVarset");
    scene.ok(application.unsubscribe([format!("channel:{channel}")])).await;
    errors(&scene, &other, &channel).await;
    if scene.has("applications.filter") {
        let filter = EventFilter::new().allow("ChannelUserevent").disallow("ChannelVarset");
        scene.ok(application.filter().filter(filter)).await;
        scene.ok(scene.aside.event_operations().user_event("passes", &other)).await;
        others.until_kind("ChannelUserevent").await;
        scene.follows("applications.filter", "ChannelUserevent");
        scene.ok(application.filter().filter(EventFilter::new())).await;
        scene.refused(scene.ari.application("nobody").filter()).await;
    }
    let taken = Recorder::open(&scene.ari, &other).await;
    others.until_kind("ApplicationReplaced").await;
    // The connection had no other application, so it ends.
    assert!(others.events().next().await.is_some_and(|end| end.is_err()), "{:?}", others.kinds());
    taken.close().await;
    scene.hang_up(&channel).await;
    scene.watch.close().await;
}

async fn errors(scene: &Scene, other: &str, channel: &str) {
    let nobody = scene.ari.application("nobody");
    scene.refused(nobody.get()).await;
    scene.refused(nobody.subscribe(["endpoint:PJSIP/phone-b"])).await;
    scene.refused(nobody.unsubscribe(["endpoint:PJSIP/phone-b"])).await;
    let application = scene.ari.application(other);
    scene.refused(application.subscribe(["nonsense:x"])).await;
    scene.refused(application.subscribe(["channel:nobody"])).await;
    scene.refused(application.unsubscribe(["nonsense:x"])).await;
    scene.refused(application.unsubscribe(["channel:nobody"])).await;
    scene.refused(application.unsubscribe([format!("channel:{channel}")])).await;
}
