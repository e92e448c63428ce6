//! A server that sends back what it gets, and tells how its connections end.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub(crate) struct Echo {
    pub(crate) address: SocketAddr,
    /// So many bytes have come.
    pub(crate) received: watch::Receiver<usize>,
    /// How a connection ended: by a goodbye or not.
    pub(crate) ends: mpsc::UnboundedReceiver<io::Result<()>>,
    task: JoinHandle<()>,
}

impl Echo {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (count, received) = watch::channel(0);
        let (told, ends) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (count, told) = (count.clone(), told.clone());
                // Nobody may be interested any more.
                tokio::spawn(async move { told.send(echo(stream, &count).await).ok() });
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
