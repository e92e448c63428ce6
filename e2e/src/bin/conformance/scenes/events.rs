//! User events, and requests over the event connection.

use serde_json::json;

use crate::scene::Scene;

pub(crate) async fn run(mut scene: Scene) {
    let (events, id) = (scene.ari.event_operations(), scene.enter("echo").await);
    let source = [format!("channel:{id}"), "endpoint:PJSIP/phone-b".to_owned()];
    let event = events.user_event("greeting", &scene.app).source(source);
    scene.ok(event.variables([("list", json!([1, null])), ("text", json!("ü"))])).await;
    scene.then("events.userEvent", "ChannelUserevent").await;
    scene.follows("events.eventWebsocket", "ChannelUserevent");
    scene.refused(events.user_event("greeting", "nobody")).await;
    scene.refused(events.user_event("greeting", &scene.app).source(["channel:nobody"])).await;
    scene.refused(events.user_event("greeting", &scene.app).source(["nonsense:x"])).await;
    scene.hang_up(&id).await;
    scene.watch.close().await;
}
