//! G.722 at 64 kbit/s: two bands of 8 kHz, each by adaptive differences, 6 bits for the lower and 2 for the upper.
//!
//! The names of the steps are those of the recommendation's block diagrams.

/// The halves of the 24 coefficients of the quadrature mirror filter, which are symmetric.
const FILTER: [i32; 12] = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];

/// Decision levels of the lower band's quantiser.
const LEVELS: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339,
    1458, 1612, 1765, 1980, 2195, 2557, 2919,
];

/// Values of the lower band's 6-bit codes. The first four never come from an encoder.
const LOW: [i32; 64] = [
    -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576,
    -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040,
    -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
    4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
];

/// Values of the upper four bits of the lower band's codes, by which both sides adapt.
const LOW_COARSE: [i32; 16] =
    [0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0];

/// What the upper four bits of a code add to the logarithm of the lower band's scale.
const LOW_STEPS: [i32; 16] = [-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60];

const HIGH: [i32; 4] = [-7408, -1616, 7408, 1616];
const HIGH_STEPS: [i32; 4] = [798, -214, 798, -214];
const HIGH_LEVEL: i32 = 564;

/// Powers of two in steps of 1/32.
const POWERS: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025,
    3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];

#[derive(Debug, Clone)]
pub(super) struct Encoder {
    filter: [i32; 24],
    low: Band,
    high: Band,
    /// The first sample of a pair whose second one has yet to come.
    odd: Option<i16>,
}

impl Encoder {
    pub(super) fn new() -> Self {
        Self { filter: [0; 24], low: Band::new(32), high: Band::new(8), odd: None }
    }

    pub(super) fn encode(&mut self, mut samples: &[i16], out: &mut Vec<u8>) {
        if let (Some(first), Some((second, rest))) = (self.odd, samples.split_first()) {
            self.odd = None;
            samples = rest;
            out.push(self.pair(first, *second));
        }
        let (pairs, rest) = samples.as_chunks();
        for [first, second] in pairs {
            out.push(self.pair(*first, *second));
        }
        self.odd = rest.first().copied().or(self.odd);
    }

    fn pair(&mut self, first: i16, second: i16) -> u8 {
        self.filter.copy_within(2.., 0);
        self.filter[22..].copy_from_slice(&[first.into(), second.into()]);
        let (mut odd, mut even) = (0, 0);
        for (i, pair) in self.filter.as_chunks().0.iter().enumerate() {
            let [a, b]: &[i32; 2] = pair;
            odd += a * FILTER[i];
            even += b * FILTER[11 - i];
        }
        self.low_code((even + odd) >> 14) | (self.high_code((even - odd) >> 14) << 6)
    }

    #[expect(clippy::cast_possible_truncation, reason = "at most 29 levels")]
    fn low_code(&mut self, sample: i32) -> u8 {
        let difference = saturate(sample - self.low.estimate);
        let size = if difference < 0 { -(difference + 1) } else { difference };
        let level = LEVELS.iter().take_while(|level| size >= (*level * self.low.scale) >> 12).count() as u8;
        let code = match (difference < 0, level) {
            (false, _) => 61 - level,
            // The two smallest negative steps are apart from the others.
            (true, ..2) => 63 - level,
            (true, _) => 33 - level,
        };
        self.low.adapt_low(usize::from(code) >> 2);
        code
    }

    fn high_code(&mut self, sample: i32) -> u8 {
        let difference = saturate(sample - self.high.estimate);
        let size = if difference < 0 { -(difference + 1) } else { difference };
        let large = size >= (HIGH_LEVEL * self.high.scale) >> 12;
        let code = match (difference < 0, large) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        self.high.adapt_high(code.into());
        code
    }
}

#[derive(Debug, Clone)]
pub(super) struct Decoder {
    filter: [i32; 24],
    low: Band,
    high: Band,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self { filter: [0; 24], low: Band::new(32), high: Band::new(8) }
    }

    pub(super) fn decode(&mut self, bytes: &[u8], out: &mut Vec<i16>) {
        for byte in bytes {
            out.extend(self.pair(usize::from(*byte)));
        }
    }

    fn pair(&mut self, code: usize) -> [i16; 2] {
        let low_code = code & 0x3f;
        let low = limit(self.low.estimate + ((self.low.scale * LOW[low_code]) >> 15));
        self.low.adapt_low(low_code >> 2);
        let high = limit(self.high.estimate + self.high.adapt_high(code >> 6));

        self.filter.copy_within(2.., 0);
        self.filter[22..].copy_from_slice(&[low + high, low - high]);
        let (mut first, mut second) = (0, 0);
        for (i, pair) in self.filter.as_chunks().0.iter().enumerate() {
            let [a, b]: &[i32; 2] = pair;
            first += b * FILTER[11 - i];
            second += a * FILTER[i];
        }
        [sample(first >> 11), sample(second >> 11)]
    }
}

/// What both sides know of a band: the predictor and the scale of the quantiser.
#[derive(Debug, Clone)]
struct Band {
    scale: i32,
    scale_log: i32,
    estimate: i32,
    zeros_estimate: i32,
    poles: [i32; 2],
    zeros: [i32; 6],
    differences: [i32; 6],
    partial: [i32; 2],
    rebuilt: i32,
}

impl Band {
    fn new(scale: i32) -> Self {
        Self {
            scale,
            scale_log: 0,
            estimate: 0,
            zeros_estimate: 0,
            poles: [0; 2],
            zeros: [0; 6],
            differences: [0; 6],
            partial: [0; 2],
            rebuilt: 0,
        }
    }

    fn adapt_low(&mut self, coarse: usize) {
        let difference = (self.scale * LOW_COARSE[coarse]) >> 15;
        self.rescale(LOW_STEPS[coarse], 18_432, 8);
        self.predict(difference);
    }

