//! The body of a reply by HTTP, as it comes.

use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use hyper::body::{Body as _, Frame};
use reqwest::Response;
use tokio::time::{Instant, Sleep, sleep_until};

use super::Limits;
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
    incoming: reqwest::Body,
}

impl Body {
    pub(super) fn new(operation: &'static Operation, response: Response) -> Self {
        Self { operation, incoming: response.into() }
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
        let body = String::from_utf8_lossy(&text[..SHOWN.min(text.len())]);
        too_long(self.operation, LONGEST as u64, body.into())
    }

    /// Each piece as it arrives, within the limits of a download.
    pub(super) fn into_pieces(self, limits: Limits) -> Pieces {
        let end = Instant::now() + limits.download_time;
        Pieces { body: self, limits, end, size: 0, wait: None, is_over: false }
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

fn too_long(operation: &'static Operation, limit: u64, body: Box<str>) -> Error {
    Error::Decode { operation, reason: format!("longer than {limit} bytes").into(), body }
}

/// The pieces of a file.
pub(super) struct Pieces {
    body: Body,
    limits: Limits,
    /// Until when the whole file must be there.
    end: Instant,
    /// How many bytes have arrived.
    size: u64,
    /// Until when the next piece is waited for, if it is.
    wait: Option<Pin<Box<Sleep>>>,
    /// Whether a limit was exceeded.
    is_over: bool,
}

impl Stream for Pieces {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { body, limits, end, size, wait, is_over } = self.get_mut();
        if *is_over {
            return Poll::Ready(None);
        }
        let is_late = Instant::now() >= *end;
        if let Poll::Ready(piece) = body.poll_piece(cx) {
            *wait = None;
            *size += piece.as_ref().and_then(|piece| piece.as_ref().ok()).map_or(0, |piece| piece.len() as u64);
            if *size > limits.download_size {
                *is_over = true;
                return Poll::Ready(Some(Err(too_long(body.operation, limits.download_size, "".into()))));
            }
            if !is_late || piece.is_none() {
                return Poll::Ready(piece);
            }
        } else if !is_late {
            let patience = || Box::pin(sleep_until((Instant::now() + limits.read).min(*end)));
            ready!(wait.get_or_insert_with(patience).as_mut().poll(cx));
        }
        *is_over = true;
        let operation = body.operation;
        let source = Arc::new(std::io::Error::from(std::io::ErrorKind::TimedOut));
        Poll::Ready(Some(Err(Error::OutcomeUnknown { operation, timed_out: true, source })))
    }
}
