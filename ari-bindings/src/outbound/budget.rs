//! A limit on what a connection may send before it is trusted.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many bytes may still be read from a connection. Clones share one budget.
#[derive(Clone)]
pub(super) struct Budget(Arc<AtomicUsize>);

/// A stream whose reads fail once its budget is spent.
pub(super) struct Budgeted<S> {
    stream: S,
    budget: Budget,
}

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// Ends the limit.
    pub(super) fn lift(&self) {
        self.0.store(usize::MAX, Ordering::Relaxed);
    }

    pub(super) fn limit<S>(&self, stream: S) -> Budgeted<S> {
        Budgeted { stream, budget: self.clone() }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Budgeted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let left = self.budget.0.load(Ordering::Relaxed);
        if left == usize::MAX {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        if left == 0 {
            return Poll::Ready(Err(io::Error::other("it sent too much before it named its application")));
        }
        let mut limited = ReadBuf::new(buf.initialize_unfilled_to(left.min(buf.remaining())));
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut limited))?;
        let read = limited.filled().len();
        buf.advance(read);
        self.budget.0.store(left - read, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Budgeted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufWriter};

    use super::*;

    #[tokio::test]
    async fn limit_fails_reads_beyond_budget_until_lifted() {
        let budget = Budget::new(3);
        let mut stream = budget.limit(&b"abcdef"[..]);
        let mut buffer = [0; 6];
        assert_eq!(stream.read(&mut buffer).await.unwrap(), 3);
        assert_eq!(&buffer[..3], b"abc");
        assert!(stream.read(&mut buffer).await.unwrap_err().to_string().contains("too much"));
        budget.lift();
        assert_eq!(stream.read(&mut buffer).await.unwrap(), 3);
        assert_eq!(&buffer[..3], b"def");
    }

    #[tokio::test(start_paused = true)]
    async fn limit_leaves_writes_to_the_stream() {
        let (stream, mut peer) = tokio::io::duplex(16);
        let mut limited = Budget::new(0).limit(BufWriter::new(stream));
        let writing = async {
            let mut buffer = [0; 3];
            limited.write_all(b"abc").await.unwrap();
            limited.flush().await.unwrap();
            assert_eq!((peer.read(&mut buffer).await.unwrap(), &buffer), (3, b"abc"));
            limited.shutdown().await.unwrap();
            assert_eq!(peer.read(&mut buffer).await.unwrap(), 0);
        };
        tokio::time::timeout(Duration::from_secs(1), writing).await.expect("it ends");
    }
}
