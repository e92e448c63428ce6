use std::time::Duration;

use super::{Goertzel, RATES, Windows, count, mean_square};

/// Milliseconds of a window, and from one to the next.
const WINDOW: u32 = 40;
const STEP: u32 = 20;

/// Windows that make a sound. At an edge, two are neither one sound nor the other.
const SURE: u32 = 2;
const SURE_OTHER: u32 = 3;

/// The power below which there is silence: -45 dBFS.
const LEAST: f32 = 3e-5;

/// What part of all power is in the tones.
const PURITY: f32 = 0.8;

/// By how many hertz a tone may be off.
const OFF: f32 = 12.0;

/// The tone of most of Europe.
const EUROPE: f32 = 425.0;

/// The frequencies that a beep may have.
const BEEPS: std::ops::RangeInclusive<f32> = 380.0..=2_100.0;

// Cadences, in milliseconds, with room for exchanges that are not exact.
const BUSY: std::ops::RangeInclusive<u32> = 400..=600;
const CONGESTION: std::ops::RangeInclusive<u32> = 180..=320;
const EUROPEAN_RING: std::ops::RangeInclusive<u32> = 800..=1_300;
const EUROPEAN_RING_PAUSE: u32 = 1_000;
const AMERICAN_RING: u32 = 800;
const BEEP: std::ops::RangeInclusive<u32> = 140..=2_000;

/// The tones of the exchange, and the beep of an answering machine.
///
/// Knows the plan of most of Europe (425 Hz) and that of North America (440 and 480 Hz, 480 and 620 Hz).
///
/// ```
/// use ari_media::detect::{ToneDetector, ToneEvent};
///
/// let mut detector = ToneDetector::new(8_000);
/// # let frames = [[0_i16; 160]];
/// for frame in &frames {
///     if let Some(ToneEvent::Beep { hertz, duration }) = detector.push(frame) {
///         println!("leave the message now, after {duration:?} of {hertz} Hz");
///     }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct ToneDetector {
    windows: Windows,
    rate: u32,
    american: [Goertzel; 3],
    cadence: Cadence,
}

/// What [`ToneDetector`] has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToneEvent {
    /// The other party's phone rings. Returned with each ring.
    Ringback,
    /// The other party is busy. Returned with each cycle of the tone from the second on.
    Busy,
    /// The network is busy, or the number cannot be reached. Returned with each cycle from the second on.
    Congestion,
    /// A single tone has ended that is none of the exchange's, as that of an answering machine.
    Beep {
        /// Its frequency.
        hertz: u32,
        /// How long it was.
        duration: Duration,
    },
}

/// What a window holds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Sound {
    #[default]
    Silence,
    /// One tone of this many hertz.
    Single(f32),
    /// North America's tone of ringing, 440 and 480 Hz.
    Ring,
    /// North America's tone of failure, 480 and 620 Hz.
    Failure,
    Other,
}

/// Sounds and how long they were.
#[derive(Debug, Clone, Copy, Default)]
struct Segment {
    sound: Sound,
    /// Windows.
    length: u32,
}

#[derive(Debug, Clone, Default)]
struct Cadence {
    /// The last segments that are over, the newest first.
    past: [Segment; 3],
    now: Segment,
    /// What may become the next segment.
    next: Segment,
    /// Whether the segment is a ring that was returned.
    has_rung: bool,
}

impl ToneDetector {
    /// A detector for samples at this rate, from 8,000 Hz.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        let rate = rate.clamp(RATES.0, RATES.1);
        let samples = |milliseconds| (rate * milliseconds / 1_000) as usize;
        Self {
            windows: Windows::new(samples(WINDOW), samples(STEP)),
            rate,
            american: [440.0, 480.0, 620.0].map(|hertz| Goertzel::new(hertz, rate)),
            cadence: Cadence::default(),
        }
    }

    /// Takes the next samples, and returns what became certain with them. Feed at most 100 ms at a time.
    pub fn push(&mut self, samples: &[i16]) -> Option<ToneEvent> {
        let mut found = None;
        self.windows.push(samples, |window| {
            let sound = sound(window, self.rate, &self.american);
            found = self.cadence.next(sound).or(found);
        });
        found
    }
}

