//! What is known of one leg.

use std::collections::VecDeque;

/// A channel that the call has dialled.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    /// The id that it was dialled with; a pickup gives it another channel.
    pub(crate) token: Box<str>,
    pub(crate) channel: Box<str>,
    pub(crate) status: LegStatus,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) early: Option<Early>,
    /// Whether something refers to it, so that it is kept after its end.
    pub(crate) is_held: bool,
    /// What was pressed in a bridge.
    pub(crate) keys: VecDeque<char>,
}

/// What an endpoint said instead of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Busy,
    Congestion,
}

/// The state of a leg that is in the application before it answers, so that its early media can be heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Early {
    pub(crate) has_entered: bool,
}

/// How far a leg has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LegStatus {
    /// The reply to the request is outstanding.
    Requested,
    Dialling,
    Answered,
    /// It belongs to another call now.
    Given,
    Ended {
        cause: Option<i64>,
    },
}

impl Leg {
    pub(crate) fn new(token: Box<str>) -> Self {
        Self {
            channel: token.clone(),
            token,
            status: LegStatus::Requested,
            refusal: None,
            early: None,
            is_held: true,
            keys: VecDeque::new(),
        }
    }

    /// Whether it is not the call's any more.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.status, LegStatus::Given | LegStatus::Ended { .. })
    }

    /// Whether it may still be answered.
    pub(crate) fn rings(&self) -> bool {
        matches!(self.status, LegStatus::Requested | LegStatus::Dialling)
    }

    /// It has come into the application.
    pub(crate) fn entered(&mut self) {
        match &mut self.early {
            Some(early) => early.has_entered = true,
            None => self.status = LegStatus::Answered,
        }
    }

    pub(crate) fn end(&mut self, cause: Option<i64>) {
        match &mut self.status {
            LegStatus::Ended { cause: known } => *known = known.or(cause),
            LegStatus::Given => {}
            status => *status = LegStatus::Ended { cause },
        }
    }
}
