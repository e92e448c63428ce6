//! Event connections that the server opens, and requests over them.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use ari_e2e::Server;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use crate::proxy::Log;
use crate::scene::Scene;

/// The file that ari.conf includes, inside the server's file system.
const INCLUDED: &str = "/tmp/ari-tests-outbound.conf";

pub(crate) async fn run(scene: Scene) {
    if scene.has_event("ApplicationRegistered") {
        let address = format!("127.0.0.1:{}", scene.server.get("PHONE_PORT"));
        let listener = TcpListener::bind(address).await.expect("the port that websocket_client.conf names");
        configure(&scene, "outbound-one,outbound-two").await;
        let result = timeout(Duration::from_secs(20), connection(&scene, &listener)).await;
        // Even after a failure, the server must stop connecting.
        configure(&scene, "").await;
        until_closed(result.expect("in time")).await;
    }
    scene.watch.close().await;
}

/// Uses a connection that the server has opened, and leaves closing it to the server.
///
/// Asterisk 22.10.1 writes to the connection's applications during a reload, which continues after the reply to the
/// reload request, and crashes if the connection is closed meanwhile.
async fn connection(scene: &Scene, listener: &TcpListener) -> WebSocketStream<TcpStream> {
    let (stream, _) = listener.accept().await.expect("a connection");
    let mut events = accept_hdr_async(stream, protocol).await.expect("a handshake");
    until(&mut events, &scene.log, "ApplicationRegistered").await;
    let request = json!({
        "type": "RESTRequest", "transaction_id": "1", "request_id": "2", "method": "GET", "uri": "asterisk/ping"
    });
    events.send(Message::text(request.to_string())).await.expect("a connection");
    let reply = until(&mut events, &scene.log, "RESTResponse").await;
    assert_eq!((&reply["status_code"], &reply["request_id"]), (&json!(200), &json!("2")));
    configure(scene, "outbound-one").await;
    until(&mut events, &scene.log, "ApplicationUnregistered").await;
    events
}

/// Configures the applications for which the server connects.
async fn configure(scene: &Scene, apps: &str) {
    let text = match apps {
        "" => String::new(),
        apps => format!(
            "[outbound]\\ntype = outbound_websocket\\nwebsocket_client_id = conformance\\napps = {apps}\\n\
             local_ari_user = asterisk\\n"
        ),
    };
    write(&scene.server, &text);
    scene.ok(scene.aside.module("res_ari.so").reload_module()).await;
}

/// Writes the included file.
fn write(server: &Server, text: &str) {
    let script = format!("printf '{text}' > {INCLUDED}");
    let status = Command::new(server.get("RUN")).args(["sh", "-c", &script]).status().expect("a shell");
    assert!(status.success(), "{script}: {status}");
}

/// Accepts the subprotocol `ari`.
#[allow(clippy::result_large_err, clippy::unnecessary_wraps, reason = "required by the handshake callback")]
fn protocol(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    response.headers_mut().insert("Sec-WebSocket-Protocol", "ari".parse().expect("a header"));
    Ok(response)
}

async fn until(events: &mut WebSocketStream<TcpStream>, log: &Arc<Log>, kind: &str) -> Value {
    let search = async {
        loop {
            let message = events.next().await.expect("an event").expect("a connection");
            let Message::Text(text) = message else { continue };
            log.frame(text.to_string());
            let event: Value = serde_json::from_str(&text).expect("JSON");
            if event["type"] == kind {
                return event;
            }
        }
    };
    timeout(Duration::from_secs(10), search).await.unwrap_or_else(|_| panic!("no {kind}"))
}

/// Reads until the server has closed the connection.
async fn until_closed(mut events: WebSocketStream<TcpStream>) {
    let end = async { while events.next().await.is_some_and(|message| message.is_ok()) {} };
    timeout(Duration::from_secs(10), end).await.expect("the server closes a connection whose settings were removed");
}
