//! Samples on their way from the program to the line.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::lock;
use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::format::{FRAME, Format};

/// Over how much relayed sound the delay is observed.
const DELAY_WINDOW: Duration = Duration::from_secs(2);

/// Samples at the rate of the wire that wait to be sent, and how far the line has got.
pub(crate) struct Outbox {
    format: Format,
    /// How many samples may wait, here and at the peer.
    most: usize,
    state: Mutex<State>,
    /// Wakes the transport: there is something to send, a cut, or the end.
    work: Notify,
    /// Wakes the program: there is room, or something was heard.
    progress: Notify,
}

/// Positions count the samples since the medium was opened, without those that were cut.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "they are independent")]
struct State {
    samples: VecDeque<i16>,
    /// Up to where the program has written.
    written: u64,
    /// Up to where the transport has taken.
    taken: u64,
    /// Up to where the line is known to have played, since when.
    heard: u64,
    heard_at: Option<Instant>,
    /// Whether a frame that is not full is to be sent, because nothing comes after it for now.
    is_complete: bool,
    /// Whether more is to come without a pause.
    is_playing: bool,
    /// Whether the program relays sound that is late.
    is_late: bool,
    delay: RelayDelay,
    most_delay: Option<Duration>,
    /// How often the sound was cut, and where the last time.
    cuts: u32,
    cut_at: u64,
    /// Whether the transport has yet to drop what it has sent.
    is_cut: bool,
    is_closing: bool,
    has_ended: bool,
}

/// A place in the sound, to be handed back by [`Outbox::heard`] when the line has played up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) cuts: u32,
    pub(crate) position: u64,
}

/// What of relayed sound always waited, over a while.
#[derive(Default)]
struct RelayDelay {
    /// How many samples waited at least, and over how many the line was observed.
    least: Option<u64>,
    observed: u64,
}

/// What a transport has to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Send these samples, the last frame filled up with silence; then the line is at the mark.
    Send(Mark),
    /// Drop what has been sent but not heard.
    Cut,
    /// Close the connection: the program has closed the medium.
    Close,
    /// Wait: the program has nothing to say.
    Nothing,
    /// Wait, although the sound should go on: the program is too slow.
    Starved,
}

/// Where a piece of sound begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    cuts: u32,
    position: u64,
}

/// How a piece of sound ended, and how much of it was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PieceEnd {
    /// To its end.
    Heard(Duration),
    /// Up to a cut.
    Cut(Duration),
}

impl Outbox {
    pub(crate) fn new(config: &MediaConfig) -> Self {
        let format = config.format;
        Self {
            format,
            most: format.samples_in(config.buffer),
            state: Mutex::default(),
            work: Notify::new(),
            progress: Notify::new(),
        }
    }

    // The transport's end.

    /// Sets how much relayed sound may always wait, for a line that reports inexactly what it has played. By default, as
    /// much as the time between two frames.
    pub(crate) fn set_most_delay(&self, most: Duration) {
        lock(&self.state).most_delay = Some(most);
    }

    /// Takes up to `most` samples, in whole frames.
    pub(crate) fn take(&self, most: usize, into: &mut Vec<i16>) -> Work {
        into.clear();
        let frame = self.format.frame_samples();
        let mut state = lock(&self.state);
        if std::mem::take(&mut state.is_cut) {
            return Work::Cut;
        }
        if state.is_closing {
            return Work::Close;
        }
        let waiting = state.samples.len();
        let is_last = state.is_complete && waiting <= most;
        let count = if is_last { waiting } else { waiting.min(most) / frame * frame };
        if count == 0 {
            return if state.is_playing { Work::Starved } else { Work::Nothing };
        }
        into.extend(state.samples.drain(..count));
        into.resize(count.div_ceil(frame) * frame, 0);
        state.taken += count as u64;
        Work::Send(Mark { cuts: state.cuts, position: state.taken })
    }

    /// The end of the sound, if all of it has been taken but not heard, and nothing follows for now.
    pub(crate) fn complete_at(&self) -> Option<Mark> {
        let state = lock(&self.state);
        let is_at_end = state.is_complete && state.samples.is_empty() && state.taken > state.heard;
        is_at_end.then_some(Mark { cuts: state.cuts, position: state.taken })
    }

