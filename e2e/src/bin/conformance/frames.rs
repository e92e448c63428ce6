//! Extracts text messages from the bytes of a WebSocket server.

/// Bytes that do not form a complete frame yet.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    /// The fragments of an incomplete message.
    message: Vec<u8>,
}

impl Frames {
    /// Appends bytes, and passes every complete text message to `whole`.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut whole: impl FnMut(String)) {
        self.bytes.extend_from_slice(bytes);
        while let Some((head, start, length)) = head(&self.bytes) {
            if self.bytes.len() < start + length {
                return;
            }
            let payload: Vec<u8> = self.bytes.drain(..start + length).skip(start).collect();
            // Text or a continuation; control frames may come in between.
            if head & 0x0f <= 1 {
                self.message.extend(payload);
                if head & 0x80 != 0 {
                    whole(String::from_utf8_lossy(&std::mem::take(&mut self.message)).into_owned());
                }
            }
        }
    }
}

/// The first byte of a frame, and the offset and length of its payload. Servers do not mask.
fn head(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)? & 0x7f);
    match second {
        126 => Some((first, 4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)))),
        127 => Some((first, 10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?)),
        short => Some((first, 2, usize::from(short))),
    }
}
