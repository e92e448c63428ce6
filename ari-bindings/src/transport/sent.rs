//! Whether a request was sent, which the errors of an HTTP client do not say.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Whether a connection has accepted a request. Before that, no part of it was written.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent(Arc<AtomicBool>);

impl Sent {
    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The body of a request. A connection looks whether it is empty when it takes the request, before it writes the head.
pub(super) struct Watched {
    data: Bytes,
    sent: Sent,
}

impl Watched {
    pub(super) fn new(data: Bytes, sent: Sent) -> Self {
        Self { data, sent }
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Self { data, sent } = self.get_mut();
        sent.set();
        Poll::Ready((!data.is_empty()).then(|| Ok(Frame::data(std::mem::take(data)))))
    }

    fn is_end_stream(&self) -> bool {
        self.sent.set();
        self.data.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.len() as u64)
    }
}
