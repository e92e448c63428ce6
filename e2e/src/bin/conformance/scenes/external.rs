//! External media over every transport of the release.

use ari_e2e::unique;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use crate::scene::Scene;

const OPERATION: &str = "channels.externalMedia";

pub(crate) async fn run(mut scene: Scene) {
    if scene.has(OPERATION) {
        let media = scene.ari.channels().external_media(&scene.app, "ulaw").external_host("127.0.0.1:40000");
        let id = unique("media");
        scene.ok(media.channel_id(&id).direction("both").variables([("COLOUR", "blue")])).await;
        scene.then_of(OPERATION, "StasisStart", &id).await;
        scene.hang_up(&id).await;
    }
    if scene.server.major() >= 18 {
        audio_socket(&mut scene).await;
    }
    if scene.has("channels.progress") {
        let id = unique("media");
        let media = scene.ari.channels().external_media(&scene.app, "ulaw").channel_id(&id);
        scene.ok(media.transport("websocket").encapsulation("none").connection_type("server")).await;
        scene.watch.until_kind("Dial").await;
        scene.hang_up(&id).await;
    }
    scene.watch.close().await;
}

async fn audio_socket(scene: &mut Scene) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let host = listener.local_addr().expect("an address").to_string();
    let id = unique("media");
    let media = scene.ari.channels().external_media(&scene.app, "slin").external_host(host).channel_id(&id);
    let media = media.transport("tcp").encapsulation("audiosocket").data("c8a4a0c6-6f3c-4b0f-9d3c-000000000001");
    let accept = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut first = [0; 3];
        stream.read_exact(&mut first).await.expect("the id");
        assert_eq!(first, [1, 0, 16]);
        stream
    };
    let (_, stream) = tokio::join!(scene.ok(media), accept);
    scene.watch.until_channel("StasisStart", &id).await;
    scene.hang_up(&id).await;
    drop(stream);
}
