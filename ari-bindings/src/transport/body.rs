//! The body of a response, as it arrives.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use hyper::body::{Body as _, Frame};
use reqwest::Response;
use tokio::time::{Instant, Sleep, sleep_until};

use super::Limits;
use super::failure::lost;
use crate::{Error, Request, RequestLine};

/// As much memory as is taken beforehand for what a server says it will send.
const MOST_RESERVED: u64 = 1 << 20;

/// The maximum length of a text: many times the list of all calls of a large server.
const LONGEST: usize = 64 << 20;

/// How much of a text that is too long is kept to show.
const SHOWN: usize = 1000;

/// All of a body.
pub(super) async fn text(request: &Request, mut response: Response) -> Result<Bytes, Error> {
    let length = response.content_length();
    let Some(first) = piece(request, &mut response).await? else { return Ok(Bytes::new()) };
    if length == Some(first.len() as u64) {
        return Ok(first);
    }
    let left = length.unwrap_or_default().saturating_sub(first.len() as u64).min(MOST_RESERVED);
    let mut text = Vec::with_capacity(first.len() + usize::try_from(left).unwrap_or_default());
    text.extend_from_slice(&first);
    while let Some(piece) = piece(request, &mut response).await? {
        if text.len() + piece.len() > LONGEST {
            return Err(request.decode_error(too_long(LONGEST as u64), &text[..SHOWN.min(text.len())]));
        }
        text.extend_from_slice(&piece);
    }
    Ok(text.into())
}

async fn piece(request: &Request, response: &mut Response) -> Result<Option<Bytes>, Error> {
    response.chunk().await.map_err(|error| lost(request.line(), error))
}

fn too_long(limit: u64) -> String {
    format!("longer than {limit} bytes")
}

/// The pieces of a file.
pub(super) struct Pieces {
    request: RequestLine,
    body: reqwest::Body,
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

impl Pieces {
    /// Each piece of a body as it arrives, within the limits of a download.
    pub(super) fn new(request: RequestLine, response: Response, limits: Limits) -> Self {
        let end = Instant::now() + limits.download_time;
        Self { request, body: response.into(), limits, end, size: 0, wait: None, is_over: false }
    }

    /// The size of the whole file, if the server has announced it.
    pub(super) fn length(&self) -> Option<u64> {
        self.body.size_hint().exact()
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)) else { return Poll::Ready(None) };
            // A frame without data has trailers, which nobody needs.
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) => return Poll::Ready(Some(Ok(data))),
                Ok(Err(_)) => {}
                Err(error) => return Poll::Ready(Some(Err(lost(self.request.clone(), error)))),
            }
        }
    }

    /// Ends with an error.
    fn end(&mut self, error: Error) -> Poll<Option<Result<Bytes, Error>>> {
        self.is_over = true;
        Poll::Ready(Some(Err(error)))
    }
}

impl Stream for Pieces {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.is_over {
            return Poll::Ready(None);
        }
        let is_late = Instant::now() >= this.end;
        if let Poll::Ready(piece) = this.poll_piece(cx) {
            this.wait = None;
            this.size += piece.as_ref().and_then(|piece| piece.as_ref().ok()).map_or(0, |piece| piece.len() as u64);
            if this.size > this.limits.download_size {
                let reason = too_long(this.limits.download_size).into();
                return this.end(Error::Decode { request: this.request.clone(), reason, body: "".into() });
            }
            if !is_late || piece.is_none() {
                return Poll::Ready(piece);
            }
        } else if !is_late {
            let until = (Instant::now() + this.limits.read).min(this.end);
            ready!(this.wait.get_or_insert_with(|| Box::pin(sleep_until(until))).as_mut().poll(cx));
        }
        let source = Arc::new(io::Error::from(io::ErrorKind::TimedOut));
        this.end(Error::OutcomeUnknown { request: this.request.clone(), timed_out: true, source })
    }
}
