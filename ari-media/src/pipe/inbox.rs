//! Frames on their way from the line to the program.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::lock;
use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::format::{FRAMES_PER_SECOND, Format, frames_in};
use crate::frame::FrameKind;
use crate::resample::Resampler;
use crate::stats::Counter;

/// How much later than expected a frame may come before the time between counts as a pause.
const JITTER: Duration = Duration::from_millis(100);

/// Received frames, at the rate of the program.
pub(crate) struct Inbox {
    /// Samples of a frame in the program.
    pub(crate) frame: usize,
    most_frames: usize,
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    format: Format,
    resampler: Resampler,
    /// Samples of the frames, and behind them those of a frame that is not full yet.
    samples: VecDeque<i16>,
    frames: VecDeque<Header>,
    /// Resampled samples, kept to reuse their memory.
    scratch: Vec<i16>,
    /// Of what kind the frame is that is not full yet.
    kind: FrameKind,
    /// When the frame after the last one begins, counted in frames of the program.
    next: u64,
    /// When that frame should arrive.
    due: Option<Instant>,
    end: Option<Result<(), MediaError>>,
}

/// A frame that waits to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: FrameKind,
    pub(crate) format: Format,
    /// When it begins, counted in frames.
    pub(crate) at: u64,
}

/// What is missing before received samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gap {
    /// What the time of arrival says: the transport has no timestamps.
    ByClock,
    /// So many frames of 20 ms.
    Frames(u64),
}

/// What the reader finds.
pub(crate) enum Found {
    Frame(Header),
    /// The next frame begins later than the reader expects.
    Later,
    Nothing,
    End(Result<(), MediaError>),
}

impl Inbox {
    pub(crate) fn new(config: &MediaConfig) -> Result<Self, MediaError> {
        let frame = (config.rate / FRAMES_PER_SECOND) as usize;
        let state = State {
            format: config.format,
            resampler: Resampler::new(config.format.rate(), config.rate)?,
            samples: VecDeque::new(),
            frames: VecDeque::new(),
            scratch: Vec::new(),
            kind: FrameKind::default(),
            next: 0,
            due: None,
            end: None,
        };
        Ok(Self {
            frame,
            most_frames: usize::try_from(frames_in(config.receive_buffer)).unwrap_or(usize::MAX),
            state: Mutex::new(state),
            changed: Notify::new(),
        })
    }

    // The transport's end.

    /// Takes in samples at the rate of the wire. `dropped` counts the frames that a slow reader loses.
    pub(crate) fn push(&self, samples: &[i16], kind: FrameKind, gap: Gap, dropped: &Counter) {
        let mut state = lock(&self.state);
        let duration = state.format.duration(samples.len() as u64);
        state.advance(gap, duration);
        let State { resampler, scratch, .. } = &mut *state;
        scratch.clear();
        resampler.process(samples, scratch);
        state.append(self.frame, kind);
        let too_many = state.frames.len().saturating_sub(self.most_frames);
        if too_many > 0 {
            state.frames.drain(..too_many);
            state.samples.drain(..too_many * self.frame);
            dropped.add(too_many as u64);
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Takes in samples of another format from now on.
    pub(crate) fn set_format(&self, format: Format) -> Result<(), MediaError> {
        let mut state = lock(&self.state);
        if state.format != format {
            let rate = u32::try_from(self.frame).unwrap_or(u32::MAX) * FRAMES_PER_SECOND;
            state.resampler = Resampler::new(format.rate(), rate)?;
            state.format = format;
        }
        Ok(())
    }

    pub(super) fn end(&self, result: Result<(), MediaError>) {
        lock(&self.state).end.get_or_insert(result);
        self.changed.notify_one();
    }

    // The program's end.

    /// Takes the next frame. A frame that begins after `expected` is left, unless the reader skips the gap.
    pub(crate) fn take(&self, expected: u64, skips: bool, into: &mut Vec<i16>) -> Found {
        let mut state = lock(&self.state);
        let Some(header) = state.frames.front().copied() else {
            return match &mut state.end {
                Some(end) => Found::End(std::mem::replace(end, Ok(()))),
                None => Found::Nothing,
            };
        };
        if header.at > expected && !skips {
            return Found::Later;
        }
        state.frames.pop_front();
        into.clear();
        into.extend(state.samples.drain(..self.frame));
        Found::Frame(header)
    }

    /// Waits until [`Inbox::take`] may find something new.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// From when on the absence of a frame is a pause; `None` before the first one.
    pub(crate) fn overdue(&self) -> Option<Instant> {
        lock(&self.state).due.map(|due| due + JITTER)
    }
}

impl State {
    /// Moves the time on by the gap before samples of this duration.
    fn advance(&mut self, gap: Gap, duration: Duration) {
        let now = Instant::now();
        let late = self.due.map_or(Duration::ZERO, |due| now.saturating_duration_since(due));
        let missing = match gap {
            Gap::Frames(frames) => frames,
            Gap::ByClock if late > JITTER => frames_in(late),
            Gap::ByClock => 0,
        };
        self.next = self.next.saturating_add(missing);
        // Frames that come in a burst are early; too much of that would hide the next pause.
        self.due = Some(self.due.unwrap_or(now).max(now).min(now + JITTER) + duration);
    }

    /// Cuts what has been resampled into frames.
    fn append(&mut self, frame: usize, kind: FrameKind) {
        let is_empty = self.samples.len() == self.frames.len() * frame;
        self.samples.extend(&self.scratch);
        if is_empty || kind != FrameKind::Sound {
            self.kind = kind;
        }
        while self.samples.len() >= (self.frames.len() + 1) * frame {
            self.frames.push_back(Header { kind: self.kind, format: self.format, at: self.next });
            self.next += 1;
            self.kind = kind;
        }
    }
}
