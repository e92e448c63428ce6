use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, broadcast};
use tokio::time::{Instant, timeout_at};

use crate::audio::Audio;
use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::format::{FRAME, Format};
use crate::frame::{Frame, FrameKind};
use crate::pipe::Pipe;
use crate::pipe::inbox::Found;
use crate::pipe::outbox::{PieceEnd, Start};
use crate::resample::Resampler;
use crate::stats::MediaStats;

/// The sound of a call, in both directions.
///
/// It is the same over every transport. [`Media::split`] gives the two directions to two tasks; what [`MediaSender`] and
/// [`MediaReceiver`] document holds for the methods here, too. When both are dropped, the connection is closed, and
/// Asterisk hangs up the channel that it belongs to.
///
/// ```no_run
/// # async fn example(mut media: ari_media::Media) -> Result<(), ari_media::MediaError> {
/// use ari_media::Audio;
///
/// media.play(Audio::wav("welcome.wav")?).await?;
/// while let Some(frame) = media.recv().await? {
///     println!("{:?}: {} samples", frame.timestamp(), frame.samples().len());
/// }
/// # Ok(())
/// # }
/// ```
pub struct Media {
    sender: MediaSender,
    receiver: MediaReceiver,
}

/// The direction to the call. Clones write to the same call.
#[derive(Clone)]
pub struct MediaSender {
    handle: Arc<Handle>,
    writer: Arc<Mutex<Writer>>,
}

/// The direction from the call.
pub struct MediaReceiver {
    handle: Arc<Handle>,
    fills_silence: bool,
    samples: Vec<i16>,
    /// Of the last frame.
    format: Format,
    /// When the next frame begins, counted in frames.
    expected: u64,
    /// When the next frame of silence is due.
    silence: Option<Instant>,
}

/// How a sound that was played ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Played {
    /// How much of it was heard.
    pub heard: Duration,
    /// Whether [`MediaSender::cut`] ended it.
    pub was_cut: bool,
}

/// The end of a medium; see [`Media::watch`]. It does not keep the medium open.
#[derive(Clone)]
pub struct MediaWatch(Arc<Pipe>);

/// Closes the medium when the last handle of the program is dropped.
struct Handle(Arc<Pipe>);

/// From the rate of the program to that of the wire. The task that has it locked may write.
struct Writer {
    resampler: Resampler,
    samples: Vec<i16>,
    cuts: u32,
}

/// Cuts a sound whose future is dropped.
struct CutOnDrop<'sender>(Option<&'sender MediaSender>);

impl Media {
    /// The program's end of a pipe.
    pub(crate) fn new(pipe: Arc<Pipe>, config: &MediaConfig) -> Result<Self, MediaError> {
        let handle = Arc::new(Handle(pipe));
        let resampler = Resampler::new(config.rate, config.format.rate())?;
        let writer = Writer { resampler, samples: Vec::new(), cuts: 0 };
        let sender = MediaSender { handle: Arc::clone(&handle), writer: Arc::new(Mutex::new(writer)) };
        let receiver = MediaReceiver {
            handle,
            fills_silence: config.fills_silence,
            samples: Vec::new(),
            format: config.format,
            expected: 0,
            silence: None,
        };
        Ok(Self { sender, receiver })
    }

    /// The two directions, for two tasks.
    #[must_use]
    pub fn split(self) -> (MediaSender, MediaReceiver) {
        (self.sender, self.receiver)
    }

    /// The direction to the call.
    #[must_use]
    pub fn sender(&self) -> &MediaSender {
        &self.sender
    }

    /// Receives the next frame; see [`MediaReceiver::recv`].
    pub async fn recv(&mut self) -> Result<Option<Frame<'_>>, MediaError> {
        self.receiver.recv().await
    }

    /// Plays a sound to its end; see [`MediaSender::play`].
    pub async fn play(&self, audio: Audio) -> Result<Played, MediaError> {
        self.sender.play(audio).await
    }

    /// Writes samples; see [`MediaSender::write`].
    pub async fn write(&self, samples: &[i16]) -> Result<(), MediaError> {
        self.sender.write(samples).await
    }

    /// Writes samples that are worthless if they come late; see [`MediaSender::relay`].
    pub fn relay(&self, samples: &[i16], most: Duration) -> Result<bool, MediaError> {
        self.sender.relay(samples, most)
    }

    /// Drops all sound that has not been heard; see [`MediaSender::cut`].
    #[allow(clippy::must_use_candidate, reason = "most callers only want silence")]
    pub fn cut(&self) -> Duration {
        self.sender.cut()
    }

    /// Waits until everything was heard; see [`MediaSender::drain`].
    pub async fn drain(&self) -> Result<(), MediaError> {
        self.sender.drain().await
    }

    /// The DTMF digits of the call, from now on; see [`MediaReceiver::digits`].
    #[must_use]
    pub fn digits(&self) -> broadcast::Receiver<char> {
        self.receiver.digits()
    }

    /// The format on the wire.
    #[must_use]
    pub fn format(&self) -> Format {
        self.sender.format()
    }

    /// What has been counted.
    #[must_use]
    pub fn stats(&self) -> MediaStats {
        self.sender.stats()
    }

    /// Sees and brings about the end of the medium from elsewhere.
    #[must_use]
    pub fn watch(&self) -> MediaWatch {
        MediaWatch(Arc::clone(&self.sender.handle.0))
    }

    /// Closes the connection, also while there are clones of its [`MediaSender`]. Asterisk hangs up the channel that it
    /// belongs to, except over RTP.
    pub fn close(self) {
        self.watch().end();
    }
}

