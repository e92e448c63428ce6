//! Device states.

use ari_e2e::unique;

use crate::scene::Scene;

pub(crate) async fn run(mut scene: Scene) {
    let (devices, device) = (scene.ari.device_states(), format!("Stasis:{}", unique("lamp")));
    scene.ok(scene.ari.application(&scene.app).subscribe([format!("deviceState:{device}")])).await;
    for state in ["NOT_INUSE", "INUSE", "BUSY", "INVALID", "UNAVAILABLE", "RINGING", "RINGINUSE", "ONHOLD"] {
        scene.ok(devices.update(&device, state)).await;
        scene.then("deviceStates.update", "DeviceStateChanged").await;
    }
    scene.ok(devices.get(&device)).await;
    scene.ok(devices.list()).await;
    scene.ok(devices.delete(&device)).await;
    scene.refused(devices.update("PJSIP/phone-a", "INUSE")).await;
    scene.refused(devices.update(&device, "nonsense")).await;
    scene.refused(devices.delete("PJSIP/phone-a")).await;
    scene.watch.close().await;
}
