//! The playbacks and recordings of a call, as far as events and look-ups tell.

use std::time::Instant;

use ari_bindings::Event;

/// How far something has got.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Progress<T> {
    /// The reply to the request is outstanding, so the server need not know it yet.
    Requested,
    /// It may have to wait for what was begun before.
    Accepted,
    Started,
    Over(T),
}

/// How a playback ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaybackEnd {
    Finished,
    Failed,
    /// The server does not know it any more, and no event has said why.
    Unknown,
}

/// How a recording ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RecordingEnd {
    Finished {
        duration: Option<i64>,
        talking: Option<i64>,
    },
    Failed {
        cause: Box<str>,
    },
    /// As [`PlaybackEnd::Unknown`]; the file exists.
    Unknown,
}

pub(crate) struct Playback {
    pub(crate) id: Box<str>,
    pub(crate) progress: Progress<PlaybackEnd>,
    /// Whether the caller's channel plays it, instead of a bridge.
    pub(crate) is_in_channel: bool,
    /// The stored recording that it ends with.
    pub(crate) last_recording: Option<Box<str>>,
}

#[derive(Clone)]
pub(crate) struct Recording {
    pub(crate) name: Box<str>,
    pub(crate) progress: Progress<RecordingEnd>,
    /// The key that ends it.
    pub(crate) until: Option<char>,
    pub(crate) is_key_pressed: bool,
    /// Whether the call had ended before it.
    pub(crate) has_hung_up: bool,
    /// When its end was reported.
    pub(crate) over: Option<Instant>,
}

impl Playback {
    pub(crate) fn new(id: Box<str>, media: &[String], is_in_channel: bool) -> Self {
        let last_recording = media.last().and_then(|last| last.strip_prefix("recording:")).map(Into::into);
        Self { id, progress: Progress::Requested, is_in_channel, last_recording }
    }
}

impl Recording {
    pub(crate) fn new(name: Box<str>, until: Option<char>) -> Self {
        Self { name, progress: Progress::Requested, until, is_key_pressed: false, has_hung_up: false, over: None }
    }
}

/// The playbacks and recordings that a verb refers to.
#[derive(Default)]
pub(crate) struct Media {
    pub(crate) playbacks: Vec<Playback>,
    pub(crate) recordings: Vec<Recording>,
}

impl Media {
    /// Whether the caller's channel plays or records something, behind which other requests have to wait.
    pub(crate) fn is_busy(&self) -> bool {
        let mut playbacks = self.playbacks.iter().filter(|playback| playback.is_in_channel);
        playbacks.any(|playback| playback.progress.ended().is_none())
            || self.recordings.iter().any(|recording| recording.progress.ended().is_none())
    }

    pub(crate) fn playback(&self, id: &str) -> Option<&Playback> {
        self.playbacks.iter().find(|known| *known.id == *id)
    }

    pub(crate) fn playback_mut(&mut self, id: &str) -> Option<&mut Playback> {
        self.playbacks.iter_mut().find(|known| *known.id == *id)
    }

    pub(crate) fn recording(&self, name: &str) -> Option<&Recording> {
        self.recordings.iter().find(|known| *known.name == *name)
    }

    pub(crate) fn recording_mut(&mut self, name: &str) -> Option<&mut Recording> {
        self.recordings.iter_mut().find(|known| *known.name == *name)
    }

    pub(crate) fn playback_ended(&mut self, id: &str, end: PlaybackEnd) {
        if let Some(playback) = self.playback_mut(id) {
            playback.progress.end(end);
        }
    }

    pub(crate) fn recording_ended(&mut self, name: &str, end: RecordingEnd) {
        if let Some(recording) = self.recording_mut(name) {
            recording.progress.end(end);
        }
    }

