//! A server that echoes its input and reports how its connections end.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub(crate) struct Echo {
    pub(crate) address: SocketAddr,
    /// The number of bytes received.
    pub(crate) received: watch::Receiver<usize>,
    /// Whether each connection was closed (`Ok`) or reset.
    pub(crate) ends: mpsc::UnboundedReceiver<io::Result<()>>,
    task: JoinHandle<()>,
}

impl Echo {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (count, received) = watch::channel(0);
        let (sender, ends) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (count, sender) = (count.clone(), sender.clone());
                // The receiver may be gone.
                tokio::spawn(async move { sender.send(echo(stream, &count).await).ok() });
            }
        });
        Self { address, received, ends, task }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn echo(mut stream: TcpStream, count: &watch::Sender<usize>) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return stream.shutdown().await;
        }
        count.send_modify(|count| *count += length);
        stream.write_all(&buffer[..length]).await?;
    }
}
