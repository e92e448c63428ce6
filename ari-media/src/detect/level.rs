use super::mean_square;

/// How loud a piece of sound is, in dBFS: 0 is full scale, so a sine at full scale has a peak of 0 and an RMS of -3.
/// Digital silence has minus infinity.
///
/// ```
/// use ari_media::detect::Level;
///
/// let level = Level::of(&[1_000, -1_000, 1_000, -1_000]);
/// assert_eq!(level.peak.round(), -30.0);
/// assert_eq!(level.rms.round(), -30.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Level {
    /// The root of the mean square.
    pub rms: f32,
    /// The largest sample.
    pub peak: f32,
}

impl Level {
    /// The level of all these samples together.
    #[must_use]
    pub fn of(samples: &[i16]) -> Self {
        let (mut sum, mut peak) = (0_u64, 0);
        for sample in samples {
            let size = sample.unsigned_abs();
            sum += u64::from(size) * u64::from(size);
            peak = peak.max(size);
        }
        #[expect(clippy::cast_precision_loss, reason = "a level is no exact number")]
        let mean = sum as f64 / samples.len().max(1) as f64;
        #[expect(clippy::cast_possible_truncation, reason = "a level is no exact number")]
        let rms = (10.0 * (mean / 32_768.0_f64.powi(2)).log10()) as f32;
        Self { rms, peak: 20.0 * (f32::from(peak) / 32_768.0).log10() }
    }
}

/// The RMS of samples whose full scale is 1, in dBFS.
pub(super) fn decibels(samples: &[f32]) -> f32 {
    10.0 * mean_square(samples).log10()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::sounds::tones;

    #[test]
    fn full_scale_silence_and_a_sine_have_their_levels() {
        let full = Level::of(&[i16::MIN; 100]);
        assert_eq!((full.rms, full.peak), (0.0, 0.0));
        for nothing in [&[][..], &[0; 100]] {
            let level = Level::of(nothing);
            assert_eq!((level.rms, level.peak), (f32::NEG_INFINITY, f32::NEG_INFINITY));
        }
        let sine = Level::of(&tones(8_000, &[(1_000.0, -20.0)], 0.1));
        assert!((sine.rms + 20.0).abs() < 0.1 && (sine.peak + 17.0).abs() < 0.1, "{sine:?}");
    }
}
