//! How many events there are.

use std::collections::BTreeMap;

/// For how many seconds events are counted.
const SECONDS: usize = 60;

/// How many types are counted apart; a server may send any number.
const MOST_TYPES: usize = 100;

/// Events of each of the last seconds, and of each type.
#[derive(Debug)]
pub(super) struct Rates {
    /// The second that the last number is of.
    now: i64,
    per_second: Vec<u64>,
    types: BTreeMap<String, u64>,
}

impl Default for Rates {
    fn default() -> Self {
        Self { now: 0, per_second: vec![0; SECONDS], types: BTreeMap::new() }
    }
}

impl Rates {
    /// Counts an event of this type, in this second.
    pub(super) fn count(&mut self, kind: &str, second: i64) {
        self.advance(second);
        if let Some(last) = self.per_second.last_mut() {
            *last += 1;
        }
        if let Some(count) = self.types.get_mut(kind) {
            *count += 1;
        } else if self.types.len() < MOST_TYPES {
            self.types.insert(kind.to_owned(), 1);
        }
    }

    /// Notes that time has passed.
    pub(super) fn advance(&mut self, second: i64) {
        let passed = usize::try_from(second - self.now).unwrap_or(0).min(SECONDS);
        self.per_second.rotate_left(passed);
        let begin = SECONDS - passed;
        self.per_second[begin..].fill(0);
        self.now = self.now.max(second);
    }

    /// The numbers of the last seconds, the latest last.
    pub(super) fn history(&self) -> &[u64] {
        &self.per_second
    }

    /// How many there were in each of the last ten whole seconds, on average.
    pub(super) fn average(&self) -> f64 {
        let recent = &self.per_second[SECONDS - 11..SECONDS - 1];
        #[expect(clippy::cast_precision_loss, reason = "it is rounded to a tenth")]
        let sum = recent.iter().sum::<u64>() as f64;
        sum / 10.0
    }

    /// The types with the most events, and how many.
    pub(super) fn most(&self, number: usize) -> Vec<(&str, u64)> {
        let mut types: Vec<(&str, u64)> = self.types.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
        types.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), *kind));
        types.truncate(number);
        types
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_move_on() {
        let mut rates = Rates::default();
        for second in [100, 100, 101, 105] {
            rates.count("Dial", second);
        }
        rates.count("StasisStart", 105);
        assert_eq!(rates.history()[SECONDS - 6..], [2, 1, 0, 0, 0, 2]);
        rates.advance(106);
        assert!((rates.average() - 0.5).abs() < 1e-9);
        // A clock that goes back changes nothing, and one that leaps forward forgets all.
        rates.advance(50);
        assert_eq!(rates.history()[SECONDS - 2], 2);
        rates.advance(10_000);
        assert_eq!(rates.history(), [0; SECONDS]);
        assert_eq!(rates.most(1), [("Dial", 4)]);
    }
}
