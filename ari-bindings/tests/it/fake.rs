//! A fake Asterisk with scripted replies, which hands its event connections to the test.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use ari_bindings::{Client, ClientBuilder};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};

use crate::server::{receive, within};

/// The server's end of an event connection.
pub(crate) type Peer = WebSocketStream<TcpStream>;

pub(crate) struct Fake {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
    connections: mpsc::UnboundedReceiver<(String, Peer)>,
    task: JoinHandle<()>,
}

/// The scripted replies and the received requests.
#[derive(Default)]
struct Script {
    /// Replies by method and path.
    answers: BTreeMap<String, (u16, Value)>,
    /// Prefixes of requests that are never answered.
    unanswered: Vec<String>,
    /// The status with which event connections are refused.
    refusal: Option<u16>,
    asked: Vec<String>,
}

impl Fake {
    pub(crate) async fn start() -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), Arc::default()).await
    }

    async fn at(address: SocketAddr, script: Arc<Mutex<Script>>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, connections) = mpsc::unbounded_channel();
        let task = tokio::spawn(serve(listener, Arc::clone(&script), sender));
        Self { address, script, connections, task }
    }

    /// Stops the server; connections to it are refused.
    pub(crate) async fn stop(mut self) -> Stopped {
        self.task.abort();
        let _ = (&mut self.task).await;
        Stopped { address: self.address, script: Arc::clone(&self.script) }
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder(format!("http://{}/ari", self.address)).credentials("me", "secret")
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// Sets the reply to a request, such as `GET /channels`.
    pub(crate) fn answer(&self, request: &str, status: u16, body: Value) {
        self.script.lock().unwrap().answers.insert(request.to_owned(), (status, body));
    }

    /// Leaves requests with this prefix, such as `GET /channels?`, unanswered from now on.
    pub(crate) fn never_answer(&self, request: &str) {
        self.script.lock().unwrap().unanswered.push(request.to_owned());
    }

    /// Answers such requests from now on.
    pub(crate) fn answer_again(&self, request: &str) {
        self.script.lock().unwrap().unanswered.retain(|beginning| beginning != request);
    }

    /// Sets the startup time to this second.
    pub(crate) fn started_at(&self, second: u8) {
        let time = format!("2026-11-23T11:49:{second:02}.000+0000");
        self.answer("GET /asterisk/info", 200, json!({ "status": { "startup_time": time } }));
    }

    /// Refuses event connections with this status from now on, or accepts them again.
    pub(crate) fn refuse(&self, status: Option<u16>) {
        self.script.lock().unwrap().refusal = status;
    }

    /// The requests so far, as method and path with query, including those for event connections.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.script.lock().unwrap().asked.clone()
    }

    /// All event connections from now on.
    pub(crate) fn take_connections(&mut self) -> mpsc::UnboundedReceiver<(String, Peer)> {
        std::mem::replace(&mut self.connections, mpsc::unbounded_channel().1)
    }

    /// The next event connection.
    pub(crate) async fn connection(&mut self) -> Peer {
        self.connection_and_path().await.1
    }

    pub(crate) async fn connection_and_path(&mut self) -> (String, Peer) {
        within(self.connections.recv()).await.unwrap()
    }
}

/// A server that is not running.
pub(crate) struct Stopped {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
}

impl Stopped {
    pub(crate) async fn start(self) -> Fake {
        Fake::at(self.address, self.script).await
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, script: Arc<Mutex<Script>>, sender: mpsc::UnboundedSender<(String, Peer)>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let (script, sender) = (Arc::clone(&script), sender.clone());
        tokio::spawn(async move {
            let received = receive(&mut stream).await;
            let words: Vec<&str> = received.line.split(' ').collect();
            let path = words[1].strip_prefix("/ari").unwrap().to_owned();
            let answer = {
                let mut script = script.lock().unwrap();
                let whole = format!("{} {path} {}", words[0], received.body);
                script.asked.push(whole.trim_end().to_owned());
                let is_unanswered = script.unanswered.iter().any(|beginning| whole.starts_with(beginning));
                let mut bare = format!("{} {}", words[0], path.split('?').next().unwrap());
                // The name of a probe is not known in advance.
                if bare.starts_with("POST /events/user/ari-bindings-") {
                    "POST /events/user".clone_into(&mut bare);
                }
                match script.refusal {
                    _ if is_unanswered => None,
                    None if bare == "GET /events" => Some((101, Value::Null)),
                    Some(status) if bare == "GET /events" => Some((status, json!({ "message": "refused" }))),
                    _ => Some(match script.answers.get(&bare) {
                        Some(answer) => answer.clone(),
                        None if bare.starts_with("GET /applications/") => (200, application(&[], &[], &[])),
                        None => (404, json!({ "message": "Not here" })),
                    }),
                }
            };
            let Some((status, body)) = answer else { return std::future::pending().await };
            if status == 101 {
                let peer = upgrade(stream, &received.head).await;
                let _ = sender.send((path, peer));
                return;
            }
            let body = if status == 204 { String::new() } else { body.to_string() };
            let answer = format!(
                "HTTP/1.1 {status} Scripted\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.ok();
        });
    }
}

async fn upgrade(mut stream: TcpStream, head: &str) -> Peer {
    let mut headers = head.lines().filter_map(|line| line.split_once(": "));
    let (_, key) = headers.find(|(name, _)| name.eq_ignore_ascii_case("Sec-WebSocket-Key")).unwrap();
    let accept = derive_accept_key(key.trim().as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
    WebSocketStream::from_raw_socket(stream, Role::Server, None).await
}

/// A numbered event of an unknown type.
pub(crate) fn numbered(number: usize) -> String {
    format!(r#"{{"type":"Test","number":{number}}}"#)
}

/// Sends an event.
pub(crate) async fn send(peer: &mut Peer, event: impl Into<String>) {
    within(peer.send(Message::text(event.into()))).await.unwrap();
}

/// The next text from the client as JSON.
pub(crate) async fn next_text(peer: &mut Peer) -> Value {
    loop {
        if let Message::Text(text) = within(peer.next()).await.unwrap().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

pub(crate) fn application(channels: &[&str], bridges: &[&str], endpoints: &[&str]) -> Value {
    json!({
        "name": "x", "channel_ids": channels, "bridge_ids": bridges, "endpoint_ids": endpoints, "device_names": [],
        "events_allowed": [], "events_disallowed": [],
    })
}

/// A channel with all members that some release requires.
pub(crate) fn channel(id: &str, state: &str) -> Value {
    json!({
        "id": id, "name": format!("Local/{id}"), "state": state, "protocol_id": "", "accountcode": "",
        "language": "en", "creationtime": "2026-11-23T11:49:38.950+0000",
        "caller": { "name": "", "number": "" }, "connected": { "name": "", "number": "" },
        "dialplan": { "context": "default", "exten": "1", "priority": 1, "app_name": "Stasis", "app_data": "x" },
    })
}

/// An event of this type with these members.
pub(crate) fn event(kind: &str, mut members: Value) -> String {
    let object = members.as_object_mut().unwrap();
    object.insert("type".into(), kind.into());
    object.insert("application".into(), "x".into());
    object.insert("timestamp".into(), "2026-11-23T11:49:38.950+0000".into());
    members.to_string()
}
