//! Live and stored recordings.

use ari_e2e::{eventually, unique};

use crate::scene::Scene;

pub(crate) async fn run(mut scene: Scene) {
    let (id, name) = (scene.enter("talk").await, unique("recording"));
    live(&mut scene, &id, &name).await;
    stored(&scene, &name).await;
    nobody(&scene).await;
    let cancelled = unique("recording");
    scene.ok(scene.aside.channel(&id).record(&cancelled, "wav")).await;
    scene.watch.until_kind("RecordingStarted").await;
    scene.ok(scene.ari.recordings().cancel(&cancelled)).await;
    scene.then("recordings.cancel", "RecordingFinished").await;
    scene.hang_up(&id).await;
    scene.watch.close().await;
}

async fn live(scene: &mut Scene, id: &str, name: &str) {
    let recordings = scene.ari.recordings();
    scene.ok(scene.aside.channel(id).record(name, "wav")).await;
    scene.watch.until_kind("RecordingStarted").await;
    scene.ok(recordings.get_live(name)).await;
    scene.ok(recordings.pause(name)).await;
    let paused = || async { scene.aside.recordings().get_live(name).await.is_ok_and(|it| it.state == "paused") };
    eventually(paused).await;
    scene.ok(recordings.get_live(name)).await;
    scene.ok(recordings.unpause(name)).await;
    scene.ok(recordings.mute(name)).await;
    scene.ok(recordings.unmute(name)).await;
    scene.ok(recordings.stop(name)).await;
    scene.then("recordings.stop", "RecordingFinished").await;
    let gone = || async { scene.aside.recordings().get_live(name).await.is_err_and(|error| error.is_not_found()) };
    eventually(gone).await;
}

async fn stored(scene: &Scene, name: &str) {
    let (recordings, copy) = (scene.ari.recordings(), format!("{name}-copy"));
    scene.ok(recordings.list_stored()).await;
    scene.ok(recordings.get_stored(name)).await;
    let file = scene.ok(recordings.get_stored_file(name)).await;
    assert!(scene.ok(file.bytes()).await.starts_with(b"RIFF"));
    scene.ok(recordings.copy_stored(name, &copy)).await;
    scene.refused(recordings.copy_stored(name, &copy)).await;
    scene.ok(recordings.delete_stored(&copy)).await;
    scene.ok(recordings.delete_stored(name)).await;
}

async fn nobody(scene: &Scene) {
    let recordings = scene.ari.recordings();
    scene.refused(recordings.get_stored("nobody")).await;
    scene.refused(recordings.get_stored_file("nobody")).await;
    scene.refused(recordings.copy_stored("nobody", "copy")).await;
    scene.refused(recordings.delete_stored("nobody")).await;
    scene.refused(recordings.get_live("nobody")).await;
    scene.refused(recordings.cancel("nobody")).await;
    scene.refused(recordings.stop("nobody")).await;
    scene.refused(recordings.pause("nobody")).await;
    scene.refused(recordings.unpause("nobody")).await;
    scene.refused(recordings.mute("nobody")).await;
    scene.refused(recordings.unmute("nobody")).await;
}
