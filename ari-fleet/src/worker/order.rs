//! The order of a node's events in a lane.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::{Duration, Instant};

/// How long a missing event is waited for before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(3);

/// How many events are kept before it is known where the first one belongs, and while one is missing.
const MOST: usize = 1024;

/// Where an event belongs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    /// The run of the gateway.
    pub(super) boot: String,
    /// The number in the lane.
    pub(super) seq: u64,
}

/// Puts the events of a node in order, and finds gaps.
#[derive(Debug)]
pub(super) struct Order<T> {
    state: State<T>,
    dropped: u64,
}

#[derive(Debug)]
enum State<T> {
    /// Where the events continue is not known yet. `true` stands for an event that no worker has had before.
    Waiting {
        early: BTreeMap<Position, (bool, T)>,
        has_begun: bool,
    },
    Attached {
        boot: String,
        next: u64,
        held: BTreeMap<u64, T>,
        hole: Option<Instant>,
    },
}

/// What follows from an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sorted<T> {
    /// These are next.
    pub(super) ready: Vec<T>,
    /// These are not needed: they came before, or belong to the time before the lane was attached.
    pub(super) dropped: Vec<T>,
}

impl<T> Order<T> {
    pub(super) fn new() -> Self {
        Self { state: State::Waiting { early: BTreeMap::new(), has_begun: false }, dropped: 0 }
    }

    /// How many events were dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The run of the gateway that the events are those of, while it is known.
    pub(super) fn boot(&self) -> Option<&str> {
        match &self.state {
            State::Attached { boot, .. } => Some(boot),
            State::Waiting { .. } => None,
        }
    }

    /// Takes an event. `is_new` says that no worker has had it before.
    pub(super) fn take(&mut self, position: Position, is_new: bool, item: T, now: Instant) -> Sorted<T> {
        let mut sorted = Sorted { ready: Vec::new(), dropped: Vec::new() };
        match &mut self.state {
            State::Waiting { early, .. } => {
                match early.entry(position) {
                    Entry::Occupied(_) => sorted.dropped.push(item),
                    Entry::Vacant(place) => drop(place.insert((is_new, item))),
                }
                if early.len() > MOST {
                    sorted.dropped.extend(early.pop_first().map(|(_, (_, item))| item));
                }
            }
            State::Attached { boot, next, held, hole } => {
                let is_late = *boot != position.boot || position.seq < *next || held.contains_key(&position.seq);
                if is_late {
                    sorted.dropped.push(item);
                } else {
                    held.insert(position.seq, item);
                    release(next, held, &mut sorted.ready);
                    *hole = if held.is_empty() { None } else { hole.filter(|_| sorted.ready.is_empty()).or(Some(now)) };
                }
            }
        }
        self.count(sorted)
    }

    /// The events continue after this one. What was taken before is in the past, except for what no worker has had: that
    /// is ready at the first time.
    pub(super) fn attach(&mut self, last: Position, now: Instant) -> Sorted<T> {
        let (early, has_begun) = match self.reset(true) {
            State::Waiting { early, has_begun } => (early, has_begun),
            State::Attached { held, boot, .. } => {
                let held = held.into_iter();
                let early = held.map(|(seq, item)| (Position { boot: boot.clone(), seq }, (false, item))).collect();
                (early, true)
            }
        };
        let mut sorted = Sorted { ready: Vec::new(), dropped: Vec::new() };
        let (mut held, mut next) = (BTreeMap::new(), last.seq.saturating_add(1));
        for (position, (is_new, item)) in early {
            match position.boot == last.boot {
                true if position.seq > last.seq => drop(held.insert(position.seq, item)),
                true if is_new && !has_begun => sorted.ready.push(item),
                _ => sorted.dropped.push(item),
            }
        }
        release(&mut next, &mut held, &mut sorted.ready);
        let hole = (!held.is_empty()).then_some(now);
        self.state = State::Attached { boot: last.boot, next, held, hole };
        self.count(sorted)
    }

    /// A gap: where the events continue will be known after the next [`Order::attach`]. Returns what was held back.
    pub(super) fn detach(&mut self) -> Vec<T> {
        match &mut self.state {
            // Those that wait may be after the position that is being asked for.
            State::Waiting { .. } => Vec::new(),
            State::Attached { .. } => match self.reset(true) {
                State::Attached { held, .. } => held.into_values().collect(),
                State::Waiting { .. } => Vec::new(),
            },
        }
    }

