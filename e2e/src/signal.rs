//! A signal of which each frame is unlike any other, and its comparison with what has arrived.

/// Noise below some 1,500 Hz, as loud as speech, so that no two pieces are alike.
#[must_use]
#[allow(clippy::missing_panics_doc, reason = "a mean of samples is a sample")]
pub fn noise(rate: u32, samples: usize) -> Vec<i16> {
    let mut random = 1_u64;
    let mut next = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::from((random >> 48) as u16) - 32_768
    };
    let smoothed = |last: i64, next: i64| last + (next - last) * 9_425 / (i64::from(rate) + 9_425);
    let (mut once, mut twice) = (0, 0);
    let mut sample = || {
        once = smoothed(once, next());
        twice = smoothed(twice, once);
        i16::try_from(twice / 2).unwrap()
    };
    (0..samples).map(|_| sample()).collect()
}

/// How alike two pieces are, up to 1 for the same shape, and how loud the second is beside the first.
fn likeness(sent: &[i16], received: &[i16]) -> (f64, f64) {
    let product = |a: &[i16], b: &[i16]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
    let (sent_power, received_power) = (product(sent, sent), product(received, received));
    let power = (sent_power * received_power).sqrt();
    (if power > 0.0 { product(sent, received) / power } else { 0.0 }, (received_power / sent_power).sqrt())
}

/// How much later the signal is in what was received, in samples.
fn delay(sent: &[i16], received: &[i16], window: usize, most: usize) -> usize {
    let most = most.min(received.len() - window);
    let likeness = |delay: &usize| likeness(&sent[..window], &received[*delay..*delay + window]).0;
    (0..=most).max_by(|a, b| likeness(a).total_cmp(&likeness(b))).unwrap()
}

/// Compares the signal with what was received, frame by frame: none may be missing, doubled, distorted or of another level.
///
/// # Panics
///
/// If one is.
pub fn compare(what: &str, frame: usize, sent: &[i16], received: &[i16]) {
    let frames = received.len() / frame;
    assert!(frames >= sent.len() / frame, "{what}: only {frames} frames");
    // Codecs settle within the first frame, and may hold back the last one.
    let delay = delay(sent, received, frame * 4, frame);
    for (index, sent) in sent.chunks_exact(frame).enumerate().take(frames - 2).skip(1) {
        let at = delay + index * frame;
        let (likeness, level) = likeness(sent, &received[at..at + frame]);
        assert!(likeness > 0.97, "{what}: frame {index} is another one ({likeness:.3})");
        assert!((0.9..1.1).contains(&level), "{what}: frame {index} has {level:.2} of its level");
    }
}

/// Compares the signal with what was received after codecs, resampling and up to half a second, a tenth of a second at a
/// time: each piece is in its place, about as loud as it was. A frame that is lost or doubled moves all that follow.
///
/// # Panics
///
/// If one is not.
pub fn compare_roughly(what: &str, rate: u32, sent: &[i16], received: &[i16]) {
    let (second, piece) = (rate as usize, rate as usize / 10);
    let window = &sent[second..second + piece];
    let alike = |at: &usize| received.get(*at..*at + window.len()).map_or(0.0, |heard| likeness(window, heard).0);
    let best = |places: &mut dyn Iterator<Item = usize>| places.max_by(|a, b| alike(a).total_cmp(&alike(b))).unwrap();
    // The signal is smooth: first in steps below its shortest wave.
    let step = (second / 4_000).max(1);
    let near = best(&mut (second / 2..second * 3 / 2).step_by(step));
    let found = best(&mut (near.saturating_sub(step)..=near + step));
    let place = |at: usize| (at + found).checked_sub(second);
    let last = sent.len() - second / 5;
    for at in (second..last).step_by(piece) {
        let heard = place(at).and_then(|at| received.get(at..at + piece));
        let heard = heard.unwrap_or_else(|| panic!("{what}: nothing came of the sound at sample {at} of {last}"));
        let (likeness, level) = likeness(&sent[at..at + piece], heard);
        // Unrelated pieces are within 0.3 of 0.
        assert!(likeness > 0.5, "{what}: the sound at sample {at} is another one ({likeness:.3})");
        assert!((0.6..1.4).contains(&level), "{what}: the sound at sample {at} has {level:.2} of its level");
    }
}
