//! Detectors: what is in a sound.
//!
//! Each one takes the samples of one direction of one call, in pieces of any size, at the rate that it was made for, and
//! says what it has found. None allocates once it is made, and none waits for anything: feed it the frames as they come.
//!
//! ```
//! use ari_media::detect::{Activity, DtmfDetector, Utterance, UtteranceEvent};
//!
//! let mut utterance = Utterance::new(Activity::energy(8_000));
//! let mut digits = DtmfDetector::new(8_000);
//! # let frames = [[0_i16; 160]];
//! for frame in &frames {
//!     if let Some(UtteranceEvent::Ended { duration }) = utterance.push(frame) {
//!         println!("spoke for {duration:?}");
//!     }
//!     if let Some(digit) = digits.push(frame) {
//!         println!("pressed {digit}");
//!     }
//! }
//! ```

mod activity;
mod dtmf;
mod level;
mod tone;
mod utterance;

#[cfg(test)]
mod sounds;

pub use activity::Activity;
pub use dtmf::DtmfDetector;
pub use level::Level;
pub use tone::{ToneDetector, ToneEvent};
pub use utterance::{Utterance, UtteranceEvent};

use std::f32::consts::TAU;

/// The rates that detectors work at; others are taken as the nearest of them.
const RATES: (u32, u32) = (8_000, 192_000);

/// The power of one frequency in a sound.
#[derive(Debug, Clone)]
struct Goertzel(f32);

impl Goertzel {
    #[expect(clippy::cast_precision_loss, reason = "rates are exact in 24 bits")]
    fn new(hertz: f32, rate: u32) -> Self {
        Self(2.0 * (TAU * hertz / rate as f32).cos())
    }

    /// The mean square of the frequency's part, as that of the samples is counted.
    fn power(&self, samples: &[f32]) -> f32 {
        let step = |(last, before): (f32, f32), sample: &f32| (sample + self.0 * last - before, last);
        let (last, before) = samples.iter().fold((0.0, 0.0), step);
        let length = count(samples);
        2.0 * (last * last + before * before - self.0 * last * before) / (length * length)
    }
}

fn mean_square(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum::<f32>() / count(samples).max(1.0)
}

#[expect(clippy::cast_precision_loss, reason = "windows are short")]
fn count(samples: &[f32]) -> f32 {
    samples.len() as f32
}

/// The last samples, in windows that overlap. Full scale is 1.
#[derive(Debug, Clone)]
struct Windows {
    samples: Vec<f32>,
    length: usize,
    step: usize,
}

impl Windows {
    fn new(length: usize, step: usize) -> Self {
        Self { samples: Vec::with_capacity(length), length, step }
    }

    /// Shows each window that is full by now.
    fn push(&mut self, mut samples: &[i16], mut look: impl FnMut(&[f32])) {
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(self.length - self.samples.len()));
            self.samples.extend(now.iter().map(|sample| f32::from(*sample) / 32_768.0));
            samples = later;
            if self.samples.len() == self.length {
                look(&self.samples);
                self.samples.drain(..self.step);
            }
        }
    }
}