    /// Returns the difference that the code stands for.
    fn adapt_high(&mut self, code: usize) -> i32 {
        let difference = (self.scale * HIGH[code]) >> 15;
        self.rescale(HIGH_STEPS[code], 22_528, 10);
        self.predict(difference);
        difference
    }

    /// LOGSCL and SCALEL, or LOGSCH and SCALEH.
    fn rescale(&mut self, step: i32, most: i32, one: i32) {
        self.scale_log = (((self.scale_log * 127) >> 7) + step).clamp(0, most);
        #[expect(clippy::cast_sign_loss, reason = "clamped")]
        let fraction = POWERS[(self.scale_log >> 6) as usize & 31];
        let shift = one - (self.scale_log >> 11);
        self.scale = if shift < 0 { fraction << -shift } else { fraction >> shift } << 2;
    }

    /// Block 4: adapts the predictor to the difference, and estimates the next sample.
    fn predict(&mut self, difference: i32) {
        let rebuilt = saturate(self.estimate + difference);
        let partial = saturate(self.zeros_estimate + difference);
        self.adapt_poles(partial);
        self.adapt_zeros(difference);
        self.partial = [partial, self.partial[0]];
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;

        let term = |factor: i32, value: i32| (factor * saturate(value * 2)) >> 15;
        let poles_estimate = saturate(term(self.poles[0], rebuilt) + term(self.poles[1], self.rebuilt));
        self.zeros_estimate = saturate(self.zeros.iter().zip(self.differences).map(|(b, d)| term(*b, d)).sum());
        self.estimate = saturate(poles_estimate + self.zeros_estimate);
        self.rebuilt = rebuilt;
    }

    /// UPPOL1 and UPPOL2.
    fn adapt_poles(&mut self, partial: i32) {
        let same = |earlier: i32| (partial < 0) == (earlier < 0);
        let gradient = saturate(self.poles[0] * 4);
        let gradient = if same(self.partial[0]) { -gradient } else { gradient }.min(32_767) >> 7;
        let step = if same(self.partial[1]) { 128 } else { -128 };
        self.poles[1] = (gradient + step + ((self.poles[1] * 32_512) >> 15)).clamp(-12_288, 12_288);
        let step = if same(self.partial[0]) { 192 } else { -192 };
        let most = 15_360 - self.poles[1];
        self.poles[0] = (step + ((self.poles[0] * 32_640) >> 15)).clamp(-most, most);
    }

    /// UPZERO.
    fn adapt_zeros(&mut self, difference: i32) {
        let step = if difference == 0 { 0 } else { 128 };
        for (zero, earlier) in self.zeros.iter_mut().zip(self.differences) {
            let step = if (earlier < 0) == (difference < 0) { step } else { -step };
            *zero = saturate(step + ((*zero * 32_640) >> 15));
        }
    }
}

fn saturate(value: i32) -> i32 {
    value.clamp(i16::MIN.into(), i16::MAX.into())
}

/// Half of the range, so that the sum of the two bands fits.
fn limit(value: i32) -> i32 {
    value.clamp(-16_384, 16_383)
}

#[expect(clippy::cast_possible_truncation, reason = "clamped")]
fn sample(value: i32) -> i16 {
    saturate(value) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise and sawtooths in turn, at all levels.
    #[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "the lower 16 bits")]
    fn signal(length: u32) -> Vec<i16> {
        let mut state = 1_u32;
        let sample = |i: u32| {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            let sample =
                if (i / 2_000).is_multiple_of(2) { state >> 16 } else { i.wrapping_mul((i / 4_000 + 1) * 613) };
            sample as u16 as i16 >> (i / 500 % 16)
        };
        (0..length).map(sample).collect()
    }

    fn hash(bytes: impl IntoIterator<Item = u8>) -> u64 {
        let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, step)
    }

    fn encode(chunks: &[&[i16]]) -> Vec<u8> {
        let (mut encoder, mut bytes) = (Encoder::new(), Vec::new());
        for chunk in chunks {
            encoder.encode(chunk, &mut bytes);
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Vec<i16> {
        let mut samples = Vec::new();
        Decoder::new().decode(bytes, &mut samples);
        samples
    }

    // The hashes below are of what libg722 makes of the same input; FFmpeg's decoder agrees with it.

    #[test]
    fn encode_equals_the_reference_bit_for_bit() {
        let bytes = encode(&[&signal(32_000)]);
        assert_eq!(bytes[..8], [0x87, 0x20, 0x86, 0x28, 0x8b, 0x20, 0x04, 0x08]);
        assert_eq!((bytes.len(), hash(bytes)), (16_000, 0xf795_e8f3_ccac_314c));
    }

    #[test]
    fn decode_equals_the_reference_bit_for_bit() {
        let samples = decode(&encode(&[&signal(32_000)]));
        assert_eq!(samples[1_000..1_004], [11_516, 10_370, 5_161, -1_096]);
        assert_eq!(hash(samples.into_iter().flat_map(i16::to_le_bytes)), 0x6190_eacd_d4b9_cbcf);
    }

    #[test]
    fn decode_equals_the_reference_for_codes_that_no_encoder_makes() {
        let bytes: Vec<_> = signal(16_000).into_iter().map(|sample| sample.to_le_bytes()[0]).collect();
        assert_eq!(hash(decode(&bytes).into_iter().flat_map(i16::to_le_bytes)), 0x074b_0a15_f29d_2a32);
    }

    #[test]
    fn encode_is_the_same_however_the_samples_are_cut() {
        let signal = signal(1_000);
        let cuts = [&signal[..1], &signal[1..2], &signal[2..2], &signal[2..335], &signal[335..]];
        assert_eq!(encode(&cuts), encode(&[&signal]));
    }
}
