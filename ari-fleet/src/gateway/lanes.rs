//! Which lane a new call is assigned to.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::prefixes::LANES;
use crate::wire::{Lane, LaneAnnouncement};

/// How long an announcement counts; owners repeat it four times as often.
const FRESH: Duration = Duration::from_secs(2);

/// How long before an announcement a call may have been assigned without being counted in it.
const UNCOUNTED: Duration = Duration::from_millis(500);

/// What the owners of lanes have announced.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    known: BTreeMap<Lane, Known>,
    /// The lane chosen last, of any application.
    last: Option<Lane>,
}

#[derive(Debug)]
struct Known {
    announcement: LaneAnnouncement,
    received: Instant,
    /// When calls were assigned that the announcement may not count.
    assigned: VecDeque<Instant>,
}

impl Lanes {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Takes note of an announcement.
    pub(super) fn announced(&mut self, announcement: LaneAnnouncement, now: Instant) {
        let lane = Lane { app: announcement.app.clone(), number: announcement.lane };
        if lane.number >= LANES {
            tracing::warn!(%lane, "the number of a lane must be below {LANES}: it gets no calls");
            return;
        }
        let mut assigned = self.known.remove(&lane).map(|known| known.assigned).unwrap_or_default();
        assigned.retain(|at| now.duration_since(*at) < UNCOUNTED);
        self.known.insert(lane, Known { announcement, received: now, assigned });
    }

    /// Takes note that a lane has no owner.
    pub(super) fn released(&mut self, lane: &Lane) {
        self.known.remove(lane);
    }

    /// Chooses the lane of a new call: among those that take calls, the one with the fewest, and the next in turn among
    /// equals.
    pub(super) fn choose(&mut self, app: &str, now: Instant) -> Option<u16> {
        let last = self.last.clone();
        self.known.retain(|_, known| now.duration_since(known.received) <= FRESH);
        let open = self.known.iter_mut().filter(|(lane, known)| lane.app == app && known.has_room());
        let (lane, known) = open.min_by_key(|(lane, known)| (known.calls(), last.as_ref() >= Some(lane)))?;
        known.assigned.push_back(now);
        let number = lane.number;
        self.last = Some(lane.clone());
        Some(number)
    }
}

impl Known {
    fn calls(&self) -> u64 {
        self.announcement.calls + self.assigned.len() as u64
    }

    fn has_room(&self) -> bool {
        let LaneAnnouncement { accepting, handed_over, capacity, .. } = self.announcement;
        accepting && !handed_over && self.calls() < capacity
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announcement(lane: u16, calls: u64) -> LaneAnnouncement {
        LaneAnnouncement {
            app: "a".to_owned(),
            lane,
            worker: "w".to_owned(),
            token: "t".to_owned(),
            accepting: true,
            calls,
            capacity: 10,
            at: 0,
            handed_over: false,
        }
    }

    #[test]
    fn choose_takes_the_lane_with_the_fewest_calls() {
        let now = Instant::now();
        let mut lanes = Lanes::new();
        lanes.announced(announcement(0, 3), now);
        lanes.announced(announcement(1, 1), now);
        let chosen: Vec<_> = (0..6).map(|_| lanes.choose("a", now)).collect();
        assert_eq!(chosen, [1, 1, 0, 1, 0, 1].map(Some), "what was assigned since the announcement counts");
        assert_eq!(lanes.choose("b", now), None);
    }

    #[test]
    fn choose_takes_turns_among_equals() {
        let now = Instant::now();
        let mut lanes = Lanes::new();
        let mut chosen = Vec::new();
        for round in 0..3 {
            let now = now + FRESH * round;
            (0..3).for_each(|lane| lanes.announced(announcement(lane, 0), now));
            chosen.extend(lanes.choose("a", now));
        }
        assert_eq!(chosen, [0, 1, 2]);
    }

    #[test]
    fn choose_leaves_out_lanes_that_take_no_calls() {
        let now = Instant::now();
        let mut lanes = Lanes::new();
        lanes.announced(announcement(0, 10), now);
        lanes.announced(LaneAnnouncement { accepting: false, ..announcement(1, 0) }, now);
        lanes.announced(announcement(LANES, 0), now);
        assert_eq!(lanes.choose("a", now), None);
        lanes.announced(announcement(2, 9), now);
        assert_eq!((lanes.choose("a", now), lanes.choose("a", now)), (Some(2), None));
        lanes.released(&Lane { app: "a".to_owned(), number: 2 });
        lanes.announced(announcement(3, 0), now);
        assert_eq!(lanes.choose("a", now + FRESH * 2), None, "the announcement is too old");
    }

    #[test]
    fn announcement_counts_the_calls_assigned_before_it() {
        let now = Instant::now();
        let mut lanes = Lanes::new();
        lanes.announced(LaneAnnouncement { capacity: 1, ..announcement(0, 0) }, now);
        assert_eq!((lanes.choose("a", now), lanes.choose("a", now)), (Some(0), None));
        let later = now + Duration::from_secs(1);
        lanes.announced(LaneAnnouncement { capacity: 1, ..announcement(0, 0) }, later);
        assert_eq!(lanes.choose("a", later), Some(0), "its call has ended meanwhile");
    }
}
