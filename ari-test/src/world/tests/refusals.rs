//! What is refused in the state that it meets, as real servers refuse it.

use http::Method;

use super::Scene;
use crate::exchange::RawRequest;

#[tokio::test(start_paused = true)]
async fn requests_are_refused_as_by_real_servers() {
    let mut scene = Scene::with_channel(0, "c").await;
    scene.post("bridges/b").await;
    for (method, uri, status, message) in [
        (Method::POST, "channels/c/mute", 400, "Direction is required"),
        (Method::POST, "channels/c/mute?direction=bogus", 400, "Invalid direction specified"),
        (Method::POST, "channels/c/redirect", 400, "Required parameter 'endpoint' not provided."),
        (Method::POST, "channels/nobody/redirect", 404, "Channel not found"),
        (Method::POST, "channels/c/play?media=sound:a&skipms=-1", 400, "skipms cannot be negative"),
        (Method::POST, "channels/c/play?media=sound:a&offsetms=-1", 400, "offsetms cannot be negative"),
        (Method::POST, "channels/c/play?media=", 500, "Failed to queue media for playback"),
        (Method::POST, "channels/c/record?name=r&format=wav&terminateOn=bogus", 400, "terminateOn invalid"),
        (Method::DELETE, "channels/c?reason=bogus", 400, "Invalid reason for hangup reason provided"),
        (Method::DELETE, "channels/c?reason_code=bogus", 400, "Invalid reason for hangup reason code provided"),
        (Method::POST, "channels/c/snoop/c?spy=in&app=app", 500, "Snoop channel could not be created"),
        (Method::POST, "channels/nobody/snoop?spy=in&app=app", 404, "Provided channel was not found"),
        (Method::POST, "bridges/b/addChannel", 400, "Missing parameter channel"),
        (Method::POST, "bridges/b/removeChannel", 400, "Missing parameter channel"),
        (Method::POST, "bridges/b/record?name=r&format=wav&maxDurationSeconds=-1", 500, "Error parsing request"),
        (Method::GET, "bridges/nobody/variables?variables=a", 404, "Provided bridge was not found"),
    ] {
        let (found, body) = scene.request(method, uri).await;
        assert_eq!((found, &body["message"]), (status, &message.into()), "{uri}");
    }
}

#[tokio::test(start_paused = true)]
async fn empty_value_unsets_a_variable() {
    let mut scene = Scene::with_channel(0, "c").await;
    scene.post("channels/c/variable?variable=A&value=1").await;
    assert_eq!(scene.get("channels/c/variable?variable=A").await.0, 200);
    scene.post("channels/c/variable?variable=A").await;
    assert_eq!(scene.get("channels/c/variable?variable=A").await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn originate_to_an_unknown_extension_ends_both_halves() {
    let mut scene = Scene::new(0);
    assert_eq!(scene.post("channels/c?endpoint=Local/nobody@default&app=app").await.0, 200);
    scene.settle().await;
    let seen = scene.seen();
    assert!(seen.contains("ChannelDestroyed:0@c") && seen.contains("ChannelDestroyed:0@c;2"), "{seen}");
    assert!(!seen.contains("Dial:"), "{seen}");
}

#[tokio::test(start_paused = true)]
async fn channels_of_a_bridge_name_each_other() {
    let mut scene = Scene::with_channel(0, "c").await;
    scene.originate("d", "wait").await;
    scene.post("bridges/b").await;
    scene.post("bridges/b/addChannel?channel=c,d").await;
    scene.settle().await;
    let name = scene.get("channels/d").await.1["name"].clone();
    assert_eq!(scene.get("channels/c/variable?variable=BRIDGEPEER").await.1["value"], name);
    scene.post("bridges/b/removeChannel?channel=d").await;
    scene.settle().await;
    assert_eq!(scene.get("channels/c/variable?variable=BRIDGEPEER").await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn objects_have_the_attributes_of_their_type() {
    let scene = Scene::new(0);
    let put = async |kind: &str, body: &'static str| {
        let request = RawRequest {
            method: Method::PUT,
            path: format!("/asterisk/config/dynamic/res_pjsip/{kind}/y"),
            query: None,
            content_type: Some("application/json".to_owned()),
            body: body.into(),
        };
        scene.fake.answer(request).await.status
    };
    let username = r#"{"fields":[{"attribute":"username","value":"a"}]}"#;
    assert_eq!((put("auth", username).await, put("aor", username).await), (200, 400));
    assert_eq!(put("auth", r#"{"fields":[{"attribute":"bogus_name","value":"a"}]}"#).await, 400);
    assert_eq!(put("auth", r#"{"fields":5}"#).await, 400);
}
