//! WAV files.

use std::io::{BufWriter, Read};
use std::path::Path;
use std::time::Duration;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

use crate::error::MediaError;
use crate::format::{duration_of, samples_in};

/// How long one side of a recording is waited for while the other one goes on.
const LAG_SECONDS: usize = 2;

/// The header of a WAV file and some room for what else a file may have.
const HEADER: u32 = 128;

/// The samples of a WAV file, its channels mixed into one.
pub(crate) struct Reader {
    pub(crate) rate: u32,
    channels: u16,
    samples: Box<dyn Iterator<Item = hound::Result<f32>> + Send>,
}

impl Reader {
    pub(crate) fn new(file: impl Read + Send + 'static) -> Result<Self, MediaError> {
        let reader = WavReader::new(file).map_err(fault)?;
        let spec = reader.spec();
        if spec.channels == 0 {
            return Err(MediaError::audio("a WAV file without channels"));
        }
        let samples: Box<dyn Iterator<Item = _> + Send> = match spec.sample_format {
            SampleFormat::Float => Box::new(reader.into_samples::<f32>().map(|sample| Ok(sample? * 32_768.0))),
            SampleFormat::Int => {
                let scale = f32::from(2_u8).powi(16 - i32::from(spec.bits_per_sample));
                #[expect(clippy::cast_precision_loss, reason = "24 bits are more than are left in the end")]
                let scaled = move |sample: hound::Result<i32>| Ok(sample? as f32 * scale);
                Box::new(reader.into_samples::<i32>().map(scaled))
            }
        };
        Ok(Self { rate: spec.sample_rate, channels: spec.channels, samples })
    }

    /// Appends at most so many samples, and none at the end.
    pub(crate) fn read(&mut self, most: usize, into: &mut Vec<i16>) -> Result<(), MediaError> {
        for _ in 0..most {
            let mut sum = 0.0;
            for _ in 0..self.channels {
                match self.samples.next() {
                    Some(Ok(sample)) => sum += sample,
                    // The library's own: too few bytes.
                    Some(Err(hound::Error::IoError(error))) if error.raw_os_error().is_none() => return Ok(()),
                    Some(Err(error)) => return Err(fault(error)),
                    None => return Ok(()),
                }
            }
            #[expect(clippy::cast_possible_truncation, reason = "saturates")]
            into.push((sum / f32::from(self.channels)).round() as i16);
        }
        Ok(())
    }
}

fn fault(error: hound::Error) -> MediaError {
    MediaError::audio(error)
}

/// Which side of a call a sound is of, and so its channel in a stereo file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The left channel.
    Left,
    /// The right channel.
    Right,
}

/// Records the two sides of a call to a WAV file, aligned by the time at which each piece belongs.
///
/// The sides may have gaps, which become silence, and come in any order as long as neither is more than two seconds
/// behind the other: what comes later than that is left out. The file is complete after [`WavRecorder::finish`], and
/// also if the recorder is dropped. Writes go to the file through a buffer, on the task that records.
///
/// ```no_run
/// use std::time::Duration;
///
/// use ari_media::{Side, WavRecorder};
///
/// # async fn record(caller: &mut ari_media::MediaReceiver) -> Result<(), ari_media::MediaError> {
/// let mut recorder = WavRecorder::stereo("call.wav", 8_000)?;
/// while let Some(frame) = caller.recv().await? {
///     recorder.write(Side::Left, frame.timestamp(), frame.samples())?;
/// }
/// let length: Duration = recorder.finish()?;
/// # Ok(())
/// # }
/// ```
pub struct WavRecorder {
    /// `None` once the file is finished.
    writer: Option<WavWriter<BufWriter<std::fs::File>>>,
    rate: u32,
    is_stereo: bool,
    /// Samples of each side that are not in the file yet. Both begin at `written`.
    left: Vec<i16>,
    right: Vec<i16>,
    /// Samples of a side that are in the file.
    written: u64,
}

impl WavRecorder {
    /// A file of two channels, one for each side. An existing file is overwritten.
    pub fn stereo(path: impl AsRef<Path>, rate: u32) -> Result<Self, MediaError> {
        Self::create(path.as_ref(), rate, true)
    }

    /// A file of one channel, into which both sides are mixed. An existing file is overwritten.
    pub fn mono(path: impl AsRef<Path>, rate: u32) -> Result<Self, MediaError> {
        Self::create(path.as_ref(), rate, false)
    }

