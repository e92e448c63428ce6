//! Requests for the server itself, its endpoints, devices, mailboxes and sounds.

use ari_bindings::models::ConfigTuple;
use ari_bindings::values::{DeviceStateValue, GetInfoOnly};
use ari_bindings::{Client, Event};
use ari_e2e::{Route, Server, on_each_route, unique};
use tokio::sync::Mutex;

#[tokio::test]
async fn server_describes_itself() {
    on_each_route(|server: Server, route: Route| async move {
        let (ari, watch) = server.open(route, [unique("app")]).await;
        let ping = ari.asterisk().ping().await.unwrap();
        assert_eq!(ping.ping, "pong");
        let info = ari.asterisk().get_info().await.unwrap();
        assert_eq!(info.system.unwrap().version, server.get("VERSION"));
        assert!(info.status.unwrap().startup_time < ping.timestamp);
        assert_eq!(info.config.unwrap().default_language, "en");
        assert!(info.build.is_some());
        let some = ari.asterisk().get_info().only([GetInfoOnly::System, GetInfoOnly::Config]).await.unwrap();
        assert!(some.system.is_some() && some.config.is_some() && some.build.is_none() && some.status.is_none());
        watch.close().await;
    })
    .await;
}

/// Serializes the tests: Asterisk deadlocks if it loads a module while it unloads another.
static CHANGES_MODULES: Mutex<()> = Mutex::const_new(());

