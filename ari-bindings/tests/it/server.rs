//! Scripted HTTP servers.

use std::time::Duration;

use ari_bindings::{Client, ClientBuilder};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// Awaits `work` with the time limit of all tests.
pub(crate) async fn within<T>(work: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("the test hangs")
}

/// Lets this much time pass on the clock of the test, in small steps between which other tasks get their turns.
pub(crate) async fn pass(duration: Duration) {
    const STEP: Duration = Duration::from_millis(5);
    tokio::time::pause();
    let mut left = duration;
    while !left.is_zero() {
        let step = left.min(STEP);
        tokio::time::advance(step).await;
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        left -= step;
    }
    tokio::time::resume();
}

/// A listener on a free port, and a client for it.
pub(crate) async fn listen() -> (TcpListener, ClientBuilder) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/ari", listener.local_addr().unwrap());
    (listener, Client::builder(url).credentials("me", "secret"))
}

/// An HTTP server that sends the same response to every request.
pub(crate) struct Server {
    pub(crate) client: Client,
    requests: mpsc::UnboundedReceiver<Received>,
}

/// A request as it arrived.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Server {
    /// Responds with these bytes and closes the connection.
    pub(crate) async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let (listener, builder) = listen().await;
        let (sender, requests) = mpsc::unbounded_channel();
        let answer = answer.into();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let received = receive(&mut stream).await;
                sender.send(received).unwrap();
                stream.write_all(&answer).await.unwrap();
            }
        });
        Self { client: builder.build().unwrap(), requests }
    }

    /// Responds with this JSON.
    pub(crate) async fn json(status: &str, body: &str) -> Self {
        Self::answering(response(status, "application/json", body)).await
    }

    /// The next request.
    pub(crate) async fn received(&mut self) -> Received {
        within(self.requests.recv()).await.unwrap()
    }
}

/// The text of an HTTP response.
pub(crate) fn response(status: &str, content_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Reads one request.
pub(crate) async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> Received {
    let mut read = Vec::new();
    let head = loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "no request");
    };
    let body = read.split_off(head);
    let head = String::from_utf8(read).unwrap();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, length)| length.trim().parse().unwrap());
    let mut body = body;
    while body.len() < length {
        assert_ne!(stream.read_buf(&mut body).await.unwrap(), 0, "half a body");
    }
    Received { line: head.lines().next().unwrap().to_owned(), head, body: String::from_utf8(body).unwrap() }
}

/// Reads until the peer closes the connection, and returns what it has sent.
pub(crate) async fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    within(stream.read_to_end(&mut read)).await.ok();
    read
}

/// The error and its causes, as `anyhow` shows them.
pub(crate) fn shown(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