    /// Whether a missing event has not come in time.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        match &self.state {
            State::Waiting { .. } => false,
            State::Attached { held, hole, .. } => {
                held.len() > MOST || hole.is_some_and(|since| now.saturating_duration_since(since) >= PATIENCE)
            }
        }
    }

    fn reset(&mut self, has_begun: bool) -> State<T> {
        std::mem::replace(&mut self.state, State::Waiting { early: BTreeMap::new(), has_begun })
    }

    fn count(&mut self, sorted: Sorted<T>) -> Sorted<T> {
        self.dropped = self.dropped.saturating_add(sorted.dropped.len() as u64);
        sorted
    }
}

/// Moves what is next from `held` to `ready`.
fn release<T>(next: &mut u64, held: &mut BTreeMap<u64, T>, ready: &mut Vec<T>) {
    while let Some(item) = held.remove(next) {
        ready.push(item);
        *next = next.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(boot: &str, seq: u64) -> Position {
        Position { boot: boot.to_owned(), seq }
    }

    /// Takes new events of the run `a`; returns what is ready and what is dropped.
    fn take(order: &mut Order<u64>, seqs: &[u64]) -> (Vec<u64>, Vec<u64>) {
        let (mut ready, mut dropped) = (Vec::new(), Vec::new());
        for &seq in seqs {
            let sorted = order.take(at("a", seq), true, seq, Instant::now());
            ready.extend(sorted.ready);
            dropped.extend(sorted.dropped);
        }
        (ready, dropped)
    }

    #[test]
    fn events_come_in_order_and_once() {
        let mut order = Order::new();
        order.attach(at("a", 4), Instant::now());
        assert_eq!(take(&mut order, &[5, 8, 6, 8, 5, 7, 4]), (vec![5, 6, 7, 8], vec![8, 5, 4]));
        assert_eq!(order.dropped(), 3);
    }

    #[test]
    fn missing_event_is_waited_for_and_then_lost() {
        let (mut order, now) = (Order::new(), Instant::now());
        order.attach(at("a", 0), now);
        order.take(at("a", 2), true, 2, now);
        assert!(!order.is_overdue(now + PATIENCE / 2));
        // Another hole begins when the first is filled.
        order.take(at("a", 4), true, 4, now);
        assert_eq!(order.take(at("a", 1), true, 1, now + PATIENCE).ready, [1, 2]);
        assert!(!order.is_overdue(now + PATIENCE) && order.is_overdue(now + PATIENCE * 2));
        assert_eq!(order.detach(), [4]);
        assert!(!order.is_overdue(now + PATIENCE * 9));
    }

    #[test]
    fn what_comes_before_the_first_attach_is_ready_if_no_worker_has_had_it() {
        let mut order = Order::new();
        for (position, is_new, item) in
            [(at("a", 3), true, 3), (at("a", 2), false, 2), (at("a", 1), true, 1), (at("z", 9), true, 9)]
        {
            order.take(position, is_new, item, Instant::now());
        }
        let sorted = order.attach(at("a", 2), Instant::now());
        assert_eq!(sorted, Sorted { ready: vec![1, 3], dropped: vec![2, 9] });
    }

    #[test]
    fn what_comes_in_a_gap_is_only_needed_after_its_end() {
        let mut order = Order::new();
        order.attach(at("a", 0), Instant::now());
        assert_eq!(order.detach(), Vec::<u64>::new());
        assert_eq!(take(&mut order, &[1, 2, 3, 3]), (vec![], vec![3]));
        let sorted = order.attach(at("a", 2), Instant::now());
        assert_eq!(sorted, Sorted { ready: vec![3], dropped: vec![1, 2] });
    }

    #[test]
    fn events_of_another_run_are_dropped() {
        let mut order = Order::new();
        order.attach(at("b", 0), Instant::now());
        assert_eq!(take(&mut order, &[1]), (vec![], vec![1]));
        assert_eq!(order.boot(), Some("b"));
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut order = Order::new();
        let seqs: Vec<_> = (1..=MOST as u64 + 1).collect();
        assert_eq!(take(&mut order, &seqs), (vec![], vec![1]));
        order.attach(at("a", 5000), Instant::now());
        take(&mut order, &(6000..=6000 + MOST as u64).collect::<Vec<_>>());
        assert!(order.is_overdue(Instant::now()));
    }
}
