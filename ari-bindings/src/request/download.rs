use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use tokio::sync::OwnedSemaphorePermit;

use crate::Error;

/// The pieces of a file.
pub(crate) type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send + Sync>>;

/// A file on its way from the server, such as a recording.
///
/// It arrives piece by piece, by [`Download::chunk`] or as a [`Stream`], or as a whole, by
/// [`Download::bytes`].
///
/// ```no_run
/// # async fn example(ari: &ari_bindings::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use std::io::Write;
///
/// let mut file = std::fs::File::create("greeting.wav")?;
/// let mut download = ari.recordings().get_stored_file("greeting").await?;
/// while let Some(chunk) = download.chunk().await? {
///     file.write_all(&chunk)?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct Download {
    content_type: Option<Box<str>>,
    content_length: Option<u64>,
    chunks: Chunks,
    /// A download counts as a request in progress until its end.
    permit: Option<OwnedSemaphorePermit>,
}

impl Download {
    pub(crate) fn new(content_type: Option<Box<str>>, content_length: Option<u64>, chunks: Chunks) -> Self {
        Self { content_type, content_length, chunks, permit: None }
    }

    pub(super) fn holding(mut self, permit: OwnedSemaphorePermit) -> Self {
        self.permit = Some(permit);
        self
    }

    /// The type of the content, such as `audio/wav`.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The size of the file, if the server has announced it.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    /// The next piece; `None` at the end of the file.
    ///
    /// # Errors
    ///
    /// [`Error::OutcomeUnknown`] if the connection is lost, or the next piece or the whole file takes too long;
    /// [`Error::Decode`] if the file is longer than
    /// [`ClientBuilder::max_download_size`](crate::ClientBuilder::max_download_size). Nothing follows an error.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|cx| self.poll_chunk(cx)).await.transpose()
    }

    /// Everything that is left.
    ///
    /// # Errors
    ///
    /// Those of [`Download::chunk`]; what arrived before is dropped.
    pub async fn bytes(mut self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let chunk = ready!(self.chunks.as_mut().poll_next(cx));
        if !matches!(chunk, Some(Ok(_))) {
            self.permit = None;
        }
        Poll::Ready(chunk)
    }
}

impl Stream for Download {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_chunk(cx)
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("content_type", &self.content_type)
            .field("content_length", &self.content_length)
            .finish_non_exhaustive()
    }
}