fn sound(window: &[f32], rate: u32, american: &[Goertzel; 3]) -> Sound {
    let total = mean_square(window);
    if total < LEAST {
        return Sound::Silence;
    }
    let [low, middle, high] = american.each_ref().map(|tone| tone.power(window) / total);
    let is_pair = |a: f32, b: f32| a + b > PURITY && a.min(b) > PURITY / 8.0;
    if is_pair(low, middle) {
        return Sound::Ring;
    }
    if is_pair(middle, high) {
        return Sound::Failure;
    }
    let single = frequency(window, rate, total.sqrt() / 3.0);
    match single.filter(|hertz| Goertzel::new(*hertz, rate).power(window) > PURITY * total) {
        Some(hertz) => Sound::Single(hertz),
        None => Sound::Other,
    }
}

/// The frequency of a single tone, from the times between its rises through zero.
#[expect(clippy::cast_precision_loss, reason = "windows are short")]
fn frequency(window: &[f32], rate: u32, hysteresis: f32) -> Option<f32> {
    let (mut first, mut last, mut rises) = (0.0, 0.0, 0_u16);
    let mut is_low = false;
    let mut crossing = 0.0;
    for (i, pair) in window.windows(2).enumerate() {
        let (before, after) = (pair[0], pair[1]);
        is_low |= before < -hysteresis;
        if before < 0.0 && after >= 0.0 {
            crossing = i as f32 + before / (before - after);
        }
        if is_low && after > hysteresis {
            is_low = false;
            first = if rises == 0 { crossing } else { first };
            (last, rises) = (crossing, rises + 1);
        }
    }
    let periods = f32::from(rises.checked_sub(1)?);
    (last > first && first < count(window)).then(|| periods * rate as f32 / (last - first))
}

impl Sound {
    fn is_same(self, other: Self) -> bool {
        match (self, other) {
            (Self::Single(a), Self::Single(b)) => (a - b).abs() < OFF,
            _ => self == other,
        }
    }

    fn is_european(self) -> bool {
        self.is_same(Self::Single(EUROPE))
    }
}

impl Segment {
    fn lasts(self, range: &std::ops::RangeInclusive<u32>) -> bool {
        range.contains(&self.milliseconds())
    }

    fn milliseconds(self) -> u32 {
        self.length * STEP
    }
}

impl Cadence {
    /// Takes what the next window holds.
    fn next(&mut self, sound: Sound) -> Option<ToneEvent> {
        if sound.is_same(self.now.sound) {
            self.now.length = self.now.length.saturating_add(1 + self.next.length);
            self.next.length = 0;
            return self.lasting();
        }
        if sound.is_same(self.next.sound) {
            self.next.length += 1;
        } else {
            // An edge, which is counted to the sound that ends with it.
            self.now.length = self.now.length.saturating_add(self.next.length);
            self.next = Segment { sound, length: 1 };
        }
        if self.next.length < if sound == Sound::Other { SURE_OTHER } else { SURE } {
            return None;
        }
        self.past.rotate_right(1);
        self.past[0] = self.now;
        self.now = std::mem::take(&mut self.next);
        self.has_rung = false;
        self.changed()
    }

    /// What is certain once a sound has lasted.
    fn lasting(&mut self) -> Option<ToneEvent> {
        let at = |milliseconds| self.now.milliseconds() >= milliseconds;
        let european = self.past[0].sound.is_european() && self.past[0].lasts(&EUROPEAN_RING);
        let rings = match self.now.sound {
            Sound::Silence => european && at(EUROPEAN_RING_PAUSE),
            Sound::Ring => at(AMERICAN_RING),
            _ => false,
        };
        let is_new = rings && !self.has_rung;
        self.has_rung = rings;
        is_new.then_some(ToneEvent::Ringback)
    }

