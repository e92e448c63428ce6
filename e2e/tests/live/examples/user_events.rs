//! The example `user_events`.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "an example is a separate program")]
#[path = "../../../../ari-bindings/examples/user_events.rs"]
mod example;

use ari_bindings::Event;
use ari_e2e::{Recorder, Route, Server, on_each_server};

use super::Running;
use crate::call::Call;

/// Waits until the wallboard receives the lamp's state.
async fn until_told(wallboard: &mut Recorder, on: bool) {
    let matching = |event: &Event| match event {
        Event::ChannelUserevent(event) if event.eventname == "lamp" => (event.userevent["on"] == on).then_some(()),
        _ => None,
    };
    wallboard.until(&format!("the lamp's state on={on}"), matching).await;
}

#[tokio::test]
async fn user_events_switch_and_show_a_lamp() {
    on_each_server(|server: Server| async move {
        let ari = server.client();
        let mut wallboard = Recorder::open(&ari, "wallboard").await;
        let lamp = Running::start(&server, "user_events", example::serve).await;
        let caller = Call::to(&server, Route::Http, "2009").await;
        caller.channel().send_dtmf().dtmf("1").await.unwrap();
        until_told(&mut wallboard, true).await;
        let hint = server.console("core show hint 2090").await;
        assert!(hint.contains("State:InUse"), "{hint}");

        let switch = ari.event_operations().user_event("switch", "user_events").variables([("to", "off")]);
        switch.await.unwrap();
        until_told(&mut wallboard, false).await;
        assert_eq!(ari.device_states().get("Stasis:lamp").await.unwrap().state, "NOT_INUSE");
        caller.end().await;
        ari.device_states().delete("Stasis:lamp").await.unwrap();
        lamp.end().await;
        wallboard.close().await;
    })
    .await;
}
