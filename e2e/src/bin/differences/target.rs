//! A server under test, reached without the bindings: their view of a response is not the whole of it.

use std::io;
use std::time::Duration;

use ari_e2e::Server;
use ari_test::Port;
use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::script::Request;

/// `asterisk:asterisk`, the user of both.
const BASIC: &str = "YXN0ZXJpc2s6YXN0ZXJpc2s=";

/// How long a reply may take.
const REPLY_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct Target {
    /// `127.0.0.1:8088`
    address: String,
    /// Keeps the fake's port open.
    _port: Option<Port>,
}

/// A response as it was on the wire, as far as programs see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Response {
    /// `404 Not Found`
    pub(crate) status: String,
    pub(crate) allow: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: String,
}

/// The event connection of an application.
pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl Target {
    pub(crate) fn server(server: &Server) -> Self {
        let address = server.url().trim_start_matches("http://").trim_end_matches("/ari").to_owned();
        Self { address, _port: None }
    }

    pub(crate) async fn fake(release: &str, seed: u64) -> Self {
        let fake = ari_e2e::like_server(release, seed);
        let port = fake.listen("127.0.0.1:0").await.expect("a free port");
        Self { address: port.address().to_string(), _port: Some(port) }
    }

    /// Sends a request; the status of a response that does not come is empty.
    pub(crate) async fn send(&self, request: &Request) -> Response {
        match timeout(REPLY_TIMEOUT, self.exchange(request)).await {
            Ok(Ok(text)) => Response::parse(&text),
            Ok(Err(error)) => Response { body: error.to_string(), ..Response::default() },
            Err(_) => Response { body: "no response".to_owned(), ..Response::default() },
        }
    }

    async fn exchange(&self, request: &Request) -> io::Result<String> {
        let Request { method, target, content_type, body } = request;
        let content_type = content_type.as_ref().map(|it| format!("Content-Type: {it}\r\n")).unwrap_or_default();
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let text = format!(
            "{method} /ari{target} HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic {BASIC}\r\nConnection: close\r\n\
             {content_type}{length}\r\n{body}",
            self.address
        );
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.write_all(text.as_bytes()).await?;
        let mut response = Vec::new();
        stream.read_to_end(&mut response).await?;
        Ok(String::from_utf8_lossy(&response).into_owned())
    }

    /// Opens the event connection of an application.
    pub(crate) async fn events(&self, app: &str) -> Socket {
        let url = format!("ws://{}/ari/events?api_key=asterisk:asterisk&app={app}", self.address);
        let connected = connect_async(url).await;
        let (socket, _) =
            connected.unwrap_or_else(|error| panic!("no event connection with {}: {error}", self.address));
        socket
    }
}

impl Response {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split_once(' ')).map_or("", |(_, status)| status);
        let mut response = Self { status: status.to_owned(), body: body.to_owned(), ..Self::default() };
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            let value = Some(value.to_owned());
            match name.to_ascii_lowercase().as_str() {
                "allow" => response.allow = value,
                "location" => response.location = value,
                "content-type" => response.content_type = value,
                _ => {}
            }
        }
        response
    }
}

/// The next event, or what the connection ended with.
pub(crate) async fn next(socket: &mut Socket) -> Result<String, String> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.to_string()),
            None => return Err("the connection ended".to_owned()),
        }
    }
}