    fn create(path: &Path, rate: u32, is_stereo: bool) -> Result<Self, MediaError> {
        let channels = if is_stereo { 2 } else { 1 };
        let spec = WavSpec { channels, sample_rate: rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let writer = WavWriter::create(path, spec).map_err(fault)?;
        Ok(Self { writer: Some(writer), rate, is_stereo, left: Vec::new(), right: Vec::new(), written: 0 })
    }

    /// Records samples of one side, at the time when they begin, counted from the start of the recording.
    ///
    /// # Errors
    ///
    /// If the file cannot be written, or would be larger than the four gigabytes that WAV allows.
    pub fn write(&mut self, side: Side, at: Duration, samples: &[i16]) -> Result<(), MediaError> {
        let position = samples_in(at, self.rate);
        self.check_size(position.saturating_add(samples.len() as u64))?;
        self.make_room(position)?;

        let written = self.written;
        let pending = match side {
            Side::Left => &mut self.left,
            Side::Right => &mut self.right,
        };
        // What is there already stays, both in the file and in memory.
        let taken = (written + pending.len() as u64).saturating_sub(position);
        let samples = samples.get(usize::try_from(taken).unwrap_or(usize::MAX)..).unwrap_or_default();
        if !samples.is_empty() {
            let gap = position.saturating_sub(written + pending.len() as u64);
            pending.resize(pending.len() + usize::try_from(gap).unwrap_or(0), 0);
            pending.extend_from_slice(samples);
        }
        let common = self.left.len().min(self.right.len());
        let behind = self.left.len().max(self.right.len()).saturating_sub(self.most_lag());
        self.put(common.max(behind))
    }

    /// Completes the file, and returns how long it is.
    pub fn finish(mut self) -> Result<Duration, MediaError> {
        self.complete()?;
        Ok(duration_of(self.written, self.rate))
    }

    fn complete(&mut self) -> Result<(), MediaError> {
        self.put(self.left.len().max(self.right.len()))?;
        self.writer.take().map_or(Ok(()), WavWriter::finalize).map_err(fault)
    }

    fn most_lag(&self) -> usize {
        LAG_SECONDS * self.rate as usize
    }

    fn check_size(&self, samples: u64) -> Result<(), MediaError> {
        let bytes = samples.saturating_mul(if self.is_stereo { 4 } else { 2 });
        if bytes > u64::from(u32::MAX - HEADER) {
            return Err(MediaError::audio("the WAV file would be larger than four gigabytes"));
        }
        Ok(())
    }

    /// Writes silence, so that no more than is waited for has to be kept in memory up to this position.
    fn make_room(&mut self, position: u64) -> Result<(), MediaError> {
        self.put(self.left.len().max(self.right.len()).min(self.ahead(position)))?;
        let silence = self.ahead(position);
        let writer = self.writer.as_mut().ok_or(MediaError::Ended)?;
        for _ in 0..if self.is_stereo { silence * 2 } else { silence } {
            writer.write_sample(0_i16).map_err(fault)?;
        }
        self.written += silence as u64;
        Ok(())
    }

    /// By how much a position is too far ahead of the file.
    fn ahead(&self, position: u64) -> usize {
        usize::try_from(position.saturating_sub(self.written)).unwrap_or(usize::MAX).saturating_sub(self.most_lag())
    }

    /// Writes so many samples of both sides to the file.
    fn put(&mut self, count: usize) -> Result<(), MediaError> {
        let writer = self.writer.as_mut().ok_or(MediaError::Ended)?;
        for i in 0..count {
            let [left, right] = [&self.left, &self.right].map(|side| side.get(i).copied().unwrap_or(0));
            if self.is_stereo {
                writer.write_sample(left).map_err(fault)?;
                writer.write_sample(right).map_err(fault)?;
            } else {
                writer.write_sample(left.saturating_add(right)).map_err(fault)?;
            }
        }
        self.written += count as u64;
        for side in [&mut self.left, &mut self.right] {
            side.drain(..count.min(side.len()));
        }
        Ok(())
    }
}

impl Drop for WavRecorder {
    fn drop(&mut self) {
        if self.writer.is_some()
            && let Err(error) = self.complete()
        {
            tracing::warn!(%error, "a recording could not be completed");
        }
    }
}

impl std::fmt::Debug for WavRecorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WavRecorder")
            .field("rate", &self.rate)
            .field("is_stereo", &self.is_stereo)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
