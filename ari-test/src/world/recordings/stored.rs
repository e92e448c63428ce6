//! Recordings that are kept.

use std::time::Duration;

use bytes::Bytes;

use super::super::models::StoredModel;
use super::super::{Outcome, World, refuse};
use crate::exchange::{Body, Reply};
use crate::surface::Arguments;

#[derive(Debug, Clone)]
pub(in super::super) struct Stored {
    pub(in super::super) format: String,
    pub(in super::super) length: Duration,
}

/// A sound file without any sound.
const WAV: &[u8] = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0";

impl World {
    /// Stores a recording, as if it had been made before.
    pub(crate) fn store(&mut self, name: &str, format: &str, length: Duration) {
        self.stored.insert(name.to_owned(), Stored { format: format.to_owned(), length });
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

fn stored_file(stored: &Stored) -> Reply {
    let content_type = if stored.format == "wav" { "audio/wav" } else { "audio/basic" };
    Reply { body: Body::File { content_type, bytes: Bytes::from_static(WAV) }, ..Reply::empty(200) }
}
