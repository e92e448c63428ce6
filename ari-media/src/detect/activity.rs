use super::level::decibels;
use super::{RATES, Windows};

/// Milliseconds of voice that begin activity, and of quiet that end it.
const ATTACK: u32 = 30;
const RELEASE: u32 = 200;

/// Milliseconds of an energy window.
const WINDOW: u32 = 10;

/// How much louder than the noise a voice is, in dB.
const MARGIN: f32 = 10.0;

/// What is too quiet for a voice, and too loud for noise, in dBFS.
const LEAST: f32 = -50.0;
const LOUDEST_NOISE: f32 = -38.0;

/// The noise is the quietest window of the last 3 s, kept in parts of half a second.
const PARTS: usize = 6;
const PART: u32 = 500;

/// Whether somebody speaks.
///
/// [`Activity::energy`] compares the loudness with that of the background: light, and right as long as what is loud is
/// speech. `Activity::earshot` (feature `vad`) asks a small neural network, which tells speech from tones and noise; only
/// loud hiss in sound at 8,000 Hz is taken for speech.
///
/// ```
/// use ari_media::detect::Activity;
///
/// let mut activity = Activity::energy(8_000);
/// assert!(!activity.push(&[0; 160]));
/// ```
#[derive(Debug)]
pub struct Activity {
    rate: u32,
    judge: Judge,
    state: State,
}

#[derive(Debug)]
enum Judge {
    Energy(Windows, Noise),
    #[cfg(feature = "vad")]
    Earshot(Box<earshot_judge::Earshot>),
}

#[derive(Debug, Clone, Default)]
struct State {
    is_active: bool,
    /// Milliseconds of voice lately, and since the last of it.
    voice: u32,
    quiet: u32,
}

#[derive(Debug, Clone)]
struct Noise {
    /// The quietest window of each part, in dBFS; the newest first.
    parts: [f32; PARTS],
    /// Milliseconds of the newest part.
    elapsed: u32,
}

impl Activity {
    /// A detector by loudness, for samples at this rate, from 8,000 Hz.
    #[must_use]
    pub fn energy(rate: u32) -> Self {
        let rate = rate.clamp(RATES.0, RATES.1);
        let length = (rate * WINDOW / 1_000) as usize;
        let noise = Noise { parts: [f32::INFINITY; PARTS], elapsed: 0 };
        Self { rate, judge: Judge::Energy(Windows::new(length, length), noise), state: State::default() }
    }

    /// Takes the next samples, and returns whether somebody speaks at their end.
    ///
    /// Speech counts from 30 ms on, and goes on until 200 ms without it.
    pub fn push(&mut self, samples: &[i16]) -> bool {
        let state = &mut self.state;
        match &mut self.judge {
            Judge::Energy(windows, noise) => windows.push(samples, |window| {
                state.note(noise.is_exceeded_by(decibels(window)), WINDOW);
            }),
            #[cfg(feature = "vad")]
            Judge::Earshot(judge) => judge.push(samples, |is_voice, length| state.note(is_voice, length)),
        }
        self.is_active()
    }

    /// Whether somebody speaks.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state.is_active
    }

    /// Milliseconds since the last voice.
    pub(super) fn quiet(&self) -> u32 {
        self.state.quiet
    }

    pub(super) fn rate(&self) -> u32 {
        self.rate
    }
}

impl State {
    fn note(&mut self, is_voice: bool, length: u32) {
        self.voice = if is_voice { self.voice + length } else { self.voice.saturating_sub(length) }.min(2 * ATTACK);
        // A click is no voice.
        let is_heard = is_voice && self.voice >= ATTACK;
        self.quiet = if is_heard { 0 } else { self.quiet.saturating_add(length) };
        self.is_active = is_heard || self.is_active && self.quiet < RELEASE;
    }
}

impl Noise {
    fn is_exceeded_by(&mut self, level: f32) -> bool {
        self.elapsed += WINDOW;
        if self.elapsed > PART {
            self.elapsed = WINDOW;
            self.parts.rotate_right(1);
            self.parts[0] = f32::INFINITY;
        }
        self.parts[0] = self.parts[0].min(level);
        let noise = self.parts.iter().copied().fold(LOUDEST_NOISE, f32::min);
        level > (noise + MARGIN).max(LEAST)
    }
}

#[cfg(feature = "vad")]
mod earshot_judge {
    use super::{Activity, Judge, RATES, State};
    use crate::error::MediaError;
    use crate::resample::Resampler;

    /// What the network takes.
    const RATE: u32 = 16_000;
    const WINDOW: usize = 256;
    const MILLISECONDS: u32 = 16;

    const VOICE: f32 = 0.5;

    pub(super) struct Earshot {
        resampler: Resampler,
        samples: Vec<i16>,
        network: Box<earshot::Detector>,
    }

