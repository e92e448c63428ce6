//! A call that is offered to applications and claimed by one.

use ari_e2e::{Recorder, unique};

use crate::scene::Scene;

pub(crate) async fn run(mut scene: Scene) {
    if !scene.has("events.claimChannel") {
        return scene.watch.close().await;
    }
    let other = format!("{}-other", scene.app);
    let mut others = Recorder::open(&scene.ari, &other).await;
    let id = unique("offered");
    let call = scene.aside.channels().originate_with_id(&id, "Local/wait@default");
    scene.ok(call.context("default").extension(format!("broadcast-{}", scene.app)).priority(1)).await;
    others.until_kind("CallBroadcast").await;
    scene.watch.until_kind("CallBroadcast").await;
    let claims = scene.ari.event_operations();
    scene.ok(claims.claim_channel(&id, &scene.app)).await;
    scene.then_of("events.claimChannel", "StasisStart", &id).await;
    others.until_kind("CallClaimed").await;
    scene.follows("events.claimChannel", "CallClaimed");
    scene.refused(claims.claim_channel(&id, &other)).await;
    scene.refused(claims.claim_channel("nobody", &other)).await;
    scene.hang_up(&id).await;
    others.close().await;
    scene.watch.close().await;
}
