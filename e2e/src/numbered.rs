//! Frames of µ-law that say their number, which survives linear samples, too.

use audio_codec_algorithms::{decode_ulaw, encode_ulaw};

/// Bytes of a frame of 20 ms at 8 kHz.
pub const FRAME: usize = 160;

/// The number is written in digits of this base, each a positive sample and hence the same on both sides of a codec.
const BASE: u32 = 100;
const DIGITS: usize = 4;
const ZERO: u8 = 0x80;

/// The bytes of a frame.
#[must_use]
pub fn bytes(number: u32) -> [u8; FRAME] {
    let mut digits = [0; DIGITS];
    let mut rest = number;
    for digit in &mut digits {
        *digit = ZERO + (rest % BASE).to_le_bytes()[0];
        rest /= BASE;
    }
    std::array::from_fn(|index| digits[index % DIGITS])
}

/// The samples of a frame.
pub fn samples(number: u32) -> impl Iterator<Item = i16> {
    bytes(number).into_iter().map(decode_ulaw)
}

/// The number of a frame; `None` if it is silence, or another sound.
#[must_use]
pub fn number(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.get(..DIGITS)?;
    let is_whole = bytes.len() == FRAME && bytes.chunks(DIGITS).all(|chunk| chunk == digits);
    let value = |number: Option<u32>, byte: &u8| {
        let digit = byte.checked_sub(ZERO).map(u32::from).filter(|digit| *digit < BASE)?;
        Some(number? * BASE + digit)
    };
    digits.iter().rev().fold(is_whole.then_some(0), value)
}

/// The number of a frame of samples.
#[must_use]
pub fn number_of(samples: &[i16]) -> Option<u32> {
    number(&samples.iter().map(|sample| encode_ulaw(*sample)).collect::<Vec<u8>>())
}

/// The numbers that arrived.
#[derive(Debug, Default)]
pub struct Sequence {
    next: u32,
    /// Are missing between two that arrived.
    pub lost: u32,
    /// Came again, or after a later one.
    pub doubled: u32,
    /// Are no frames of the call.
    pub foreign: u32,
}

impl Sequence {
    /// Takes the next frame that arrived; `None` if it was not of the call.
    pub fn take(&mut self, number: Option<u32>) {
        match number {
            None => self.foreign += 1,
            Some(number) if number < self.next => self.doubled += 1,
            Some(number) => {
                self.lost += number - self.next;
                self.next = number + 1;
            }
        }
    }

    /// Whether all of so many frames arrived, each once, with nothing in between. What did not come is lost.
    pub fn is_whole(&mut self, frames: u32) -> bool {
        self.lost += frames.saturating_sub(self.next);
        (self.lost, self.doubled, self.foreign) == (0, 0, 0)
    }

    /// Whether the last of so many frames has arrived.
    #[must_use]
    pub fn has_all(&self, frames: u32) -> bool {
        self.next >= frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_survives_bytes_and_samples() {
        for expected in [0, 1, 99, 100, 123_456, 99_999_999] {
            assert_eq!(number(&bytes(expected)), Some(expected));
            assert_eq!(number_of(&samples(expected).collect::<Vec<_>>()), Some(expected));
        }
        assert_eq!((number(&[0xff; FRAME]), number(&[0x80; 80]), number_of(&[-1_234; FRAME])), (None, None, None));
    }

    #[test]
    fn sequence_counts_what_is_missing_or_too_much() {
        let mut sequence = Sequence::default();
        for number in [Some(0), Some(1), Some(1), None, Some(4), Some(3)] {
            sequence.take(number);
        }
        assert!(!sequence.is_whole(7) && sequence.has_all(5));
        assert_eq!((sequence.lost, sequence.doubled, sequence.foreign), (4, 2, 1));
    }
}
