//! A proxy between the bindings and the server that logs every reply and every event frame unchanged.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};

use crate::frames::Frames;

/// A request and its reply.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    /// Path and query below the base URL.
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// The logged traffic.
#[derive(Debug, Default)]
pub(crate) struct Log {
    exchanges: Mutex<Vec<Exchange>>,
    frames: Mutex<Vec<String>>,
}

impl Log {
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn frames(&self) -> Vec<String> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn frame(&self, text: String) {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    fn exchange(&self, exchange: Exchange) {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
    }
}

/// Starts the proxy, which runs as long as the program, and returns the base URL to use instead of `url`.
pub(crate) async fn start(url: &str, log: Arc<Log>) -> std::io::Result<String> {
    let (server, prefix) = split(url)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let own = format!("http://{}{prefix}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (server, prefix, log) = (server.clone(), prefix.clone(), Arc::clone(&log));
            tokio::spawn(async move { pass(client, &server, &prefix, &log).await });
        }
    });
    Ok(own)
}

/// The address and path of a URL.
fn split(url: &str) -> std::io::Result<(String, String)> {
    let rest = url.strip_prefix("http://").ok_or_else(|| std::io::Error::other(format!("{url}: http:// is needed")))?;
    let (server, prefix) = rest.trim_end_matches('/').split_once('/').unwrap_or((rest, ""));
    let server = if server.contains(':') { server.to_owned() } else { format!("{server}:80") };
    Ok((server, if prefix.is_empty() { String::new() } else { format!("/{prefix}") }))
}

/// Forwards one connection until it ends.
async fn pass(client: TcpStream, server: &str, prefix: &str, log: &Log) -> Option<()> {
    let server = TcpStream::connect(server).await.ok()?;
    client.set_nodelay(true).ok()?;
    server.set_nodelay(true).ok()?;
    let (from_client, mut to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let (mut from_client, mut from_server) = (Reading::of(from_client), Reading::of(from_server));
    loop {
        let head = from_client.head().await?;
        let body = from_client.exactly(length(&head)).await?;
        to_server.write_all(&[head.as_bytes(), &body].concat()).await.ok()?;
        let reply = from_server.head().await?;
        let status = reply.split(' ').nth(1)?.parse().ok()?;
        let body = from_server.exactly(length(&reply)).await?;
        let whole = [reply.as_bytes(), &body].concat();
        let mut words = head.split(' ');
        let (method, path) = (words.next()?.to_owned(), words.next()?);
        let path = path.strip_prefix(prefix).unwrap_or(path).to_owned();
        let body = String::from_utf8_lossy(&body).into_owned();
        // Whoever has the reply finds it in the log.
        log.exchange(Exchange { method, path, status, body });
        to_client.write_all(&whole).await.ok()?;
        if status == 101 {
            break;
        }
    }
    let mut frames = Frames::default();
    let up = async {
        to_server.write_all(&from_client.buffer).await.ok()?;
        tokio::io::copy(&mut from_client.stream, &mut to_server).await.ok()?;
        to_server.shutdown().await.ok()
    };
    let down = async {
        loop {
            to_client.write_all(&from_server.buffer).await.ok()?;
            frames.feed(&from_server.buffer, |text| log.frame(text));
            from_server.buffer.clear();
            if from_server.more().await? == 0 {
                return to_client.shutdown().await.ok();
            }
        }
    };
    let (up, down) = tokio::join!(up, down);
    up.and(down)
}

struct Reading {
    stream: OwnedReadHalf,
    buffer: Vec<u8>,
}

impl Reading {
    fn of(stream: OwnedReadHalf) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    async fn more(&mut self) -> Option<usize> {
        self.stream.read_buf(&mut self.buffer).await.ok()
    }

    /// Reads up to and including the empty line.
    async fn head(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
                return String::from_utf8(head).ok();
            }
            self.more().await.filter(|count| *count > 0)?;
        }
    }

    async fn exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < length {
            self.more().await.filter(|count| *count > 0)?;
        }
        Some(self.buffer.drain(..length).collect())
    }
}

fn length(head: &str) -> usize {
    header(head, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
