use std::task::{Context, Poll};

use crate::{Client, Event};

/// What takes the place of a follower where the feature `resync` is off.
pub(crate) struct Follower;

impl Follower {
    pub(crate) fn new(_: Client, _automatic: bool) -> Self {
        Self
    }

    #[allow(clippy::unused_self, reason = "as the other")]
    pub(crate) fn afresh(&self) -> Self {
        Self
    }

    #[allow(clippy::unused_self, reason = "as the other")]
    pub(crate) fn note(&mut self, _: &Event, _apps: impl FnOnce() -> Vec<String>) {}

    #[allow(clippy::unused_self, reason = "as the other")]
    pub(crate) fn poll_report(&mut self, _: &mut Context<'_>) -> Poll<Option<Event>> {
        Poll::Ready(None)
    }
}
