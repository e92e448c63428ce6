//! The stream below a WebSocket, and the limits of the WebSocket.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::transport::ByteStream;

/// The largest event: far above what Asterisk sends, far below what would harm.
pub(crate) const LARGEST_MESSAGE: usize = 16 << 20;

/// The size of one read: some dozen events. The rest of the buffer is zeroed before each read.
const READ_BUFFER: usize = 16 << 10;

/// From how many bytes on frames are written out without a flush.
const WRITE_BUFFER: usize = 32 << 10;

/// How many bytes of frames may wait for a peer that does not read. The two largest requests fit.
const LARGEST_WRITE_BUFFER: usize = 256 << 10;

/// A WebSocket of an event connection.
pub(crate) type Socket = WebSocketStream<Metered>;

/// The limits of a WebSocket, with messages of at most `largest_message` bytes.
pub(crate) fn config(largest_message: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(LARGEST_WRITE_BUFFER)
        .max_message_size(Some(largest_message))
        .max_frame_size(Some(largest_message))
}

/// A stream that counts its bytes: any byte read shows that the peer is alive, any byte written that it reads.
pub(crate) struct Metered {
    stream: Box<dyn ByteStream>,
    read: u64,
    written: u64,
}

impl Metered {
    pub(crate) fn new(stream: Box<dyn ByteStream>) -> Self {
        Self { stream, read: 0, written: 0 }
    }

    /// How many bytes have been read.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    /// How many bytes have been written.
    pub(super) fn written(&self) -> u64 {
        self.written
    }
}

impl AsyncRead for Metered {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.read += (buffer.filled().len() - before) as u64;
        read
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.written += written as u64;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