    /// Takes in an event; `has_hung_up` is whether the call has ended.
    pub(crate) fn apply(&mut self, event: &Event, has_hung_up: bool) {
        match event {
            Event::PlaybackStarted(started) => {
                if let Some(playback) = self.playback_mut(started.playback.id.as_str()) {
                    playback.progress.start();
                }
            }
            Event::PlaybackFinished(finished) => {
                let failed = finished.playback.state.as_str() == "failed";
                let end = if failed { PlaybackEnd::Failed } else { PlaybackEnd::Finished };
                self.playback_ended(finished.playback.id.as_str(), end);
            }
            Event::RecordingStarted(started) => {
                if let Some(recording) = self.recording_mut(started.recording.name.as_str()) {
                    recording.progress.start();
                }
            }
            Event::RecordingFinished(finished) => {
                let over = &finished.recording;
                let end = RecordingEnd::Finished { duration: over.duration, talking: over.talking_duration };
                if let Some(recording) = self.recording_mut(over.name.as_str()) {
                    recording.has_hung_up = has_hung_up;
                    recording.over = Some(Instant::now());
                    recording.progress.end(end);
                }
            }
            Event::RecordingFailed(failed) => {
                let cause = failed.recording.cause.as_deref().unwrap_or("no cause given").into();
                self.recording_ended(failed.recording.name.as_str(), RecordingEnd::Failed { cause });
            }
            _ => {}
        }
    }

    /// Takes a key that ends a recording. Returns whether there is such a recording.
    pub(crate) fn take_key(&mut self, key: char) -> bool {
        let ends = |recording: &&mut Recording| recording.until == Some(key) && recording.progress.is_started();
        match self.recordings.iter_mut().find(ends) {
            Some(recording) => {
                recording.is_key_pressed = true;
                true
            }
            None => false,
        }
    }

    /// The playbacks that the server may know.
    pub(crate) fn playbacks_under_way(&self) -> Vec<Box<str>> {
        let under_way = self.playbacks.iter().filter(|playback| playback.progress.is_under_way());
        under_way.map(|playback| playback.id.clone()).collect()
    }

    /// The names of the recordings that the server may know.
    pub(crate) fn recordings_under_way(&self) -> Vec<Box<str>> {
        let under_way = self.recordings.iter().filter(|recording| recording.progress.is_under_way());
        under_way.map(|recording| recording.name.clone()).collect()
    }
}

impl<T> Progress<T> {
    /// Notes that the reply to the request has come.
    pub(crate) fn accept(&mut self) {
        if matches!(self, Self::Requested) {
            *self = Self::Accepted;
        }
    }

    pub(crate) fn ended(&self) -> Option<&T> {
        match self {
            Self::Over(end) => Some(end),
            _ => None,
        }
    }

    pub(crate) fn is_started(&self) -> bool {
        matches!(self, Self::Started)
    }

    fn start(&mut self) {
        if matches!(self, Self::Requested | Self::Accepted) {
            *self = Self::Started;
        }
    }

    /// Ends it, unless it has ended.
    fn end(&mut self, end: T) {
        if self.ended().is_none() {
            *self = Self::Over(end);
        }
    }

    fn is_under_way(&self) -> bool {
        matches!(self, Self::Accepted | Self::Started)
    }
}

#[cfg(test)]
mod tests {
    use ari_bindings::events;

    use super::*;

    fn started(name: &str) -> Event {
        let mut started = events::RecordingStarted::default();
        started.recording.name = name.into();
        Event::RecordingStarted(Box::new(started))
    }

    #[test]
    fn key_ends_the_recording_that_waits_for_it() {
        let mut media = Media::default();
        media.recordings.push(Recording::new("a".into(), Some('#')));
        assert!(!media.take_key('#'), "it has not begun");
        media.apply(&started("a"), false);
        assert!(!media.take_key('5'));
        assert!(media.take_key('#'));
        assert!(media.recordings[0].is_key_pressed);
        media.recording_ended("a", RecordingEnd::Unknown);
        assert!(!media.take_key('#'), "it is over");
    }

    #[test]
    fn first_end_counts() {
        let mut media = Media::default();
        media.playbacks.push(Playback::new("a".into(), &["sound:x".to_owned(), "recording:y".to_owned()], true));
        assert_eq!(media.playbacks[0].last_recording.as_deref(), Some("y"));
        media.playback_ended("a", PlaybackEnd::Finished);
        media.playback_ended("a", PlaybackEnd::Unknown);
        assert_eq!(media.playbacks[0].progress, Progress::Over(PlaybackEnd::Finished));
    }
}
