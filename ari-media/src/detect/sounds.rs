//! Sounds to test the detectors with.

use std::f64::consts::TAU;

pub(super) const RATES: [u32; 6] = [8_000, 16_000, 24_000, 32_000, 44_100, 48_000];

/// Sines, each with its frequency and its RMS in dBFS.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "short, and below full scale")]
pub(super) fn tones(rate: u32, parts: &[(f64, f64)], seconds: f64) -> Vec<i16> {
    let sample = |i: u32| {
        let at = f64::from(i) / f64::from(rate);
        let part = |(hertz, level): &(f64, f64)| 10_f64.powf(level / 20.0) * 2_f64.sqrt() * (TAU * hertz * at).sin();
        (32_767.0 * parts.iter().map(part).sum::<f64>()).round() as i16
    };
    (0..(seconds * f64::from(rate)).round() as u32).map(sample).collect()
}

pub(super) fn silence(rate: u32, seconds: f64) -> Vec<i16> {
    tones(rate, &[], seconds)
}

/// The same random numbers each time, from -1 to 1.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        f64::from((self.0 >> 32) as u32) / f64::from(u32::MAX) * 2.0 - 1.0
    }

    fn between(&mut self, least: f64, most: f64) -> f64 {
        least + f64::midpoint(self.next(), 1.0) * (most - least)
    }
}

/// Adds white noise of this RMS in dBFS.
#[expect(clippy::cast_possible_truncation, reason = "saturates")]
pub(super) fn add_noise(samples: &mut [i16], level: f64, random: &mut Random) {
    let amplitude = 32_767.0 * 10_f64.powf(level / 20.0) * 3_f64.sqrt();
    for sample in samples {
        *sample = (f64::from(*sample) + amplitude * random.next()).round() as i16;
    }
}

pub(super) fn noise(rate: u32, level: f64, seconds: f64) -> Vec<i16> {
    let mut samples = silence(rate, seconds);
    add_noise(&mut samples, level, &mut Random(0x9e37_79b9));
    samples
}

/// Something like speech: syllables of pulses or noise through moving resonators, with pauses between words.
pub(super) fn speech(rate: u32, seconds: f64, random: &mut Random) -> Vec<i16> {
    let mut samples = Vec::new();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "short")]
    let length = (seconds * f64::from(rate)) as usize;
    while samples.len() < length {
        syllable(rate, random, &mut samples);
        if random.next() > 0.5 {
            samples.extend(silence(rate, random.between(0.02, 0.15)));
        }
    }
    samples.truncate(length);
    set_level(&mut samples, -20.0);
    samples
}

/// Brings all of a sound to this RMS in dBFS.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "saturates")]
fn set_level(samples: &mut [i16], level: f64) {
    let power = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / samples.len() as f64;
    let gain = 32_767.0 * 10_f64.powf(level / 20.0) / power.sqrt();
    for sample in samples {
        *sample = (f64::from(*sample) * gain) as i16;
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "short, and below full scale")]
fn syllable(rate: u32, random: &mut Random, samples: &mut Vec<i16>) {
    let hz = f64::from(rate);
    let (pitch, glide) = (random.between(80.0, 280.0), random.between(-0.4, 0.4));
    let is_voiced = random.next() > -0.6;
    let length = (random.between(0.08, 0.3) * hz) as u32;
    let mut formants = [(300.0, 900.0), (800.0, 2_300.0), (2_200.0, 3_400.0)].map(|(least, most)| Resonator {
        from: random.between(least, most),
        to: random.between(least, most),
        ..Resonator::default()
    });
    let mut phase = 0.0;
    for i in 0..length {
        let part = f64::from(i) / f64::from(length);
        phase += pitch * (1.0 + glide * part) / hz;
        let mut sample = if is_voiced { if phase >= 1.0 { 1.0 } else { 0.0 } } else { 0.08 * random.next() };
        phase = phase.fract();
        for formant in &mut formants {
            sample = formant.next(sample, part, hz);
        }
        let envelope = (part * std::f64::consts::PI).sin().sqrt();
        samples.push((sample * envelope * 9_000.0) as i16);
    }
}

#[derive(Default)]
struct Resonator {
    from: f64,
    to: f64,
    last: [f64; 2],
}

impl Resonator {
    fn next(&mut self, sample: f64, part: f64, rate: f64) -> f64 {
        let hertz = self.from + (self.to - self.from) * part;
        let radius = (-TAU / 2.0 * 120.0 / rate).exp();
        let (a, b) = (2.0 * radius * (TAU * hertz / rate).cos(), -radius * radius);
        let out = (1.0 - a - b) * sample + a * self.last[0] + b * self.last[1];
        self.last = [out, self.last[0]];
        out
    }
}
