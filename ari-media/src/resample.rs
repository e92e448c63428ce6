use std::fmt;

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Async, FixedAsync, Resampler as _, SincInterpolationParameters, SincInterpolationType, WindowFunction,
    calculate_cutoff,
};

use crate::error::MediaError;

/// The length of the filter in samples of the lower of the two rates. Half of it is the delay: 4 ms at 8 kHz.
const FILTER: usize = 64;

/// How many filters are computed in advance: enough to begin at the right place, and not too many for memory.
const LEAST_FILTERS: usize = 16;
const MOST_FILTERS: usize = 512;

/// Samples that are converted at a time, as a part of the input's second: 5 ms, so that frames are converted at once.
const CHUNKS_PER_SECOND: u32 = 200;

/// The rates that sound can have at all.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=384_000;

/// Converts the sampling rate of a sound that comes in pieces of any size.
///
/// Flat to within half a dB up to 85 % of the lower rate's band, and what is above that band is 60 dB down. The delay of
/// the filter is taken out: the first sample that comes out is as old as the first that went in, but comes 40 samples of
/// the lower rate later.
pub(crate) struct Resampler(Option<Box<Converter>>);

struct Converter {
    inner: Async<f32>,
    input: Vec<f32>,
    output: Vec<f32>,
    chunk: usize,
    /// Samples that come out before the first that went in.
    delay: usize,
    /// How many of them are yet to be left out.
    skip: usize,
    rates: (u32, u32),
    taken: u64,
    given: u64,
}

impl Resampler {
    pub(crate) fn new(from: u32, to: u32) -> Result<Self, MediaError> {
        for rate in [from, to] {
            if !RATES.contains(&rate) {
                let why = format!("{rate} Hz; give {} to {} Hz", RATES.start(), RATES.end());
                return Err(MediaError::invalid("rate", why));
            }
        }
        let converter = (from != to).then(|| Converter::new(from, to)).transpose()?;
        Ok(Self(converter.map(Box::new)))
    }

    /// Appends what can be converted by now.
    pub(crate) fn process(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        match &mut self.0 {
            Some(converter) => converter.process(samples, out),
            None => out.extend_from_slice(samples),
        }
    }

    /// Appends the rest, after which the next sound can begin.
    pub(crate) fn finish(&mut self, out: &mut Vec<i16>) {
        if let Some(converter) = &mut self.0 {
            converter.finish(out);
        }
    }
}

impl Converter {
    fn new(from: u32, to: u32) -> Result<Self, MediaError> {
        let chunk = (from / CHUNKS_PER_SECOND) as usize;
        // As the library rounds it up.
        let length = (FILTER * from.max(to) as usize / to as usize).next_multiple_of(8);
        // The positions between two samples that occur: with a filter for each, none has to be interpolated.
        let positions = (to / gcd(from, to)) as usize;
        let (filters, interpolation) = if positions <= MOST_FILTERS {
            (positions * LEAST_FILTERS.div_ceil(positions), SincInterpolationType::Nearest)
        } else {
            (MOST_FILTERS, SincInterpolationType::Linear)
        };
        let parameters = SincInterpolationParameters::new(length, WindowFunction::Hann2)
            .f_cutoff(calculate_cutoff(FILTER, WindowFunction::Hann2))
            .oversampling_factor(filters)
            .interpolation(interpolation);
        let ratio = f64::from(to) / f64::from(from);
        let inner = Async::new_sinc(ratio, 1.0, &parameters, chunk, 1, FixedAsync::Input)
            .map_err(|error| MediaError::invalid("rate", format!("{from} Hz to {to} Hz: {error}")))?;
        let delay = delay(length, ratio, filters);
        Ok(Self {
            input: Vec::with_capacity(chunk),
            output: vec![0.0; inner.output_frames_max()],
            chunk,
            delay,
            skip: delay,
            rates: (from, to),
            taken: 0,
            given: 0,
            inner,
        })
    }

