//! Ids of what a call creates.
//!
//! Asterisk refuses an id that another living id begins with, so all have the same length. The prefix shows what a
//! previous run of the application left behind.

use uuid::Uuid;

/// The beginning of the ids of everything that this crate creates.
pub(crate) const PREFIX: &str = "ari-app-";

/// A kind of object with an id.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Bridge,
    Leg,
    Playback,
}

/// A new id.
pub(crate) fn new(kind: Kind) -> Box<str> {
    let letter = match kind {
        Kind::Bridge => 'b',
        Kind::Leg => 'l',
        Kind::Playback => 'p',
    };
    format!("{PREFIX}{letter}-{}", Uuid::new_v4().simple()).into()
}

/// Whether an id was made by this crate.
pub(crate) fn is_own(id: &str) -> bool {
    id.starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_has_one_length_and_prefix() {
        let ids = [new(Kind::Bridge), new(Kind::Leg), new(Kind::Playback), new(Kind::Leg)];
        assert!(ids.iter().all(|id| id.len() == ids[0].len() && is_own(id)));
        assert_ne!(ids[1], ids[3]);
        assert!(!is_own("1700000000.1"));
    }
}
