//! What many measurements come to.

/// The one in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    percentile(&mut values, 50)
}

/// A percentile; NaN without values.
pub(crate) fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len().saturating_sub(1) * percent + 50) / 100;
    values.get(rank).copied().unwrap_or(f64::NAN)
}

/// A count to calculate with.
#[allow(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
pub(crate) fn number(count: impl TryInto<u64>) -> f64 {
    count.try_into().map_or(f64::NAN, |count| count as f64)
}