    /// Notes that the line has played up to a mark.
    pub(crate) fn heard(&self, mark: Mark) {
        let mut state = lock(&self.state);
        // A peer cannot have played what it was not sent.
        if mark.cuts == state.cuts && mark.position > state.heard && mark.position <= state.taken {
            state.heard = mark.position;
            state.heard_at = Some(Instant::now());
            drop(state);
            self.progress.notify_waiters();
        }
    }

    /// How many samples the transport has taken that the line has not played.
    pub(crate) fn in_flight(&self) -> usize {
        let state = lock(&self.state);
        usize::try_from(state.taken - state.heard).unwrap_or(usize::MAX)
    }

    /// Waits until [`Outbox::take`] may have something to do.
    pub(crate) async fn changed(&self) {
        self.work.notified().await;
    }

    pub(super) fn end(&self) {
        lock(&self.state).has_ended = true;
        self.progress.notify_waiters();
    }

    // The program's end.

    /// Begins a piece of sound, which goes on without a pause if `is_playing`.
    pub(crate) fn begin(&self, is_playing: bool) -> Start {
        let mut state = lock(&self.state);
        (state.is_complete, state.is_playing, state.delay) = (false, is_playing, RelayDelay::default());
        Start { cuts: state.cuts, position: state.written }
    }

    /// Writes samples, waiting for room. Returns whether they were written rather than cut off.
    ///
    /// When the future is dropped, a part of them may have been written.
    pub(crate) async fn write(&self, start: Start, mut samples: &[i16]) -> Result<bool, MediaError> {
        loop {
            let written = self
                .until(|state| {
                    if state.has_ended || state.is_closing {
                        return Some(Err(MediaError::Ended));
                    }
                    if state.cuts != start.cuts {
                        return Some(Ok(None));
                    }
                    let room = self.most.saturating_sub(state.queued());
                    (room > 0 || samples.is_empty()).then(|| Ok(Some(state.push(samples, room))))
                })
                .await?;
            let Some(written) = written else { return Ok(false) };
            self.work.notify_one();
            samples = &samples[written..];
            if samples.is_empty() {
                return Ok(true);
            }
        }
    }

    /// Writes samples unless more than `most` would wait then. Returns whether they were written.
    pub(crate) fn try_write(&self, samples: &[i16], most: Duration) -> Result<bool, MediaError> {
        let most = self.format.samples_in(most).min(self.most);
        let mut state = lock(&self.state);
        if state.has_ended || state.is_closing {
            return Err(MediaError::Ended);
        }
        // Late sound is dropped until the line has caught up, or each disturbance would leave a delay up to `most`.
        let caught_up = samples.len() + self.format.frame_samples();
        let most = if state.is_late { most.min(caught_up) } else { most };
        // Reports of the line may be far apart.
        let queued = state.written - state.played(self.format);
        let is_delayed = state.is_delayed(queued, samples.len() as u64, self.format);
        let fits = queued + samples.len() as u64 <= most as u64 && !is_delayed;
        state.is_late = !fits;
        if fits {
            state.is_complete = false;
            state.push(samples, samples.len());
            drop(state);
            self.work.notify_one();
        }
        Ok(fits)
    }

    /// Nothing follows for now: a last frame that is not full may be sent.
    pub(crate) fn complete(&self, start: Start) {
        let mut state = lock(&self.state);
        if state.cuts == start.cuts {
            (state.is_complete, state.is_playing) = (true, false);
            drop(state);
            self.work.notify_one();
        }
    }

    /// Waits until all that has been written since `start` was heard or cut.
    pub(crate) async fn until_heard(&self, start: Start) -> Result<PieceEnd, MediaError> {
        let end = lock(&self.state).written;
        self.until(|state| {
            if state.cuts != start.cuts {
                return Some(Ok(PieceEnd::Cut(self.since(start.position, state.cut_at))));
            }
            if state.heard >= end {
                return Some(Ok(PieceEnd::Heard(self.since(start.position, end))));
            }
            (state.has_ended || state.is_closing).then_some(Err(MediaError::Ended))
        })
        .await
    }

