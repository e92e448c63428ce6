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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::StreamExt as _;
    use tokio::sync::mpsc;
    use tokio::time::{Duration, advance, sleep};

    use super::*;
    use crate::Method;

    const SECOND: Duration = Duration::from_secs(1);
    const HOUR: Duration = Duration::from_secs(60 * 60);

    /// A body of what is sent to it.
    struct Script(mpsc::UnboundedReceiver<Bytes>);

    impl hyper::body::Body for Script {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.0.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
        }
    }

    /// A download, each piece of which may take `read`, and the whole `download_time`.
    fn download(read: Duration, download_time: Duration) -> (mpsc::UnboundedSender<Bytes>, Pieces) {
        let (sender, pieces) = mpsc::unbounded_channel();
        let response = http::Response::new(reqwest::Body::wrap(Script(pieces)));
        let limits = Limits { read, download_time, download_size: 1000 };
        (sender, Pieces::new(Request::new(Method::Get, "/file").line(), response.into(), limits))
    }

    async fn times_out(pieces: &mut Pieces) -> bool {
        matches!(pieces.next().await, Some(Err(Error::OutcomeUnknown { timed_out: true, .. })))
    }

    #[tokio::test(start_paused = true)]
    async fn every_piece_of_a_download_may_take_the_whole_timeout() {
        let (sender, mut pieces) = download(10 * SECOND, HOUR);
        for _ in 0..5 {
            let sending = async {
                sleep(9 * SECOND).await;
                sender.send("x".into()).unwrap();
            };
            let (piece, ()) = tokio::join!(pieces.next(), sending);
            assert_eq!(piece.unwrap().unwrap(), "x");
        }
        let started = Instant::now();
        assert!(times_out(&mut pieces).await);
        assert_eq!(started.elapsed(), 10 * SECOND);
        assert!(pieces.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn silence_in_a_download_lasts_until_its_end_at_most() {
        let (_sender, mut pieces) = download(HOUR, 60 * SECOND);
        let started = Instant::now();
        assert!(times_out(&mut pieces).await);
        assert_eq!(started.elapsed(), 60 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn download_whose_next_piece_is_always_there_ends_in_time() {
        let (sender, mut pieces) = download(HOUR, 60 * SECOND);
        for _ in 0..3 {
            sender.send("x".into()).unwrap();
        }
        assert_eq!(pieces.next().await.unwrap().unwrap(), "x");
        advance(61 * SECOND).await;
        assert!(times_out(&mut pieces).await);
        assert!(pieces.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn complete_download_is_no_timeout() {
        let (sender, mut pieces) = download(HOUR, 60 * SECOND);
        sender.send("x".into()).unwrap();
        assert_eq!(pieces.next().await.unwrap().unwrap(), "x");
        drop(sender);
        advance(61 * SECOND).await;
        assert!(pieces.next().await.is_none());
    }
}