#[tokio::test]
async fn modules_are_listed_unloaded_and_loaded() {
    on_each_route(|server: Server, route: Route| async move {
        let (ari, watch) = server.open(route, [unique("app")]).await;
        let modules = ari.asterisk().list_modules().await.unwrap();
        assert!(modules.len() > 100 && modules.iter().any(|module| module.name == "res_ari.so"));
        // A module that no other test needs, a different one for each route.
        let module = ari.module(match route {
            Route::Http => "app_morsecode.so",
            Route::WebSocket => "app_milliwatt.so",
            Route::Outbound => "app_zapateller.so",
        });
        assert_eq!(module.get_module().await.unwrap().status, "Running");
        let alone = CHANGES_MODULES.lock().await;
        module.unload_module().await.unwrap();
        assert!(module.get_module().await.unwrap_err().is_not_found());
        module.load_module().await.unwrap();
        assert_eq!(module.get_module().await.unwrap().status, "Running");
        let error = ari.module("no_such.so").load_module().await.unwrap_err();
        drop(alone);
        assert_eq!(error.status(), Some(409), "{error}");
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn log_channels_are_added_and_removed() {
    on_each_route(|server: Server, route: Route| async move {
        let (ari, watch) = server.open(route, [unique("app")]).await;
        let name = unique("log");
        ari.asterisk().add_log(&name, "notice,warning").await.unwrap();
        let channels = ari.asterisk().list_log_channels().await.unwrap();
        let channel = channels.iter().find(|it| it.channel.contains(&name)).unwrap();
        assert_eq!((channel.r#type.as_str(), channel.configuration.trim()), ("File", "NOTICE WARNING"));
        // The channel is named by the given name or by its listed path.
        ari.asterisk().delete_log(&channel.channel).await.unwrap();
        let channels = ari.asterisk().list_log_channels().await.unwrap();
        assert!(!channels.iter().any(|it| it.channel.contains(&name)));
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn log_is_rotated() {
    on_each_route(|server: Server, route: Route| async move {
        let (ari, watch) = server.open(route, [unique("app")]).await;
        ari.asterisk().rotate_log("messages.log").await.unwrap();
        let error = ari.asterisk().rotate_log("no-such-log").await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn global_variables_are_set_and_read() {
    on_each_route(|server: Server, route: Route| async move {
        let (ari, watch) = server.open(route, [unique("app")]).await;
        let name = unique("GLOBAL").replace('-', "_");
        assert_eq!(ari.asterisk().get_global_var(&name).await.unwrap().value, "");
        ari.asterisk().set_global_var(&name).value("50% + 1 & ü").await.unwrap();
        assert_eq!(ari.asterisk().get_global_var(&name).await.unwrap().value, "50% + 1 & ü");
        ari.asterisk().set_global_var(&name).await.unwrap();
        assert_eq!(ari.asterisk().get_global_var(&name).await.unwrap().value, "");
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn configuration_is_written_read_and_deleted() {
    on_each_route(|server: Server, route: Route| async move {
        let (ari, watch) = server.open(route, [unique("app")]).await;
        let id = unique("auth");
        let fields = [("auth_type", "userpass"), ("username", "a+b"), ("password", "ü, \"100%\"")];
        let fields = fields.map(|(attribute, value)| ConfigTuple::new(attribute, value));
        let object = |ari: &Client| ari.asterisk();
        let written = object(&ari).update_object("res_pjsip", "auth", &id).fields(fields.clone()).await.unwrap();
        let read = object(&ari).get_object("res_pjsip", "auth", &id).await.unwrap();
        assert_eq!(read, written);
        for field in &fields {
            assert!(read.contains(field), "{field:?} in {read:?}");
        }
        object(&ari).delete_object("res_pjsip", "auth", &id).await.unwrap();
        assert!(object(&ari).get_object("res_pjsip", "auth", &id).await.unwrap_err().is_not_found());
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn endpoints_are_found_and_receive_messages() {
    on_each_route(|server: Server, route: Route| async move {
        let (ari, watch) = server.open(route, [unique("app")]).await;
        let endpoints = ari.endpoints().list().await.unwrap();
        let phones = ari.endpoints().list_by_tech("PJSIP").await.unwrap();
        for phone in ["phone-a", "phone-b"] {
            assert!(endpoints.iter().any(|it| it.technology == "PJSIP" && it.resource == phone));
            assert!(phones.iter().any(|it| it.resource == phone));
            assert_eq!(ari.endpoints().get("PJSIP", phone).await.unwrap().resource, phone);
        }
        let error = ari.endpoints().get("PJSIP", "nobody").await.unwrap_err();
        assert_eq!((error.status(), error.message()), (Some(404), Some("Endpoint not found")));
        assert!(ari.endpoints().list_by_tech("NoTech").await.unwrap_err().is_not_found());

        let message = ari.endpoints().send_message_to_endpoint("PJSIP", "phone-b", "sip:4711@127.0.0.1");
        message.body("grüß + 100%").variables([("X-Colour", "blue")]).await.unwrap();
        let message = ari.endpoints().send_message("pjsip:phone-b", "sip:4711@127.0.0.1");
        message.body("again").await.unwrap();
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn device_states_are_set_and_reported() {
    on_each_route(|server: Server, route: Route| async move {
        let app = unique("app");
        let (ari, mut watch) = server.open(route, [&app]).await;
        let device = format!("Stasis:{}", unique("lamp"));
        let subscribed = ari.application(&app).subscribe([format!("deviceState:{device}")]).await.unwrap();
        assert_eq!(subscribed.device_names, [device.as_str()]);
        ari.device_states().update(&device, "INUSE").await.unwrap();
        let matching = |event: &Event| match event {
            Event::DeviceStateChanged(change) if change.device_state.name == device => {
                Some(change.device_state.clone())
            }
            _ => None,
        };
        assert_eq!(watch.until("DeviceStateChanged", matching).await.state, DeviceStateValue::Inuse);
        assert_eq!(ari.device_states().get(&device).await.unwrap().state, DeviceStateValue::Inuse);
        assert!(ari.device_states().list().await.unwrap().iter().any(|it| it.name == device));
        ari.device_states().delete(&device).await.unwrap();
        assert!(!ari.device_states().list().await.unwrap().iter().any(|it| it.name == device));
        let error = ari.device_states().update("PJSIP/phone-a", "INUSE").await.unwrap_err();
        assert_eq!(error.status(), Some(409), "{error}");
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn resource_without_its_module_is_not_found() {
    on_each_route(|server: Server, route: Route| async move {
        let (ari, watch) = server.open(route, [unique("app")]).await;
        let errors = [
            ari.mailboxes().list().await.unwrap_err(),
            ari.mailboxes().get("1000@default").await.unwrap_err(),
            ari.mailboxes().update("1000@default", 1, 2).await.unwrap_err(),
            ari.mailboxes().delete("1000@default").await.unwrap_err(),
        ];
        for error in errors {
            assert!(error.is_not_found(), "{error}");
            assert_eq!(error.message(), Some("Resource not found"));
        }
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn sounds_are_listed_by_language_and_format() {
    on_each_route(|server: Server, route: Route| async move {
        let (ari, watch) = server.open(route, [unique("app")]).await;
        let all = ari.sounds().list().await.unwrap();
        let some = ari.sounds().list().lang("en").format("gsm").await.unwrap();
        assert!(!some.is_empty() && some.len() <= all.len());
        let hello = ari.sounds().get("hello-world").await.unwrap();
        assert!(hello.formats.iter().any(|it| it.language == "en" && it.format == "gsm"), "{hello:?}");
        // The id contains a slash.
        assert_eq!(ari.sounds().get("digits/1").await.unwrap().id, "digits/1");
        assert!(ari.sounds().list().lang("zz").await.unwrap_err().is_not_found());
        watch.close().await;
    })
    .await;
}
