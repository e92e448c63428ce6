//! The text frames in what a WebSocket server sends.

/// Bytes of which no whole frame has been made yet.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    /// The beginning of a message whose end has not come.
    message: Vec<u8>,
}

impl Frames {
    /// Takes more bytes, and gives out every text message that is whole.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut whole: impl FnMut(String)) {
        self.bytes.extend_from_slice(bytes);
        while let Some((head, start, length)) = head(&self.bytes) {
            if self.bytes.len() < start + length {
                return;
            }
            let payload: Vec<u8> = self.bytes.drain(..start + length).skip(start).collect();
            // Text, or the continuation of text; what controls the connection comes in between.
            if head & 0x0f <= 1 {
                self.message.extend(payload);
                if head & 0x80 != 0 {
                    whole(String::from_utf8_lossy(&std::mem::take(&mut self.message)).into_owned());
                }
            }
        }
    }
}

/// The first byte of a frame, where its payload starts, and how long that is. Servers do not mask.
fn head(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)? & 0x7f);
    match second {
        126 => Some((first, 4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)))),
        127 => Some((first, 10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?)),
        short => Some((first, 2, usize::from(short))),
    }
}
