use std::error::Error;
use std::f64::consts::TAU;
use std::fmt;
use std::path::Path;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};

use crate::error::MediaError;
use crate::format::samples_in;
use crate::wav;

/// Samples that a sound which is not a stream gives at a time, as a part of the second.
const CHUNKS_PER_SECOND: u32 = 10;

/// The rate of what the crate makes itself, which any channel can carry.
const OWN_RATE: u32 = 8_000;

/// A quarter of full scale, which is -15 dB as an RMS.
const TONE_AMPLITUDE: f64 = 8_192.0;

/// How long a tone swells and fades, so that it does not click.
const TONE_RAMP: f64 = 0.005;

type BoxError = Box<dyn Error + Send + Sync>;

/// Sound to be played: linear samples of 16 bits on one channel, at any rate.
///
/// ```
/// use std::time::Duration;
///
/// use ari_media::Audio;
/// use futures_util::stream;
///
/// let greeting = Audio::samples(16_000, vec![0; 16_000]);
/// let beep = Audio::tone(1_000.0, Duration::from_millis(300));
/// let speech = Audio::stream(24_000, stream::iter([vec![0; 480], vec![0; 960]]));
/// ```
pub struct Audio {
    rate: u32,
    source: Box<Source>,
}

/// Appends the samples that come next, or says that there are none.
type Source = dyn FnMut(&mut Context<'_>, &mut Vec<i16>) -> Poll<Option<Result<(), MediaError>>> + Send;

impl Audio {
    /// Samples that are there already.
    pub fn samples(rate: u32, samples: impl Into<Vec<i16>>) -> Self {
        let samples = samples.into();
        let mut rest = 0..samples.len();
        Self::chunks(rate, move |most, into| {
            let now = rest.start..rest.end.min(rest.start + most);
            rest.start = now.end;
            into.extend_from_slice(&samples[now]);
            Ok(())
        })
    }

    /// Samples that come in pieces of any size, as a speech service sends them.
    pub fn stream(rate: u32, stream: impl Stream<Item = impl AsRef<[i16]> + 'static> + Send + 'static) -> Self {
        Self::pieces(rate, stream.map(Ok), |samples, into| into.extend_from_slice(samples.as_ref()))
    }

    /// Samples of a stream that can fail. What came before the failure is played, and [`MediaSender::play`] returns the
    /// failure as [`MediaError::Audio`].
    ///
    /// [`MediaSender::play`]: crate::MediaSender::play
    pub fn try_stream(
        rate: u32,
        stream: impl Stream<Item = Result<impl AsRef<[i16]> + 'static, impl Into<BoxError> + 'static>> + Send + 'static,
    ) -> Self {
        let stream = stream.map(|piece| piece.map_err(MediaError::audio));
        Self::pieces(rate, stream, |samples, into| into.extend_from_slice(samples.as_ref()))
    }

    /// Little-endian samples that come as bytes, as in the body of an HTTP response. A sample may be cut in two between
    /// pieces.
    ///
    /// ```
    /// use ari_media::Audio;
    /// use futures_util::stream;
    ///
    /// let body = stream::iter([vec![0x01], vec![0x02, 0x03, 0x04]]);
    /// let audio = Audio::bytes(24_000, body); // 0x0201, 0x0403
    /// # let _ = audio;
    /// ```
    pub fn bytes(rate: u32, stream: impl Stream<Item = impl AsRef<[u8]> + 'static> + Send + 'static) -> Self {
        Self::pieces(rate, stream.map(Ok), join_bytes())
    }

    /// As [`Audio::bytes`], of a stream that can fail as that of [`Audio::try_stream`].
    pub fn try_bytes(
        rate: u32,
        stream: impl Stream<Item = Result<impl AsRef<[u8]> + 'static, impl Into<BoxError> + 'static>> + Send + 'static,
    ) -> Self {
        let stream = stream.map(|piece| piece.map_err(MediaError::audio));
        Self::pieces(rate, stream, join_bytes())
    }

    /// A WAV file at any rate, of 8, 16, 24 or 32 bits or floating-point numbers. Channels are mixed into one.
    ///
    /// The file is read while it is played, a tenth of a second at a time and on the task that plays it. One that ends
    /// too early is played as far as it goes.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, or is not such a file.
    pub fn wav(path: impl AsRef<Path>) -> Result<Self, MediaError> {
        let file = std::fs::File::open(path).map_err(MediaError::audio)?;
        Self::wav_file(std::io::BufReader::new(file))
    }

    /// A WAV file in memory; see [`Audio::wav`].
    pub fn wav_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Result<Self, MediaError> {
        Self::wav_file(std::io::Cursor::new(bytes))
    }

    fn wav_file(file: impl std::io::Read + Send + 'static) -> Result<Self, MediaError> {
        let mut reader = wav::Reader::new(file)?;
        Ok(Self::chunks(reader.rate, move |most, into| reader.read(most, into)))
    }

    /// A tone of this many hertz, less than 4,000, with an RMS of -15 dBFS.
    #[must_use]
    pub fn tone(hertz: f64, duration: Duration) -> Self {
        let step = TAU * hertz / f64::from(OWN_RATE);
        let ramp = TONE_RAMP * f64::from(OWN_RATE);
        Self::generated(duration, move |at, left| {
            let (at, left) = (float(at), float(left));
            let gain = (at / ramp).min(left / ramp).min(1.0);
            #[expect(clippy::cast_possible_truncation, reason = "a quarter of full scale")]
            let sample = (TONE_AMPLITUDE * gain * (step * at).sin()) as i16;
            sample
        })
    }

    /// Silence.
    #[must_use]
    pub fn silence(duration: Duration) -> Self {
        Self::generated(duration, |_, _| 0)
    }

    /// Samples that are computed from their place and how many are left.
    fn generated(duration: Duration, sample: impl Fn(u64, u64) -> i16 + Send + 'static) -> Self {
        let length = samples_in(duration, OWN_RATE);
        let mut at = 0_u64;
        Self::chunks(OWN_RATE, move |most, into| {
            let now = at..length.min(at.saturating_add(most as u64));
            at = now.end;
            into.extend(now.map(|at| sample(at, length - at)));
            Ok(())
        })
    }

    /// Sound that is there at once, from a function that appends at most so many samples, and none at the end.
    fn chunks(
        rate: u32,
        mut read: impl FnMut(usize, &mut Vec<i16>) -> Result<(), MediaError> + Send + 'static,
    ) -> Self {
        let most = (rate / CHUNKS_PER_SECOND).max(1) as usize;
        let source = move |_: &mut Context<'_>, into: &mut Vec<i16>| {
            let before = into.len();
            let result = read(most, into);
            Poll::Ready((result.is_err() || into.len() > before).then_some(result))
        };
        Self { rate, source: Box::new(source) }
    }

    fn pieces<T>(
        rate: u32,
        stream: impl Stream<Item = Result<T, MediaError>> + Send + 'static,
        mut append: impl FnMut(T, &mut Vec<i16>) + Send + 'static,
    ) -> Self {
        let mut stream = Box::pin(stream.fuse());
        let source = move |context: &mut Context<'_>, into: &mut Vec<i16>| {
            let piece = std::task::ready!(stream.poll_next_unpin(context));
            Poll::Ready(piece.map(|piece| piece.map(|piece| append(piece, into))))
        };
        Self { rate, source: Box::new(source) }
    }

    pub(crate) fn rate(&self) -> u32 {
        self.rate
    }

    /// Appends the next samples, and returns whether there may be more. Cancel-safe.
    pub(crate) async fn next(&mut self, into: &mut Vec<i16>) -> Result<bool, MediaError> {
        let next = std::future::poll_fn(|context| (self.source)(context, into)).await;
        next.transpose().map(|piece| piece.is_some())
    }
}

