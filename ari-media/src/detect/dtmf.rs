use super::{Goertzel, RATES, Windows, mean_square};

const LOW: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
const DIGITS: [[char; 4]; 4] = [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// Seconds of a window: short enough to take tones that are 1.5 % off, long enough to tell neighbours apart.
const WINDOW: f32 = 0.012_75;

/// Windows in a row that make a digit: 32 ms, so tones of 40 ms are always found, and of 25 ms never.
const HITS: u8 = 4;

/// Windows in a row that end it: a break of 10 ms does not, a pause of 40 ms does.
const MISSES: u8 = 5;

/// The least power of each tone: -40 dBFS.
const LEAST: f32 = 1e-4;

/// By how much the two tones may differ, in either direction: 8 dB, and what each of them adds to the other's measure.
const TWIST: f32 = 10.0;

/// By how much a tone is stronger than the others of its group: 8 dB.
const PEAK: f32 = 6.31;

/// What part of all power is in the two tones of a window.
const PURITY: f32 = 0.72;

/// What part of it is in two tones that stay the same for all windows of a digit, which those of speech do not.
const STEADY: f32 = 0.86;

/// The deviations that are tried for this.
const DEVIATIONS: [f32; 9] = [0.98, 0.985, 0.99, 0.995, 1.0, 1.005, 1.01, 1.015, 1.02];

/// DTMF digits that are in the sound itself, as sent by phones without another method.
///
/// Asterisk takes such digits out of calls with `dtmf_mode = inband` (`dtmf_mode = inband`); this is for those that it lets
/// through, as those of an answering party behind a gateway. It takes tones of 40 ms and more, 8 dB of difference between
/// the two, 1.5 % of deviation and 12 dB of noise. Speech is seldom taken for a digit, but where it matters, mute the
/// program's own sound meanwhile.
///
/// ```
/// use ari_media::detect::DtmfDetector;
///
/// let mut detector = DtmfDetector::new(8_000);
/// // 770 and 1,336 Hz.
/// let frame: Vec<i16> = (0..320)
///     .map(|i| f64::from(i) * std::f64::consts::TAU / 8_000.0)
///     .map(|at| (6_000.0 * ((770.0 * at).sin() + (1_336.0 * at).sin())) as i16)
///     .collect();
/// assert_eq!(detector.push(&frame), Some('5'));
/// ```
#[derive(Debug, Clone)]
pub struct DtmfDetector {
    /// As long as all windows that make a digit.
    windows: Windows,
    length: usize,
    rate: u32,
    filters: [[Goertzel; 4]; 2],
    state: State,
}

#[derive(Debug, Clone, Default)]
struct State {
    /// What the last windows held, and how many of them.
    candidate: Option<char>,
    hits: u8,
    /// The digit that goes on, and how many windows have been without it.
    digit: Option<char>,
    misses: u8,
}

impl DtmfDetector {
    /// A detector for samples at this rate, from 8,000 Hz.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        let rate = rate.clamp(RATES.0, RATES.1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "short"
        )]
        let length = (rate as f32 * WINDOW).round() as usize;
        let step = length / 2;
        let mut windows = Windows::new(length + usize::from(HITS - 1) * step, step);
        // As if there had been silence before, so that the first digit is found as soon as any other.
        windows.samples.resize(windows.length - length, 0.0);
        let filters = [LOW, HIGH].map(|group| group.map(|hertz| Goertzel::new(hertz, rate)));
        Self { windows, length, rate, filters, state: State::default() }
    }

    /// Takes the next samples, and returns the digit that began in them.
    ///
    /// A digit is returned once, some 35 ms after it begins. Feed at most 60 ms at a time, or of two digits only the
    /// second is returned.
    pub fn push(&mut self, samples: &[i16]) -> Option<char> {
        let mut found = None;
        self.windows.push(samples, |window| {
            let digit = digit(&self.filters, &window[window.len() - self.length..]);
            found = self.state.next(digit, |digit| is_steady(digit, window, self.rate)).or(found);
        });
        found
    }
}

/// The digit that a window holds.
fn digit(filters: &[[Goertzel; 4]; 2], window: &[f32]) -> Option<char> {
    let total = mean_square(window);
    if total < 2.0 * LEAST {
        return None;
    }
    let [low, high] = filters.each_ref().map(|group| strongest(group, window));
    let ((row, low), (column, high)) = (low?, high?);
    let is_balanced = low < high * TWIST && high < low * TWIST;
    let is_loud = low > LEAST && high > LEAST;
    (is_balanced && is_loud && low + high > PURITY * total).then(|| DIGITS[row][column])
}

/// The tone of a group that is clearly stronger than the others.
fn strongest(group: &[Goertzel; 4], window: &[f32]) -> Option<(usize, f32)> {
    let powers = group.each_ref().map(|tone| tone.power(window));
    let (best, power) = powers.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let others = powers.iter().enumerate().filter(|(i, _)| *i != best).all(|(_, other)| other * PEAK < power);
    others.then_some((best, power))
}

/// Whether there is nothing but the two tones all the time.
fn is_steady(digit: char, window: &[f32], rate: u32) -> bool {
    let power = |hertz: f32| {
        let powers = DEVIATIONS.map(|deviation| Goertzel::new(hertz * deviation, rate).power(window));
        powers.into_iter().fold(0.0, f32::max)
    };
    let column = |row: &[char; 4]| row.iter().position(|other| *other == digit);
    let place = DIGITS.iter().enumerate().find_map(|(row, digits)| Some((row, column(digits)?)));
    place.is_some_and(|(row, column)| power(LOW[row]) + power(HIGH[column]) > STEADY * mean_square(window))
}

