//! Recordings that are kept.

use std::time::Duration;

use super::super::models::StoredModel;
use super::super::{Outcome, World, refuse};
use crate::exchange::{Body, Reply};
use crate::surface::Arguments;

#[derive(Debug, Clone)]
pub(in super::super) struct Stored {
    pub(in super::super) format: String,
    pub(in super::super) length: Duration,
    /// How long somebody talks in it.
    pub(in super::super) talked: Duration,
}

/// The samples of a second.
const RATE: u64 = 8000;
/// The longest sound of a file; a longer recording is cut, since its sound means nothing.
const LONGEST: Duration = Duration::from_secs(60);

impl World {
    /// Stores a recording, as if it had been made before.
    pub(crate) fn store(&mut self, name: &str, format: &str, length: Duration) {
        self.stored.insert(name.to_owned(), Stored { format: format.to_owned(), length, talked: length });
    }

    pub(super) fn stored_requests(&mut self, name: &str, operation: &str, arguments: &Arguments) -> Option<Outcome> {
        Some(match operation {
            "listStored" => {
                let models = self.stored.iter().map(|(name, stored)| StoredModel { name, format: &stored.format });
                Ok(Reply::json(200, &models.collect::<Vec<_>>()))
            }
            "getStored" => {
                self.stored(name).map(|stored| Reply::json(200, &StoredModel { name, format: &stored.format }))
            }
            "getStoredFile" => self.stored(name).map(stored_file),
            "copyStored" => self.copy_stored(name, arguments.text("destinationRecordingName").unwrap_or_default()),
            "deleteStored" => self.stored(name).map(drop).map(|()| {
                self.stored.remove(name);
                Reply::empty(204)
            }),
            _ => return None,
        })
    }

    fn stored(&self, name: &str) -> Result<&Stored, Reply> {
        self.stored.get(name).ok_or_else(|| Reply::message(404, "Recording not found"))
    }

    fn copy_stored(&mut self, name: &str, copy: &str) -> Outcome {
        let stored = self.stored(name)?.clone();
        if self.stored.contains_key(copy) {
            return refuse(409, "A recording with the same name already exists on the system");
        }
        let reply = Reply::json(200, &StoredModel { name: copy, format: &stored.format });
        self.stored.insert(copy.to_owned(), stored);
        Ok(reply)
    }
}

/// A file as long as the recording: a tone where somebody talks, and then silence.
fn stored_file(stored: &Stored) -> Reply {
    let samples =
        |time: Duration| usize::try_from(time.min(LONGEST).as_millis() * u128::from(RATE) / 1000).unwrap_or(0);
    let (length, talked) = (samples(stored.length), samples(stored.talked));
    let sample = |index: usize| {
        if index >= talked {
            0
        } else if index % 16 < 8 {
            4096
        } else {
            -4096
        }
    };
    let is_wav = stored.format == "wav";
    let bytes = if is_wav {
        wav((0..length).map(sample))
    } else {
        (0..length).map(|index| if index < talked { 0x10 } else { 0xff }).collect()
    };
    let content_type = if is_wav { "audio/wav" } else { "audio/basic" };
    Reply { body: Body::File { content_type, bytes: bytes.into() }, ..Reply::empty(200) }
}

/// A WAV file of one channel with 16 bits.
fn wav(samples: impl ExactSizeIterator<Item = i16>) -> Vec<u8> {
    let size = u32::try_from(2 * samples.len()).unwrap_or_default();
    let rate = u32::try_from(RATE).unwrap_or_default();
    let mut bytes = Vec::with_capacity(44 + 2 * samples.len());
    bytes.extend(b"RIFF");
    bytes.extend((36 + size).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(rate.to_le_bytes());
    bytes.extend((2 * rate).to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(size.to_le_bytes());
    bytes.extend(samples.flat_map(i16::to_le_bytes));
    bytes
}