    /// What is certain once a sound is over.
    fn changed(&self) -> Option<ToneEvent> {
        let [tone, pause, before] = self.past;
        let is_failure = tone.sound == Sound::Failure || tone.sound.is_european();
        if is_failure && pause.sound == Sound::Silence && before.sound.is_same(tone.sound) {
            let cycle = |range| self.past.iter().all(|segment| segment.lasts(range));
            if cycle(&BUSY) {
                return Some(ToneEvent::Busy);
            }
            return cycle(&CONGESTION).then_some(ToneEvent::Congestion);
        }
        // The special information tones are three single ones in a row.
        let is_lone = ![self.now.sound, pause.sound].iter().any(|sound| matches!(sound, Sound::Single(_)));
        match tone.sound {
            Sound::Single(hertz) if is_lone && BEEPS.contains(&hertz) && tone.lasts(&BEEP) && !is_failure => {
                let duration = Duration::from_millis(tone.milliseconds().into());
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in the range above")]
                Some(ToneEvent::Beep { hertz: hertz.round() as u32, duration })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::sounds::{RATES, Random, add_noise, noise, silence, speech, tones};

    fn found(rate: u32, samples: &[i16]) -> Vec<ToneEvent> {
        let mut detector = ToneDetector::new(rate);
        samples.chunks(rate as usize / 50).filter_map(|frame| detector.push(frame)).collect()
    }

    /// Three cycles of tone and pause.
    fn cycles(rate: u32, hertz: &[f64], on: f64, off: f64) -> Vec<i16> {
        let parts: Vec<_> = hertz.iter().map(|hertz| (*hertz, -18.0)).collect();
        let cycle = [tones(rate, &parts, on), silence(rate, off)].concat();
        let mut samples = [silence(rate, 0.313), cycle.repeat(3)].concat();
        add_noise(&mut samples, -55.0, &mut Random(11));
        samples
    }

    #[test]
    fn tones_of_the_exchange_are_found_at_every_rate() {
        use ToneEvent::{Busy, Congestion, Ringback};
        for rate in RATES {
            for (hertz, on, off, expected) in [
                (&[425.0][..], 1.0, 4.0, &[Ringback; 3][..]),
                (&[425.0], 0.5, 0.5, &[Busy; 2]),
                (&[425.0], 0.48, 0.48, &[Busy; 2]),
                (&[425.0], 0.25, 0.25, &[Congestion; 2]),
                (&[440.0, 480.0], 2.0, 4.0, &[Ringback; 3]),
                (&[480.0, 620.0], 0.5, 0.5, &[Busy; 2]),
                (&[480.0, 620.0], 0.25, 0.25, &[Congestion; 2]),
            ] {
                let events = found(rate, &cycles(rate, hertz, on, off));
                assert_eq!(events, expected, "{rate} Hz: {hertz:?} for {on} s");
            }
        }
    }

    #[test]
    fn beep_is_found_when_it_ends() {
        for rate in RATES {
            for (hertz, seconds) in [(1_000.0, 0.3), (440.0, 0.5), (1_400.0, 0.16), (800.0, 1.2)] {
                let mut samples =
                    [speech(rate, 3.0, &mut Random(2)), tones(rate, &[(hertz, -20.0)], seconds), silence(rate, 0.1)]
                        .concat();
                add_noise(&mut samples, -50.0, &mut Random(4));
                let events = found(rate, &samples);
                let [ToneEvent::Beep { hertz: found, duration }] = events[..] else {
                    panic!("{rate} Hz, {hertz} Hz: {events:?}")
                };
                assert!((f64::from(found) - hertz).abs() < 5.0, "{rate} Hz, {hertz} Hz: {found}");
                assert!((duration.as_secs_f64() - seconds).abs() < 0.05, "{rate} Hz, {hertz} Hz: {duration:?}");
            }
        }
    }

    #[test]
    fn speech_noise_and_other_tones_are_none_of_these() {
        for rate in [8_000, 16_000] {
            assert_eq!(found(rate, &speech(rate, 300.0, &mut Random(8))), [], "{rate} Hz");
            assert_eq!(found(rate, &noise(rate, -25.0, 10.0)), [], "{rate} Hz");
            let information = [950.0, 1_400.0, 1_800.0].map(|hertz| tones(rate, &[(hertz, -18.0)], 0.33)).concat();
            assert_eq!(found(rate, &[information, silence(rate, 1.0)].concat()), [], "{rate} Hz");
            let digit = tones(rate, &[(770.0, -15.0), (1_336.0, -15.0)], 0.3);
            assert_eq!(found(rate, &[digit, silence(rate, 1.0)].concat()), [], "{rate} Hz");
            assert_eq!(found(rate, &tones(rate, &[(425.0, -15.0)], 10.0)), [], "{rate} Hz");
        }
    }
}
