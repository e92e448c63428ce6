//! The orders in which the server was seen to reply and to send events, chosen by the seed.
//!
//! Everything that a request brings about happens in steps. A step falls on an odd millisecond after the request and a
//! reply on an even one, so that a program sees each before the next happens.

use std::time::Duration;

use super::{Ticket, World};
use crate::exchange::Reply;

/// The delay of the step with this number, from 0.
pub(super) fn step(number: u64) -> Duration {
    Duration::from_millis(2 * number + 1)
}

/// The delay between steps.
pub(crate) const STEP: Duration = Duration::from_millis(2);

/// Before which step the reply comes, with how often each was seen.
pub(super) type Places = &'static [(u64, u32)];

/// Before anything that follows.
pub(super) const AT_ONCE: Places = &[(0, 1)];
/// Anywhere among the steps of an outgoing call.
pub(super) const ORIGINATE: Places = &[(0, 1), (1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1)];
/// After a call that fails at once.
pub(super) const REFUSED_CALL: Places = &[(4, 1)];
pub(super) const CREATE: Places = &[(0, 2), (2, 4)];
pub(super) const DIAL: Places = &[(0, 1), (1, 1), (6, 4)];
pub(super) const PLAY: Places = &[(1, 1)];
pub(super) const PLAY_BRIDGED: Places = &[(0, 1), (1, 1)];
pub(super) const PLAY_ON_BRIDGE: Places = &[(0, 1), (1, 5)];
pub(super) const STOP_PLAYBACK: Places = &[(0, 1), (1, 5)];
pub(super) const RECORD: Places = &[(1, 1)];
pub(super) const STOP_RECORDING: Places = &[(0, 1), (1, 5)];
pub(super) const ENTER_BRIDGE: Places = &[(0, 1), (1, 17)];
pub(super) const DESTROY_BRIDGE: Places = &[(1, 1), (2, 5)];
pub(super) const HANG_UP: Places = &[(4, 1)];

/// How often the far end starts before the event that it is called.
pub(super) const FAR_FIRST: (u32, u32) = (1, 6);
/// How often a recording that starts at once is already under way in the reply.
pub(super) const RECORDING_IN_REPLY: (u32, u32) = (1, 6);
/// How often a channel enters its new application before it leaves the old one.
pub(super) const START_BEFORE_END: (u32, u32) = (1, 6);

impl World {
    /// Draws the delay of the reply.
    pub(super) fn place(&mut self, places: Places) -> Duration {
        let mut ticket = self.random.u32(0..places.iter().map(|(_, seen)| seen).sum());
        for (place, seen) in places {
            match ticket.checked_sub(*seen) {
                Some(rest) => ticket = rest,
                None => return STEP * u32::try_from(*place).unwrap_or_default(),
            }
        }
        Duration::ZERO
    }

    /// Draws whether something happens that was seen so many times out of so many.
    pub(super) fn happens(&mut self, (seen, of): (u32, u32)) -> bool {
        self.random.u32(0..of) < seen
    }

    /// Draws an order for what happens in several threads at once.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        self.random.shuffle(items);
    }

    /// Replies after a while, or at once.
    pub(super) fn reply_after(&mut self, delay: Duration, ticket: Ticket, reply: Reply) {
        if delay.is_zero() {
            self.reply(ticket, reply);
        } else {
            self.after(delay, move |world| world.reply(ticket, reply));
        }
    }
}
