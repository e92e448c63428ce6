//! One item of an event stream, on its way to the program.

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::Event;

/// One item of the stream. Data is copied out of the buffer that it was read into, which it would keep in memory.
#[derive(Debug, Clone)]
pub(in crate::connection) enum Frame {
    Text {
        text: Utf8Bytes,
        /// Where in the text its type is, if that is known.
        kind: Option<(u32, u32)>,
    },
    Binary(Bytes),
    /// No frame of the connection, but something about it.
    Notice(Event),
}

impl Frame {
    pub(in crate::connection) fn text(text: &str, kind: Option<(u32, u32)>) -> Self {
        Self::Text { text: text.to_owned().into(), kind }
    }

    pub(in crate::connection) fn binary(bytes: &[u8]) -> Self {
        Self::Binary(Bytes::copy_from_slice(bytes))
    }

    /// How much memory it takes: even an empty one takes some.
    pub(in crate::connection) fn size(&self) -> usize {
        self.text_size() + size_of::<Self>()
    }

    pub(in crate::connection) fn text_size(&self) -> usize {
        match self {
            Self::Text { text, .. } => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Notice(_) => 0,
        }
    }

    /// The unchanged text, if it is a text frame.
    pub(super) fn raw(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            Self::Binary(_) | Self::Notice(_) => None,
        }
    }

    /// Decodes it.
    pub(super) fn event(&self) -> Event {
        match self {
            Self::Text { text, kind } => match kind.and_then(|(start, end)| text.get(start as usize..end as usize)) {
                Some(kind) => Event::from_text_of_kind(kind, text),
                None => Event::from_text(text),
            },
            Self::Binary(bytes) => Event::from_binary(bytes),
            Self::Notice(event) => event.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_do_not_keep_the_buffer_they_were_read_into() {
        let buffer = Bytes::from(vec![b'x'; 1 << 16]);
        let read = Utf8Bytes::try_from(buffer.slice(..10)).unwrap();
        let frames = [Frame::text(&read, None), Frame::binary(&buffer[10..20])];
        drop(read);
        assert!(buffer.is_unique(), "a frame shares the buffer");
        assert_eq!(frames.map(|frame| frame.text_size()), [10, 10]);
    }
}