impl MediaSender {
    /// Plays a sound to its end, at any rate, as fast as it comes: the crate keeps the time.
    ///
    /// Sounds are played one after the other: a second call waits for the first. When the future is dropped, the sound is
    /// cut, so a caller who interrupts it can be served by `select!`. A stream that fails ends the sound after what came
    /// before the failure, which is then returned.
    ///
    /// ```no_run
    /// # use ari_media::{Audio, MediaError, MediaReceiver, MediaSender};
    /// # async fn speech(receiver: &mut MediaReceiver) -> Result<(), MediaError> { Ok(()) }
    /// async fn answer(sender: &MediaSender, receiver: &mut MediaReceiver, words: Audio) -> Result<(), MediaError> {
    ///     tokio::select! {
    ///         played = sender.play(words) => println!("heard to the end: {:?}", played?.heard),
    ///         speech = speech(receiver) => speech?,
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn play(&self, audio: Audio) -> Result<Played, MediaError> {
        let _turn = self.writer.lock().await;
        let out = &self.handle.0.out;
        let start = out.begin(true);
        let cut = CutOnDrop(Some(self));
        let fault = self.feed(start, audio).await;
        out.complete(start);
        let end = out.until_heard(start).await?;
        cut.disarm();
        fault?;
        Ok(match end {
            PieceEnd::Heard(heard) => Played { heard, was_cut: false },
            PieceEnd::Cut(heard) => Played { heard, was_cut: true },
        })
    }

    /// Writes a sound as fast as it comes and fits, up to its end or a cut.
    async fn feed(&self, start: Start, mut audio: Audio) -> Result<(), MediaError> {
        let out = &self.handle.0.out;
        let mut resampler = Resampler::new(audio.rate(), self.format().rate())?;
        let (mut given, mut samples) = (Vec::new(), Vec::new());
        loop {
            given.clear();
            samples.clear();
            let next = tokio::select! {
                next = audio.next(&mut given) => next,
                // Writing says whether it was a cut or the end.
                () = out.until_cut(start) => return out.write(start, &[]).await.map(drop),
            };
            resampler.process(&given, &mut samples);
            let is_last = !matches!(next, Ok(true));
            if is_last {
                resampler.finish(&mut samples);
            }
            if !out.write(start, &samples).await? || is_last {
                return next.map(drop);
            }
        }
    }

    /// Writes samples at the rate of the program, and waits while the buffer is full rather than until they are heard.
    ///
    /// It waits for [`MediaSender::play`] and [`MediaSender::drain`], too. What does not fill a frame of 20 ms is sent with
    /// the samples that follow, or by [`MediaSender::drain`]. When the future is dropped, a part of the samples may have been
    /// written. A [`MediaSender::cut`] meanwhile drops the rest, which is no error.
    ///
    /// # Errors
    ///
    /// [`MediaError::Ended`] once the medium has ended.
    pub async fn write(&self, samples: &[i16]) -> Result<(), MediaError> {
        let mut writer = self.writer.lock().await;
        let start = self.handle.0.out.begin(false);
        let samples = writer.convert(samples, self.handle.0.out.cuts());
        self.handle.0.out.write(start, samples).await.map(drop)
    }

    /// Writes samples that are worthless if they come late, as those of a conversation: unless more than `most` would wait
    /// to be heard then. Returns whether they were written. Once they were not, the line catches up first; and so it does,
    /// by a frame or two, when more has waited for 2 s than evens out the clocks.
    ///
    /// Asterisk plays in real time, so what once waits delays everything after it: to relay a conversation by
    /// [`MediaSender::write`] makes it later with each disturbance. `most` has to be longer than the samples; 60 to 120 ms
    /// suit frames of 20 ms. It never waits, and writes nothing while another call plays, writes or drains.
    ///
    /// # Errors
    ///
    /// [`MediaError::Ended`] once the medium has ended.
    pub fn relay(&self, samples: &[i16], most: Duration) -> Result<bool, MediaError> {
        let out = &self.handle.0.out;
        let Ok(mut writer) = self.writer.try_lock() else {
            return if out.is_ending() { Err(MediaError::Ended) } else { Ok(false) };
        };
        let samples = writer.convert(samples, out.cuts());
        out.try_write(samples, most)
    }

    /// Drops all sound that has not been heard, and returns how much that was. [`MediaSender::play`] returns then.
    ///
    /// The line is silent within a few frames, even if Asterisk has received more.
    #[allow(clippy::must_use_candidate, reason = "most callers only want silence")]
    pub fn cut(&self) -> Duration {
        self.handle.0.out.cut()
    }

