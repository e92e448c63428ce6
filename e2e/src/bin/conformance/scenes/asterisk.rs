//! The server itself: information, modules, logs, global variables, dynamic configuration.

use ari_bindings::models::ConfigTuple;
use ari_bindings::values::GetInfoOnly;
use ari_e2e::unique;

use crate::scene::Scene;

pub(crate) async fn run(scene: Scene) {
    information(&scene).await;
    modules(&scene).await;
    logs(&scene).await;
    variables(&scene).await;
    configuration(&scene).await;
    scene.watch.close().await;
}

async fn information(scene: &Scene) {
    let asterisk = scene.ari.asterisk();
    scene.ok(asterisk.get_info()).await;
    scene.ok(asterisk.get_info().only([GetInfoOnly::System, GetInfoOnly::Status])).await;
    if scene.has("asterisk.ping") {
        scene.ok(asterisk.ping()).await;
    }
}

async fn modules(scene: &Scene) {
    scene.ok(scene.ari.asterisk().list_modules()).await;
    // A module that neither other scenes nor concurrent tests need.
    let module = scene.ari.module("app_zapateller.so");
    scene.ok(module.get_module()).await;
    scene.refused(module.load_module()).await;
    scene.ok(module.unload_module()).await;
    scene.refused(module.get_module()).await;
    scene.ok(module.load_module()).await;
    scene.ok(scene.ari.module("res_musiconhold.so").reload_module()).await;
    scene.refused(module.reload_module()).await;
    let nothing = scene.ari.module("no_such.so");
    scene.refused(nothing.get_module()).await;
    scene.refused(nothing.load_module()).await;
    scene.refused(nothing.unload_module()).await;
    scene.refused(nothing.reload_module()).await;
    // In use.
    scene.refused(scene.ari.module("res_stasis.so").unload_module()).await;
}

async fn logs(scene: &Scene) {
    let (asterisk, name) = (scene.ari.asterisk(), unique("log"));
    scene.ok(asterisk.add_log(&name, "notice,warning")).await;
    scene.refused(asterisk.add_log(&name, "notice")).await;
    let channels = scene.ok(asterisk.list_log_channels()).await;
    let channel = channels.iter().find(|it| it.channel.contains(&name)).expect("the new one is listed");
    scene.ok(asterisk.delete_log(&channel.channel)).await;
    scene.ok(asterisk.rotate_log("messages.log")).await;
    scene.refused(asterisk.rotate_log("no-such-log")).await;
    scene.refused(asterisk.delete_log("no-such-log")).await;
    scene.refused(asterisk.add_log(unique("log"), "")).await;
}

async fn variables(scene: &Scene) {
    let (asterisk, name) = (scene.ari.asterisk(), unique("GLOBAL").replace('-', "_"));
    scene.ok(asterisk.set_global_var(&name).value("50% ü")).await;
    assert_eq!(scene.ok(asterisk.get_global_var(&name)).await.value, "50% ü");
    scene.ok(asterisk.set_global_var(&name)).await;
    scene.refused(asterisk.get_global_var("")).await;
    scene.refused(asterisk.set_global_var("").value("x")).await;
}

async fn configuration(scene: &Scene) {
    let (asterisk, id) = (scene.ari.asterisk(), unique("auth"));
    let fields = [("auth_type", "userpass"), ("username", "someone"), ("password", "something")];
    let fields = fields.map(|(attribute, value)| ConfigTuple::new(attribute, value));
    scene.ok(asterisk.update_object("res_pjsip", "auth", &id).fields(fields)).await;
    scene.ok(asterisk.get_object("res_pjsip", "auth", &id)).await;
    let nonsense = [ConfigTuple::new("no_such_attribute", "x")];
    scene.refused(asterisk.update_object("res_pjsip", "auth", &id).fields(nonsense)).await;
    scene.ok(asterisk.delete_object("res_pjsip", "auth", &id)).await;
    scene.refused(asterisk.get_object("res_pjsip", "auth", &id)).await;
    scene.refused(asterisk.delete_object("res_pjsip", "auth", &id)).await;
    scene.refused(asterisk.update_object("res_pjsip", "no_such_type", &id)).await;
    // From pjsip.conf, which cannot be written.
    scene.refused(asterisk.delete_object("res_pjsip", "endpoint", "phone-a")).await;
    scene.refused(asterisk.update_object("res_pjsip", "contact", &id)).await;
}
