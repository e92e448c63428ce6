//! Output without end, written by a thread: a reader that pauses must not keep the program from its connection.

use std::io::{self, BufWriter, Write};

use tokio::sync::{mpsc, oneshot};

use crate::failure::Failure;

/// How many pieces wait for the thread.
const MOST_WAITING: usize = 1_024;

/// A place to write to, by a thread.
pub(crate) struct Stream {
    to: Option<mpsc::Sender<Vec<u8>>>,
    /// How it has ended.
    end: Option<oneshot::Receiver<io::Result<()>>>,
}

impl Stream {
    /// Starts the thread.
    pub(crate) fn new(to: impl Write + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        let (ended, end) = oneshot::channel();
        std::thread::spawn(move || {
            // Whoever has given up waiting does not want to know.
            let _ = ended.send(write_all(to, receiver));
        });
        Self { to: Some(sender), end: Some(end) }
    }

    /// Standard output as it is: colours must have been left out where they do not belong.
    pub(crate) fn stdout() -> Self {
        Self::new(io::stdout())
    }

    /// Has a piece written, after those before it; waits if many are waiting already.
    pub(crate) async fn write(&mut self, piece: Vec<u8>) -> Result<(), Failure> {
        let sent = match &self.to {
            Some(to) => to.send(piece).await.is_ok(),
            None => false,
        };
        if sent { Ok(()) } else { self.finish().await }
    }

    /// Waits until everything is written.
    pub(crate) async fn finish(&mut self) -> Result<(), Failure> {
        self.to = None;
        let Some(end) = &mut self.end else { return Ok(()) };
        let result = end.await;
        self.end = None;
        Ok(result.map_err(|_| Failure::other("the output failed"))??)
    }
}

fn write_all(to: impl Write, mut pieces: mpsc::Receiver<Vec<u8>>) -> io::Result<()> {
    let mut to = BufWriter::with_capacity(64 << 10, to);
    while let Some(piece) = pieces.blocking_recv() {
        to.write_all(&piece)?;
        while let Ok(piece) = pieces.try_recv() {
            to.write_all(&piece)?;
        }
        to.flush()?;
    }
    to.flush()
}