    /// Waits until everything that was written has been heard, or was cut.
    ///
    /// # Errors
    ///
    /// [`MediaError::Ended`] if the medium ends first.
    pub async fn drain(&self) -> Result<(), MediaError> {
        let mut writer = self.writer.lock().await;
        let out = &self.handle.0.out;
        let start = out.begin(false);
        let rest = writer.rest(out.cuts());
        out.write(start, rest).await?;
        out.complete(start);
        out.until_heard(start).await.map(drop)
    }

    /// How much sound waits to be heard, here and in Asterisk.
    #[must_use]
    pub fn queued(&self) -> Duration {
        self.handle.0.out.queued()
    }

    /// How much sound has been heard since the medium was opened.
    #[must_use]
    pub fn played(&self) -> Duration {
        self.handle.0.out.played()
    }

    /// The format on the wire.
    #[must_use]
    pub fn format(&self) -> Format {
        self.handle.0.format
    }

    /// What has been counted.
    #[must_use]
    pub fn stats(&self) -> MediaStats {
        self.handle.0.stats.snapshot()
    }
}

impl MediaReceiver {
    /// Receives the next frame of 20 ms; `None` after the last one.
    ///
    /// While Asterisk sends nothing, frames of silence are returned in its place, from 100 ms on; see
    /// [`MediaConfig::fill_silence`]. Cancel-safe: when the future is dropped, no frame is lost.
    ///
    /// # Errors
    ///
    /// Once, if the connection ended by a fault of the network or the peer. `None` follows.
    pub async fn recv(&mut self) -> Result<Option<Frame<'_>>, MediaError> {
        let inbox = &self.handle.0.inbox;
        let (kind, gap) = loop {
            match inbox.take(self.expected, !self.fills_silence, &mut self.samples) {
                Found::Frame(header) => {
                    let gap = header.at.saturating_sub(self.expected);
                    self.expected += gap;
                    self.format = header.format;
                    break (header.kind, gap);
                }
                Found::Later => break (FrameKind::Silence, 0),
                Found::End(Ok(())) => return Ok(None),
                Found::End(Err(error)) => return Err(error),
                Found::Nothing => {}
            }
            let Some(overdue) = inbox.overdue().filter(|_| self.fills_silence) else {
                inbox.changed().await;
                continue;
            };
            let due = self.silence.map_or(overdue, |due| due.max(overdue));
            if timeout_at(due, inbox.changed()).await.is_err() {
                self.silence = Some(due + FRAME);
                break (FrameKind::Silence, 0);
            }
        };
        if kind == FrameKind::Silence {
            self.samples.clear();
            self.samples.resize(inbox.frame, 0);
        }
        let at = FRAME.saturating_mul(u32::try_from(self.expected).unwrap_or(u32::MAX));
        self.expected += 1;
        let gap = FRAME.saturating_mul(u32::try_from(gap).unwrap_or(u32::MAX));
        Ok(Some(Frame { samples: &self.samples, kind, at, gap, format: self.format }))
    }

    /// The DTMF digits that Asterisk reports on this medium, from now on. A receiver that lags more than 64 digits behind
    /// loses the oldest.
    ///
    /// The channel of the medium gets the digits of the channels that it is bridged with. Over RTP there are none: ARI's
    /// event `ChannelDtmfReceived` of the caller's channel reports them there.
    #[must_use]
    pub fn digits(&self) -> broadcast::Receiver<char> {
        self.handle.0.digits()
    }
}

impl MediaWatch {
    /// Waits until the medium has ended, for whatever reason.
    pub async fn closed(&self) {
        self.0.out.ended().await;
    }

    /// Whether the medium has ended, or is about to.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.0.out.is_ending()
    }

    /// Closes the medium, whatever waits to be heard. Playing and writing then fail with [`MediaError::Ended`], and
    /// receiving returns `None` after the last frame.
    pub fn end(&self) {
        self.0.out.close();
    }
}

impl Writer {
    /// `cuts` counts the cuts, which concern what the resampler still holds, too.
    fn convert(&mut self, samples: &[i16], cuts: u32) -> &[i16] {
        self.forget_cut(cuts);
        self.resampler.process(samples, &mut self.samples);
        &self.samples
    }

    /// What the resampler still holds; nothing if that was cut.
    fn rest(&mut self, cuts: u32) -> &[i16] {
        self.forget_cut(cuts);
        self.resampler.finish(&mut self.samples);
        &self.samples
    }

    fn forget_cut(&mut self, cuts: u32) {
        if std::mem::replace(&mut self.cuts, cuts) != cuts {
            self.resampler.finish(&mut self.samples);
        }
        self.samples.clear();
    }
}

impl CutOnDrop<'_> {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CutOnDrop<'_> {
    fn drop(&mut self) {
        if let Some(sender) = self.0 {
            sender.cut();
        }
    }
}

impl std::fmt::Debug for Media {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Media").field("format", &self.format()).finish_non_exhaustive()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.out.close();
    }
}

#[cfg(test)]
pub(crate) mod tests;
