use std::time::Duration;

/// What happens when the program takes events more slowly than they come, and more wait for it than
/// [`EventsBuilder::buffer_limit`](crate::EventsBuilder::buffer_limit) allows.
///
/// Up to there nothing is lost, whatever the choice: while the program does not read the connection, a task of its own
/// does, so that Asterisk, which gives a slow reader no more than its `websocket_write_timeout` of 100 ms, never waits
/// for the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OverflowPolicy {
    /// The stream ends: what waited is still given out, then comes
    /// [`Overflow`](crate::DisconnectReason::Overflow). Nothing is lost without a word; this is the default.
    #[default]
    Fail,
    /// The oldest events that wait are dropped for the newest, and an [`Event::Dropped`](crate::Event::Dropped)
    /// stands in their place and counts them.
    DropOldest,
    /// The connection is not read any more until there is room, for so long at most; then as [`OverflowPolicy::Fail`].
    ///
    /// Asterisk throws out who does not read: `websocket_write_timeout` of ari.conf must be longer than this. All
    /// subscribers of the connection wait with the slowest.
    Wait(Duration),
}
