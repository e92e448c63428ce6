use std::fmt::Write as _;

use ari_bindings::Client;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A local server that sends the same reply to every request.
#[derive(Debug)]
pub(crate) struct Loopback {
    client: Client,
    task: JoinHandle<()>,
}

impl Loopback {
    /// A server that replays a reply.
    ///
    pub(crate) async fn replaying<'a>(
        status: u16,
        headers: impl Iterator<Item = (&'a str, &'a str)>,
        body: &str,
    ) -> Self {
        let mut reply = format!("HTTP/1.1 {status} Recorded\r\nServer: Asterisk/22.10.1\r\nConnection: close\r\n");
        for (name, value) in headers {
            write!(reply, "{name}: {value}\r\n").expect("text takes text");
        }
        write!(reply, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("text takes text");

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/ari", listener.local_addr().expect("an address"));
        let client = Client::builder(url).credentials("user", "secret").build().expect("a good URL");
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                read_head(&mut stream).await;
                // A client that has closed the connection needs no reply.
                stream.write_all(reply.as_bytes()).await.ok();
            }
        });
        Self { client, task }
    }

    /// A client of this server.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads up to the empty line after the headers.
async fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read_buf(&mut head).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}
