//! Notices about the connection, in their place among the events.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};
use serde_json::json;

use super::DisconnectReason;
use crate::Date;

/// The event connection was lost: events are missing from here on.
///
/// Appears among the events as [`Event::Disconnected`](crate::Event::Disconnected). Calls on the server continue without
/// the program. The client reconnects in the background and reports it as [`Reconnected`]; if reconnecting is impossible,
/// the stream ends with the error.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Disconnected {
    /// When data last arrived from the server; events may be missing from then on.
    pub since: SystemTime,
    /// Why the connection was lost.
    pub reason: DisconnectReason,
}

/// The event connection is re-established: events arrive from here on.
///
/// Appears as [`Event::Reconnected`](crate::Event::Reconnected) and ends the gap that [`Disconnected`] began. Events of
/// the gap are not delivered later: Asterisk does not keep them, and sends no second `StasisStart` for channels that are
/// still in the application. `Events::resync` finds out what changed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reconnected {
    /// When the gap began.
    pub since: SystemTime,
    /// How long the gap lasted.
    pub lasted: Duration,
    /// Which attempt to connect succeeded; the first is 1.
    pub attempts: u32,
    /// Whether Asterisk was restarted in the gap, which ends all channels, bridges and subscriptions; `None` if unknown.
    /// Determined from the server's start time.
    pub restarted: Option<bool>,
    /// Subscriptions made by [`applications.subscribe`](crate::operations::applications) and event filters that the
    /// server had lost and that were restored: `hello-world: endpoint:PJSIP/alice`, `hello-world: event filter`.
    pub restored: Vec<String>,
    /// Those that could not be restored, each with the reason. Subscriptions to things that no longer exist are reported
    /// once; all others are retried after the next gap.
    pub not_restored: Vec<String>,
    /// Applications that another connection has taken over.
    pub replaced: Vec<String>,
}

/// Events that were dropped because the program was too slow.
///
/// Appears as [`Event::Dropped`](crate::Event::Dropped) where they are missing: if
/// [`OverflowPolicy::DropOldest`](crate::OverflowPolicy::DropOldest) is set, and in [`RoutedEvents`](crate::RoutedEvents)
/// that the program does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Dropped {
    /// How many events.
    pub events: u64,
    /// How many bytes of text they had.
    pub bytes: u64,
}

impl fmt::Display for Disconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "disconnected: {}", self.reason)
    }
}

impl fmt::Display for Reconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connected again after {:.1} s, at attempt {}", self.lasted.as_secs_f64(), self.attempts)?;
        match self.restarted {
            Some(true) => f.write_str("; Asterisk was restarted"),
            Some(false) => f.write_str("; Asterisk was not restarted"),
            None => f.write_str("; whether Asterisk was restarted is not known"),
        }
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events ({} bytes) were dropped: the program is too slow", self.events, self.bytes)
    }
}

impl Serialize for Disconnected {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let reason = self.reason.to_string();
        json!({ "type": "Disconnected", "since": text(self.since), "reason": reason }).serialize(serializer)
    }
}

impl Serialize for Reconnected {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({
            "type": "Reconnected",
            "since": text(self.since),
            "lasted_ms": u64::try_from(self.lasted.as_millis()).unwrap_or(u64::MAX),
            "attempts": self.attempts,
            "restarted": self.restarted,
            "restored": self.restored,
            "not_restored": self.not_restored,
            "replaced": self.replaced,
        })
        .serialize(serializer)
    }
}

impl Serialize for Dropped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({ "type": "Dropped", "events": self.events, "bytes": self.bytes }).serialize(serializer)
    }
}

/// A point in time as ARI writes it.
fn text(time: SystemTime) -> String {
    crate::date::format(&Date::from(chrono::DateTime::<chrono::Utc>::from(time)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_json_as_events_are() {
        let since = SystemTime::UNIX_EPOCH + Duration::from_millis(1_500);
        let disconnected = Disconnected { since, reason: DisconnectReason::PingTimeout };
        assert_eq!(
            serde_json::to_value(&disconnected).unwrap(),
            json!({
                "type": "Disconnected",
                "since": "1970-01-01T00:00:01.500+0000",
                "reason": "the server did not answer a ping in time",
            })
        );
        let dropped = Dropped { events: 2, bytes: 300 };
        assert_eq!(serde_json::to_value(dropped).unwrap(), json!({ "type": "Dropped", "events": 2, "bytes": 300 }));
        assert_eq!(dropped.to_string(), "2 events (300 bytes) were dropped: the program is too slow");
    }
}