impl fmt::Debug for Audio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audio").field("rate", &self.rate).finish_non_exhaustive()
    }
}

/// Puts bytes together to samples, also over the end of a piece.
fn join_bytes<T: AsRef<[u8]>>() -> impl FnMut(T, &mut Vec<i16>) {
    let mut half = None;
    move |piece, into| {
        let mut bytes = piece.as_ref();
        if let (Some(low), Some((high, rest))) = (half, bytes.split_first()) {
            into.push(i16::from_le_bytes([low, *high]));
            (half, bytes) = (None, rest);
        }
        let (samples, rest) = bytes.as_chunks();
        into.extend(samples.iter().map(|sample| i16::from_le_bytes(*sample)));
        half = rest.first().copied().or(half);
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact for a million years")]
fn float(samples: u64) -> f64 {
    samples as f64
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    async fn all(mut audio: Audio) -> (Vec<i16>, Option<MediaError>) {
        let mut samples = Vec::new();
        loop {
            match audio.next(&mut samples).await {
                Ok(true) => {}
                Ok(false) => return (samples, None),
                Err(error) => return (samples, Some(error)),
            }
        }
    }

    #[tokio::test]
    async fn samples_come_in_chunks_and_in_order() {
        let samples: Vec<i16> = (0..2_000).collect();
        let mut audio = Audio::samples(8_000, samples.clone());
        let mut first = Vec::new();
        assert!(audio.next(&mut first).await.unwrap());
        assert_eq!((audio.rate(), first.len()), (8_000, 800));
        assert_eq!(all(Audio::samples(8_000, samples.clone())).await.0, samples);
        assert_eq!(all(Audio::samples(0, [1, 2])).await.0, [1, 2]);
    }

    #[tokio::test]
    async fn stream_may_have_empty_pieces() {
        let audio = Audio::stream(8_000, stream::iter([vec![1], vec![], vec![2, 3]]));
        assert_eq!(all(audio).await.0, [1, 2, 3]);
    }

    #[tokio::test]
    async fn bytes_join_samples_that_are_cut_in_two() {
        for pieces in [vec![&[1, 2, 3][..], &[], &[4], &[5, 6]], vec![&[1], &[2], &[3], &[4], &[5], &[6, 7]]] {
            let audio = Audio::bytes(8_000, stream::iter(pieces));
            assert_eq!(all(audio).await.0, [0x0201, 0x0403, 0x0605]);
        }
    }

    #[tokio::test]
    async fn failure_of_a_stream_follows_what_came_before_it() {
        let samples = Audio::try_stream(8_000, stream::iter([Ok(vec![1_i16, 2]), Err("no more credit")]));
        let bytes = Audio::try_bytes(8_000, stream::iter([Ok(vec![1_u8, 0, 2, 0]), Err("no more credit")]));
        for audio in [samples, bytes] {
            let (samples, end) = all(audio).await;
            let error = end.unwrap();
            assert_eq!(samples, [1, 2]);
            assert!(matches!(&error, MediaError::Audio(error) if error.to_string() == "no more credit"), "{error:?}");
        }
    }

    #[tokio::test]
    async fn tone_has_its_level_length_and_soft_ends() {
        let (samples, _) = all(Audio::tone(1_000.0, Duration::from_millis(500))).await;
        let middle = &samples[1_000..3_000];
        let power = middle.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / 2_000.0;
        let level = 20.0 * (power.sqrt() / 32_768.0).log10();
        assert!(samples.len() == 4_000 && (level + 15.05).abs() < 0.1, "{level}");
        assert!(samples[..4].iter().chain(&samples[3_997..]).all(|sample| sample.abs() < 1_000));
    }

    #[tokio::test]
    async fn silence_of_a_year_is_not_stored() {
        let mut audio = Audio::silence(Duration::from_secs(365 * 24 * 3600));
        let mut samples = Vec::new();
        assert!(audio.next(&mut samples).await.unwrap());
        assert_eq!(samples, [0; 800]);
    }
}