    fn process(&mut self, mut samples: &[i16], out: &mut Vec<i16>) {
        self.taken += samples.len() as u64;
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(self.chunk - self.input.len()));
            self.input.extend(now.iter().map(|sample| f32::from(*sample)));
            samples = later;
            if self.input.len() == self.chunk && !self.convert(u64::MAX, out) {
                return;
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<i16>) {
        let (from, to) = (u64::from(self.rates.0), u64::from(self.rates.1));
        let total = (self.taken * to).div_ceil(from);
        while self.given < total && self.convert(total - self.given, out) {}
        self.inner.reset();
        self.input.clear();
        (self.skip, self.taken, self.given) = (self.delay, 0, 0);
    }

    /// Converts what has come in, filled up with silence, to at most so many samples. Returns whether the library did.
    fn convert(&mut self, most: u64, out: &mut Vec<i16>) -> bool {
        self.input.resize(self.chunk, 0.0);
        let output_length = self.output.len();
        let input = InterleavedSlice::new(&self.input, 1, self.chunk);
        let output = InterleavedSlice::new_mut(&mut self.output, 1, output_length);
        let count = match (input, output) {
            (Ok(input), Ok(mut output)) => self.inner.process_into_buffer(&input, &mut output, None).ok(),
            _ => None,
        };
        self.input.clear();
        let Some((_, count)) = count else { return false };

        let skipped = self.skip.min(count);
        self.skip -= skipped;
        let count = usize::try_from(most).unwrap_or(usize::MAX).min(count - skipped);
        self.given += count as u64;
        out.extend(self.output[skipped..skipped + count].iter().map(|sample| to_i16(*sample)));
        true
    }
}

impl fmt::Debug for Resampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Resampler").field(&self.0.as_ref().map(|converter| converter.rates)).finish()
    }
}

/// Where the first sample comes out, to within half a sample: the library begins one step after the half of the filter.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "small")]
fn delay(length: usize, ratio: f64, filters: usize) -> usize {
    (ratio * (length as f64 / 2.0 - 1.0 / filters as f64) - 1.0).round() as usize
}

