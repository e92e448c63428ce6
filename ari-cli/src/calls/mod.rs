//! Calls as events show them: what an event says, and which call it belongs to.

mod event;
mod log;
mod tracker;
mod words;

pub(crate) use self::event::{Channel, Event, endpoint};
pub(crate) use self::log::{Call, Item, Log};
pub(crate) use self::tracker::Calls;
pub(crate) use self::words::{subject, words};
