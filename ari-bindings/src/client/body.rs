//! The body of a reply by HTTP, as it comes.

use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use hyper::body::{Body as _, Frame, Incoming};
use tokio::time::{Sleep, sleep};

use crate::{Error, Operation};

/// As much memory as is taken beforehand for what a server says it will send.
const MOST_RESERVED: u64 = 1 << 20;

/// The longest text: many times what the calls of a large server take. Who sends more is no ARI.
const LONGEST: usize = 64 << 20;

/// How much of a text that is too long is kept to show.
const SHOWN: usize = 1000;

/// The body of a reply.
pub(super) struct Body {
    operation: &'static Operation,
    incoming: Incoming,
}

impl Body {
    pub(super) fn new(operation: &'static Operation, incoming: Incoming) -> Self {
        Self { operation, incoming }
    }

    /// Its length, if the server told it.
    pub(super) fn length(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
    }

    /// All of it.
    pub(super) async fn text(mut self) -> Result<Bytes, Error> {
        let Some(first) = poll_fn(|cx| self.poll_piece(cx)).await.transpose()? else { return Ok(Bytes::new()) };
        if self.incoming.is_end_stream() {
            return Ok(first);
        }
        let left = self.incoming.size_hint().lower().min(MOST_RESERVED);
        let mut text = Vec::with_capacity(first.len() + usize::try_from(left).unwrap_or_default());
        text.extend_from_slice(&first);
        while let Some(piece) = poll_fn(|cx| self.poll_piece(cx)).await.transpose()? {
            if text.len() + piece.len() > LONGEST {
                return Err(self.too_long(&text));
            }
            text.extend_from_slice(&piece);
        }
        Ok(text.into())
    }

    fn too_long(&self, text: &[u8]) -> Error {
        let reason = format!("longer than {LONGEST} bytes");
        let body = String::from_utf8_lossy(&text[..SHOWN.min(text.len())]);
        Error::Decode { operation: self.operation, reason: reason.into(), body: body.into() }
    }

    /// Each piece as it comes, if it comes within this time after it was waited for.
    pub(super) fn into_pieces(self, patience: Duration) -> Pieces {
        Pieces { body: self, patience, wait: None, is_over: false }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            let Some(frame) = ready!(Pin::new(&mut self.incoming).poll_frame(cx)) else { return Poll::Ready(None) };
            // A frame without data has trailers, which nobody needs.
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) => return Poll::Ready(Some(Ok(data))),
                Ok(Err(_)) => {}
                Err(error) => {
                    let operation = self.operation;
                    let unfinished = Error::OutcomeUnknown { operation, timed_out: false, source: Arc::new(error) };
                    return Poll::Ready(Some(Err(unfinished)));
                }
            }
        }
    }
}

/// The pieces of a file.
pub(super) struct Pieces {
    body: Body,
    patience: Duration,
    /// Until when the next piece is waited for, if it is.
    wait: Option<Pin<Box<Sleep>>>,
    /// Whether it was waited for too long.
    is_over: bool,
}

impl Stream for Pieces {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { body, patience, wait, is_over } = self.get_mut();
        if *is_over {
            return Poll::Ready(None);
        }
        let piece = body.poll_piece(cx);
        if piece.is_ready() {
            *wait = None;
            return piece;
        }
        ready!(wait.get_or_insert_with(|| Box::pin(sleep(*patience))).as_mut().poll(cx));
        *is_over = true;
        let operation = body.operation;
        let source = Arc::new(std::io::Error::from(std::io::ErrorKind::TimedOut));
        Poll::Ready(Some(Err(Error::OutcomeUnknown { operation, timed_out: true, source })))
    }
}
