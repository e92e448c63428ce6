//! What is different from what an event stream has shown.

mod fetch;
mod report;
mod snapshot;
mod tracker;

pub use report::{Differences, Resync};
pub(crate) use tracker::Tracker;
