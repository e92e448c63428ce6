//! Playbacks.

use ari_e2e::{eventually, unique};

use crate::scene::Scene;

pub(crate) async fn run(mut scene: Scene) {
    let (id, playback) = (scene.enter("echo").await, unique("playback"));
    scene.ok(scene.aside.channel(&id).play_with_id(&playback, ["sound:tt-monkeys"])).await;
    scene.watch.until_kind("PlaybackStarted").await;
    let handle = scene.ari.playback(&playback);
    scene.ok(handle.get()).await;
    scene.ok(handle.control("pause")).await;
    eventually(|| async { scene.aside.playback(&playback).get().await.is_ok_and(|it| it.state == "paused") }).await;
    scene.ok(handle.get()).await;
    for operation in ["unpause", "forward", "reverse", "restart"] {
        scene.ok(handle.control(operation)).await;
    }
    scene.refused(handle.control("sing")).await;
    scene.ok(handle.stop()).await;
    scene.then("playbacks.stop", "PlaybackFinished").await;
    scene.ok(scene.aside.channel(&id).play(["sound:no-such-sound"])).await;
    scene.watch.until_kind("PlaybackFinished").await;
    let nobody = scene.ari.playback("nobody");
    scene.refused(nobody.get()).await;
    scene.refused(nobody.control("pause")).await;
    scene.refused(nobody.stop()).await;
    scene.hang_up(&id).await;
    scene.watch.close().await;
}
