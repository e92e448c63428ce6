use std::time::Duration;

use super::Activity;
use crate::format::duration_of;

/// How long somebody may pause by default.
const SILENCE: Duration = Duration::from_millis(700);

/// When somebody begins to speak, and when what they say is over: the turns of a conversation.
///
/// ```
/// use std::time::Duration;
///
/// use ari_media::detect::{Activity, Utterance, UtteranceEvent};
///
/// let mut utterance = Utterance::new(Activity::energy(8_000))
///     .silence(Duration::from_millis(500))
///     .no_speech_after(Duration::from_secs(8));
/// # let frames = [[0_i16; 160]];
/// for frame in &frames {
///     match utterance.push(frame) {
///         Some(UtteranceEvent::Started) => println!("stop talking"),
///         Some(UtteranceEvent::Ended { duration }) => println!("answer what was said in {duration:?}"),
///         Some(UtteranceEvent::NoSpeech) => println!("ask whether anybody is there"),
///         _ => {}
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Utterance {
    activity: Activity,
    silence: Duration,
    patience: Option<Duration>,
    /// Samples so far.
    clock: u64,
    /// When the utterance began, or when its beginning was first waited for.
    since: Duration,
    is_speaking: bool,
}

/// What [`Utterance`] has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UtteranceEvent {
    /// Somebody has begun to speak.
    Started,
    /// Nothing has been said for the time of [`Utterance::silence`].
    Ended {
        /// How long was spoken, without that silence.
        duration: Duration,
    },
    /// Nobody has begun to speak for the time of [`Utterance::no_speech_after`].
    NoSpeech,
}

impl Utterance {
    /// Turns by what this detector takes for speech.
    #[must_use]
    pub fn new(activity: Activity) -> Self {
        let (clock, since) = (0, Duration::ZERO);
        Self { activity, silence: SILENCE, patience: None, clock, since, is_speaking: false }
    }

    /// How long a pause ends an utterance; 700 ms by default. Shorter interrupts people who think, longer makes them wait.
    #[must_use]
    pub fn silence(mut self, least: Duration) -> Self {
        self.silence = least;
        self
    }

    /// After how long without speech [`UtteranceEvent::NoSpeech`] is returned, once each time; never by default.
    #[must_use]
    pub fn no_speech_after(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Whether an utterance is going on, pauses included.
    #[must_use]
    pub fn is_speaking(&self) -> bool {
        self.is_speaking
    }

    /// Waits anew for speech, as after the program has spoken itself.
    pub fn reset(&mut self) {
        (self.is_speaking, self.since) = (false, self.now());
    }

    /// Takes the next samples, and returns what happened in them. Feed at most 100 ms at a time.
    pub fn push(&mut self, samples: &[i16]) -> Option<UtteranceEvent> {
        let is_active = self.activity.push(samples);
        self.clock += samples.len() as u64;
        let now = self.now();
        let quiet = Duration::from_millis(self.activity.quiet().into());
        if self.is_speaking {
            let ended = quiet >= self.silence;
            let duration = now.saturating_sub(self.since + quiet);
            if ended {
                (self.is_speaking, self.since) = (false, now);
            }
            return ended.then_some(UtteranceEvent::Ended { duration });
        }
        if is_active && quiet < self.silence {
            (self.is_speaking, self.since) = (true, now.saturating_sub(quiet));
            return Some(UtteranceEvent::Started);
        }
        let is_over = self.patience.is_some_and(|patience| now.saturating_sub(self.since) >= patience);
        if is_over {
            self.since = now;
        }
        is_over.then_some(UtteranceEvent::NoSpeech)
    }

    fn now(&self) -> Duration {
        duration_of(self.clock, self.activity.rate())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::sounds::{noise, tones};

    /// The events of noise and tones in turn, each with its seconds, and the millisecond after which each event came.
    fn events(mut utterance: Utterance, turns: &[f64]) -> Vec<(u64, UtteranceEvent)> {
        let sounds = turns.iter().enumerate().flat_map(|(i, seconds)| match i % 2 {
            0 => noise(8_000, -60.0, *seconds),
            _ => tones(8_000, &[(300.0, -20.0)], *seconds),
        });
        let sounds: Vec<_> = sounds.collect();
        let frames = (1..).zip(sounds.chunks(160));
        frames.filter_map(|(i, frame)| utterance.push(frame).map(|event| (i * 20, event))).collect()
    }

    fn close(ms: u64, expected: u64) -> bool {
        ms.abs_diff(expected) <= 50
    }

    #[test]
    fn pauses_shorter_than_the_silence_belong_to_the_utterance() {
        let utterance = Utterance::new(Activity::energy(8_000));
        let found = events(utterance, &[1.0, 0.5, 0.5, 0.4, 1.5, 0.3, 1.5]);
        let [(a, UtteranceEvent::Started), (b, UtteranceEvent::Ended { duration }), (c, UtteranceEvent::Started), ..] =
            found[..]
        else {
            panic!("{found:?}")
        };
        assert!(close(a, 1_040) && close(b, 3_100) && close(c, 3_940), "{found:?}");
        let spoken = u64::try_from(duration.as_millis()).unwrap();
        assert!(close(spoken, 1_400) && found.len() == 4, "{found:?}");
    }

    #[test]
    fn silence_shorter_than_the_hangover_ends_the_utterance_once() {
        let utterance = Utterance::new(Activity::energy(8_000)).silence(Duration::from_millis(60));
        let found = events(utterance, &[0.5, 0.5, 0.5, 0.5, 0.5]);
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn no_speech_is_returned_each_time_that_the_patience_is_over() {
        let utterance = Utterance::new(Activity::energy(8_000)).no_speech_after(Duration::from_secs(2));
        let found = events(utterance, &[5.0, 1.0, 3.0]);
        let times: Vec<_> = found.iter().map(|(at, event)| (*at, *event == UtteranceEvent::NoSpeech)).collect();
        assert_eq!(times[..2], [(2_000, true), (4_000, true)]);
        assert!(
            matches!(found[2..], [(_, UtteranceEvent::Started), (_, UtteranceEvent::Ended { .. }), (at, _)]
            if close(at, 8_700)),
            "{found:?}"
        );
    }

    #[test]
    fn reset_waits_anew() {
        let mut utterance = Utterance::new(Activity::energy(8_000)).no_speech_after(Duration::from_secs(1));
        utterance.push(&noise(8_000, -60.0, 0.9));
        utterance.reset();
        assert_eq!(utterance.push(&noise(8_000, -60.0, 0.9)), None);
        assert_eq!(utterance.push(&noise(8_000, -60.0, 0.2)), Some(UtteranceEvent::NoSpeech));
    }
}