#[expect(clippy::cast_possible_truncation, reason = "saturates")]
fn to_i16(sample: f32) -> i16 {
    sample.round() as i16
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::format::FRAMES_PER_SECOND;

    const RATES: [u32; 10] = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];
    const AMPLITUDE: f64 = 20_000.0;

    fn pairs() -> impl Iterator<Item = (u32, u32)> {
        RATES.into_iter().flat_map(|from| RATES.into_iter().map(move |to| (from, to))).filter(|(from, to)| from != to)
    }

    fn tone(rate: u32, hertz: f64, samples: u32) -> Vec<i16> {
        let step = TAU * hertz / f64::from(rate);
        #[expect(clippy::cast_possible_truncation, reason = "below full scale")]
        (0..samples).map(|i| (AMPLITUDE * (step * f64::from(i)).sin()).round() as i16).collect()
    }

    fn convert(from: u32, to: u32, chunks: &[&[i16]]) -> Vec<i16> {
        let (mut resampler, mut out) = (Resampler::new(from, to).unwrap(), Vec::new());
        for chunk in chunks {
            resampler.process(chunk, &mut out);
        }
        resampler.finish(&mut out);
        out
    }

    /// The level of all of the sound and of what is not the tone, against the tone that went in, in dB; and by how many
    /// seconds the tone is late. Without the two ends.
    fn measure(rate: u32, hertz: f64, samples: &[i16]) -> (f64, f64, f64) {
        let step = TAU * hertz / f64::from(rate);
        let (mut sine, mut cosine, mut power, mut count) = (0.0, 0.0, 0.0, 0.0);
        // A whole number of periods, since the tones are multiples of 25 Hz.
        for (i, sample) in (0_u32..).zip(samples).skip(samples.len() / 4).take(rate as usize / 25 * 3) {
            let (phase, sample) = (step * f64::from(i), f64::from(*sample));
            sine += sample * phase.sin();
            cosine += sample * phase.cos();
            power += sample * sample;
            count += 1.0;
        }
        let fitted = 2.0 * (sine * sine + cosine * cosine) / count;
        let decibels = |power: f64| 10.0 * (power.max(1e-3) * 2.0 / count / AMPLITUDE.powi(2)).log10();
        (decibels(power), decibels(power - fitted), -f64::atan2(cosine, sine) / (TAU * hertz))
    }

    #[test]
    fn tones_keep_their_level_frequency_and_place() {
        for (from, to) in pairs() {
            let low = f64::from(from.min(to));
            for part in [0.025, 0.1, 0.3, 0.42] {
                let hertz = (part * low / 25.0).round() * 25.0;
                let out = convert(from, to, &[&tone(from, hertz, from / 2)]);
                let (level, rest, late) = measure(to, hertz, &out);
                let what = format!("{from} to {to} Hz: {hertz} Hz {level:.2} dB, rest {rest:.1} dB, {late:.6} s late");
                assert!(level.abs() < 0.2 && rest < -60.0, "{what}");
                assert!(hertz * 4.0 > low || late.abs() < 0.6 / low, "{what}");
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_hold_is_suppressed() {
        for (from, to) in pairs().filter(|(from, to)| from > to) {
            for part in [0.505, 0.52, 0.6, 0.75, 1.0, 1.01, 1.6, 2.3] {
                let hertz = part * f64::from(to);
                if hertz * 2.02 < f64::from(from) {
                    let (level, ..) = measure(to, 1_000.0, &convert(from, to, &[&tone(from, hertz, from / 2)]));
                    assert!(level < -60.0, "{from} to {to} Hz: {hertz} Hz {level:.1} dB");
                }
            }
        }
    }

    #[test]
    fn cuts_do_not_change_the_result() {
        for (from, to) in [(8_000, 48_000), (44_100, 16_000), (16_000, 16_000)] {
            let sound = tone(from, 440.0, from / 5);
            let whole = convert(from, to, &[&sound]);
            for size in [1, 7, 160, 441, 5_000] {
                assert_eq!(convert(from, to, &sound.chunks(size).collect::<Vec<_>>()), whole, "{size}");
            }
        }
    }

    #[test]
    fn resampler_begins_anew_after_the_end() {
        let (mut resampler, mut first, mut second) = (Resampler::new(8_000, 24_000).unwrap(), vec![], vec![]);
        for out in [&mut first, &mut second] {
            resampler.process(&tone(8_000, 440.0, 1_234), out);
            resampler.finish(out);
        }
        assert_eq!((first.len(), first), (1_234 * 3, second));
    }

    #[test]
    fn ten_minutes_come_out_as_ten_minutes_without_delay_that_grows() {
        for (from, to) in [(8_000, 16_000), (44_100, 8_000), (11_025, 8_000), (8_000, 44_100)] {
            let (mut resampler, mut out, mut given) = (Resampler::new(from, to).unwrap(), Vec::new(), 0_u64);
            let frame = vec![0; (from / FRAMES_PER_SECOND) as usize];
            // The filter, and a chunk that is not full.
            let most = u64::from(to) * 5 / 1_000 + FILTER as u64 * u64::from(to) / u64::from(from.min(to)) / 2 + 2;
            for frames in 1..=30_000_u64 {
                resampler.process(&frame, &mut out);
                given += out.len() as u64;
                out.clear();
                let due = frames * frame.len() as u64 * u64::from(to) / u64::from(from);
                assert!(given <= due + 1 && due - given.min(due) <= most, "{from} to {to} Hz: {given} of {due}");
            }
            resampler.finish(&mut out);
            given += out.len() as u64;
            assert_eq!(given, (30_000 * frame.len() as u64 * u64::from(to)).div_ceil(u64::from(from)));
        }
    }

    #[test]
    fn full_scale_does_not_wrap() {
        let square: Vec<_> = (0..800).map(|i| if i / 20 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        let out = convert(8_000, 16_000, &[&square]);
        let inner = out[100..140].iter().map(|sample| sample.signum()).collect::<Vec<_>>();
        assert!(inner.windows(2).filter(|pair| pair[0] != pair[1]).count() <= 2, "{inner:?}");
    }

    #[test]
    fn new_refuses_rates_that_cannot_be() {
        for (from, to) in [(0, 8_000), (8_000, 0), (8_000, u32::MAX)] {
            assert!(matches!(Resampler::new(from, to), Err(MediaError::Invalid { argument: "rate", .. })));
        }
    }
}