    /// Waits until what began at `start` was cut, or nothing can be written any more.
    pub(crate) async fn until_cut(&self, start: Start) {
        self.until(|state| (state.cuts != start.cuts || state.has_ended || state.is_closing).then_some(())).await;
    }

    /// Drops what has not been heard. Returns how much that was.
    pub(crate) fn cut(&self) -> Duration {
        let mut state = lock(&self.state);
        let heard = state.played(self.format);
        let dropped = state.written - heard;
        // As reported: what the clock says may be ahead of the line.
        let is_unheard = state.taken > state.heard;
        if dropped > 0 || is_unheard || state.is_playing {
            state.samples.clear();
            state.is_cut |= is_unheard;
            state.cuts = state.cuts.wrapping_add(1);
            (state.is_playing, state.cut_at) = (false, heard);
            (state.heard, state.taken, state.written) = (heard, heard, heard);
            drop(state);
            self.work.notify_one();
            self.progress.notify_waiters();
        }
        self.format.duration(dropped)
    }

    /// How often sound was cut.
    pub(crate) fn cuts(&self) -> u32 {
        lock(&self.state).cuts
    }

    /// How much waits to be heard.
    pub(crate) fn queued(&self) -> Duration {
        let state = lock(&self.state);
        self.format.duration(state.written - state.played(self.format))
    }

    /// How much has been heard.
    pub(crate) fn played(&self) -> Duration {
        self.format.duration(lock(&self.state).played(self.format))
    }

    /// Waits until the transport has ended.
    pub(crate) async fn ended(&self) {
        self.until(|state| state.has_ended.then_some(())).await;
    }

    /// Whether the program has closed the medium, or the transport has ended.
    pub(crate) fn is_ending(&self) -> bool {
        let state = lock(&self.state);
        state.is_closing || state.has_ended
    }

    pub(crate) fn close(&self) {
        lock(&self.state).is_closing = true;
        self.work.notify_one();
        self.progress.notify_waiters();
    }

    fn since(&self, start: u64, end: u64) -> Duration {
        self.format.duration(end.saturating_sub(start))
    }

    async fn until<T>(&self, mut find: impl FnMut(&mut State) -> Option<T>) -> T {
        let mut progress = std::pin::pin!(self.progress.notified());
        loop {
            // Before the look, so that no change is missed.
            progress.as_mut().enable();
            if let Some(found) = find(&mut lock(&self.state)) {
                return found;
            }
            progress.as_mut().await;
            progress.set(self.progress.notified());
        }
    }
}

impl RelayDelay {
    /// Notes how much waits before more is written. Returns how much has waited all the time, once in a while.
    fn note(&mut self, queued: u64, samples: u64, format: Format) -> Option<Duration> {
        self.least = Some(self.least.map_or(queued, |least| least.min(queued)));
        self.observed += samples;
        if format.duration(self.observed) < DELAY_WINDOW {
            return None;
        }
        let Self { least, .. } = std::mem::take(self);
        least.map(|least| format.duration(least))
    }
}

impl State {
    /// Whether more has waited all the time than the line needs, which only makes the conversation slower.
    fn is_delayed(&mut self, queued: u64, samples: u64, format: Format) -> bool {
        let most = self.most_delay.unwrap_or(FRAME);
        self.delay.note(queued, samples, format).is_some_and(|delay| delay > most)
    }

    fn queued(&self) -> usize {
        usize::try_from(self.written - self.heard).unwrap_or(usize::MAX)
    }

    fn push(&mut self, samples: &[i16], room: usize) -> usize {
        let count = samples.len().min(room);
        if self.written == self.heard {
            // The line has been silent: its clock starts anew.
            self.heard_at = Some(Instant::now());
        }
        self.samples.extend(&samples[..count]);
        self.written += count as u64;
        count
    }

    /// Up to where the line has played by now: what is known, and what its clock adds to that.
    fn played(&self, format: Format) -> u64 {
        let elapsed = self.heard_at.map_or(Duration::ZERO, |at| at.elapsed());
        let by_clock = format.samples_in(elapsed) as u64;
        self.heard.saturating_add(by_clock).min(self.taken)
    }
}
