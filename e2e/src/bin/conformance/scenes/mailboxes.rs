//! Mailboxes, if the server has the required module.

use ari_e2e::unique;

use crate::scene::Scene;

/// Not part of Debian's packages.
const MODULE: &str = "res_ari_mailboxes.so";

pub(crate) async fn run(scene: Scene) {
    if scene.has("mailboxes.update") && is_running(&scene).await {
        let name = unique("mailbox");
        scene.ok(scene.ari.mailbox(&name).update(2, 1)).await;
        let mailbox = scene.ok(scene.ari.mailbox(&name).get()).await;
        assert_eq!((mailbox.old_messages, mailbox.new_messages), (2, 1));
        let all = scene.ok(scene.ari.mailboxes().list()).await;
        assert!(all.iter().any(|mailbox| mailbox.name == *name));
        scene.ok(scene.ari.mailbox(&name).delete()).await;
        scene.refused(scene.ari.mailbox(&name).get()).await;
    }
    scene.watch.close().await;
}

async fn is_running(scene: &Scene) -> bool {
    scene.aside.module(MODULE).get_module().await.is_ok_and(|module| module.status == "Running")
}