impl State {
    /// Returns the digit that this window makes certain.
    fn next(&mut self, seen: Option<char>, is_steady: impl Fn(char) -> bool) -> Option<char> {
        if seen.is_some() && seen == self.digit {
            self.misses = 0;
        } else {
            self.misses = self.misses.saturating_add(1);
            if self.misses >= MISSES {
                self.digit = None;
            }
        }
        self.hits = if seen == self.candidate { self.hits.saturating_add(1) } else { 1 };
        self.candidate = seen;
        let found = seen.filter(|digit| seen != self.digit && self.hits >= HITS && is_steady(*digit));
        if found.is_some() {
            (self.digit, self.misses) = (found, 0);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::sounds::{RATES, Random, add_noise, noise, silence, speech, tones};

    const ALL: &str = "123A456B789C*0#D";

    fn pair(digit: char) -> (f64, f64) {
        let place = ALL.find(digit).unwrap();
        (f64::from(LOW[place / 4]), f64::from(HIGH[place % 4]))
    }

    fn key(rate: u32, digit: char, seconds: f64, level: (f64, f64), off: f64) -> Vec<i16> {
        let (low, high) = pair(digit);
        tones(rate, &[(low * off, level.0), (high * off, level.1)], seconds)
    }

    fn found(rate: u32, samples: &[i16]) -> String {
        let mut detector = DtmfDetector::new(rate);
        samples.chunks(rate as usize / 50).filter_map(|frame| detector.push(frame)).collect()
    }

    /// All keys, with pauses.
    fn keys(rate: u32, seconds: f64, level: (f64, f64), off: f64) -> Vec<i16> {
        let mut samples = silence(rate, 0.013);
        for digit in ALL.chars() {
            samples.extend(key(rate, digit, seconds, level, off));
            samples.extend(silence(rate, 0.04));
        }
        samples
    }

    #[test]
    fn all_keys_are_found_at_every_rate() {
        for rate in RATES {
            for seconds in [0.04, 0.05, 0.1, 0.5] {
                assert_eq!(found(rate, &keys(rate, seconds, (-10.0, -10.0), 1.0)), ALL, "{rate} Hz, {seconds} s");
            }
        }
    }

    #[test]
    fn keys_of_real_phones_are_found() {
        for rate in RATES {
            for level in [(-8.0, -15.0), (-15.0, -8.0), (-36.0, -36.0), (-9.0, -9.0)] {
                assert_eq!(found(rate, &keys(rate, 0.06, level, 1.0)), ALL, "{rate} Hz, {level:?} dBFS");
            }
            for off in [0.985, 1.015] {
                assert_eq!(found(rate, &keys(rate, 0.06, (-10.0, -10.0), off)), ALL, "{rate} Hz, {off}");
            }
            let mut noisy = keys(rate, 0.08, (-13.0, -13.0), 1.0);
            add_noise(&mut noisy, -22.0, &mut Random(7));
            assert_eq!(found(rate, &noisy), ALL, "{rate} Hz, noise");
        }
    }

    #[test]
    fn short_break_does_not_double_a_digit_and_a_pause_does() {
        let tone = |seconds| key(8_000, '5', seconds, (-10.0, -10.0), 1.0);
        let with_break = [tone(0.1), silence(8_000, 0.01), tone(0.1)].concat();
        assert_eq!(found(8_000, &with_break), "5");
        let with_pause = [tone(0.1), silence(8_000, 0.04), tone(0.1)].concat();
        assert_eq!(found(8_000, &with_pause), "55");
        let without_pause = [tone(0.1), key(8_000, '9', 0.1, (-10.0, -10.0), 1.0)].concat();
        assert_eq!(found(8_000, &without_pause), "59");
    }

    #[test]
    fn what_is_no_digit_is_not_taken_for_one() {
        let rate = 8_000;
        assert_eq!(found(rate, &keys(rate, 0.022, (-10.0, -10.0), 1.0)), "", "too short");
        assert_eq!(found(rate, &keys(rate, 0.1, (-10.0, -10.0), 1.04)), "", "too far off");
        assert_eq!(found(rate, &keys(rate, 0.1, (-8.0, -24.0), 1.0)), "", "too much twist");
        assert_eq!(found(rate, &keys(rate, 0.1, (-46.0, -46.0), 1.0)), "", "too quiet");
        for single in [425.0, 697.0, 1_000.0, 1_336.0] {
            assert_eq!(found(rate, &tones(rate, &[(single, -10.0)], 1.0)), "", "{single} Hz");
        }
        for (low, high) in [(440.0, 480.0), (480.0, 620.0), (350.0, 440.0)] {
            assert_eq!(found(rate, &tones(rate, &[(low, -13.0), (high, -13.0)], 1.0)), "", "{low} and {high} Hz");
        }
    }

    #[test]
    fn speech_and_noise_hold_no_digits() {
        for rate in [8_000, 16_000] {
            assert_eq!(found(rate, &noise(rate, -20.0, 30.0)), "", "{rate} Hz");
            assert_eq!(found(rate, &speech(rate, 300.0, &mut Random(3))), "", "{rate} Hz");
        }
    }

    #[test]
    fn push_may_be_given_any_number_of_samples() {
        let samples = keys(8_000, 0.05, (-10.0, -10.0), 1.0);
        let mut detector = DtmfDetector::new(8_000);
        assert_eq!(samples.chunks(1).filter_map(|one| detector.push(one)).collect::<String>(), ALL);
        assert_eq!(DtmfDetector::new(0).push(&[]), None);
    }
}
