//! Sounds.

use crate::scene::Scene;

pub(crate) async fn run(scene: Scene) {
    let sounds = scene.ari.sounds();
    scene.ok(sounds.list()).await;
    scene.ok(sounds.list().lang("en").format("gsm")).await;
    scene.ok(sounds.get("hello-world")).await;
    scene.refused(sounds.list().lang("zz")).await;
    scene.refused(sounds.get("no-such-sound")).await;
    scene.watch.close().await;
}