    impl Activity {
        /// A detector by the neural network of `earshot`, for samples at this rate, from 8,000 Hz.
        ///
        /// # Errors
        ///
        /// If the rate cannot be converted to 16,000 Hz.
        pub fn earshot(rate: u32) -> Result<Self, MediaError> {
            let rate = rate.clamp(RATES.0, RATES.1);
            let judge = Earshot {
                resampler: Resampler::new(rate, RATE)?,
                samples: Vec::with_capacity(RATE as usize / 10),
                network: earshot::Detector::default_boxed(),
            };
            Ok(Self { rate, judge: Judge::Earshot(Box::new(judge)), state: State::default() })
        }
    }

    impl Earshot {
        pub(super) fn push(&mut self, samples: &[i16], mut note: impl FnMut(bool, u32)) {
            self.resampler.process(samples, &mut self.samples);
            let whole = self.samples.len() / WINDOW * WINDOW;
            for window in self.samples[..whole].chunks_exact(WINDOW) {
                note(self.network.predict_i16(window) >= VOICE, MILLISECONDS);
            }
            self.samples.drain(..whole);
        }
    }

    impl std::fmt::Debug for Earshot {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Earshot").field("resampler", &self.resampler).finish_non_exhaustive()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::sounds::{RATES, Random, add_noise, noise, silence, speech, tones};

    /// The part of frames that are active.
    fn active(mut activity: Activity, samples: &[i16]) -> f64 {
        let rate = activity.rate as usize;
        let frames: Vec<_> = samples.chunks(rate / 50).map(|frame| activity.push(frame)).collect();
        let active = u32::try_from(frames.iter().filter(|is_active| **is_active).count()).unwrap();
        f64::from(active) / f64::from(u32::try_from(frames.len()).unwrap())
    }

    #[test]
    fn speech_is_activity_and_silence_and_noise_are_not() {
        for rate in RATES {
            let mut in_noise = speech(rate, 10.0, &mut Random(5));
            add_noise(&mut in_noise, -50.0, &mut Random(6));
            let share = active(Activity::energy(rate), &in_noise);
            assert!(share > 0.8, "{rate} Hz: {share}");
            for level in [-70.0, -50.0, -40.0] {
                assert!(active(Activity::energy(rate), &noise(rate, level, 10.0)) < 0.01, "{rate} Hz, {level} dBFS");
            }
            assert!(active(Activity::energy(rate), &silence(rate, 10.0)) == 0.0, "{rate} Hz");
        }
    }

    #[test]
    fn noise_that_grows_is_no_activity_after_three_seconds() {
        let mut activity = Activity::energy(8_000);
        activity.push(&noise(8_000, -70.0, 5.0));
        activity.push(&noise(8_000, -42.0, 3.5));
        assert!(active(activity, &noise(8_000, -42.0, 5.0)) < 0.01);
    }

    #[test]
    fn activity_begins_after_30_ms_and_ends_after_200_ms() {
        let mut activity = Activity::energy(8_000);
        activity.push(&noise(8_000, -60.0, 1.0));
        let tone = tones(8_000, &[(440.0, -20.0)], 0.1);
        let onset: Vec<_> = tone.chunks(80).map(|window| activity.push(window)).collect();
        assert_eq!(onset[..4], [false, false, true, true]);
        let release = noise(8_000, -60.0, 0.3);
        let ended = release.chunks(80).take_while(|window| activity.push(window)).count();
        assert_eq!(ended, 19);
    }

    #[test]
    fn click_is_no_activity() {
        let mut activity = Activity::energy(8_000);
        let clicks: Vec<_> = (0..16_000).map(|i| if i % 2_000 < 8 { 20_000 } else { i % 3 }).collect();
        assert!(!clicks.chunks(160).any(|frame| activity.push(frame)));
    }

    #[cfg(feature = "vad")]
    #[test]
    fn earshot_knows_noise_and_tones_from_speech() {
        for rate in [8_000, 16_000, 48_000] {
            let earshot = || Activity::earshot(rate).unwrap();
            // Hiss that ends at 4 kHz is taken for a voice if it is loud.
            let level = if rate == 8_000 { -45.0 } else { -25.0 };
            let share = active(earshot(), &noise(rate, level, 5.0));
            assert!(share < 0.15, "{rate} Hz: {share}");
            assert!(active(earshot(), &silence(rate, 5.0)) < 0.01, "{rate} Hz");
            let share = active(earshot(), &tones(rate, &[(425.0, -20.0)], 5.0));
            assert!(share < 0.25, "{rate} Hz: {share}");
            let share = active(earshot(), &speech(rate, 10.0, &mut Random(5)));
            assert!(share > 0.5, "{rate} Hz: {share}");
        }
    }
}
