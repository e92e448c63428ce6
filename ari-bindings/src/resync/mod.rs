//! What is different from what an event stream has shown.

mod follower;
mod list;
mod picture;
mod report;

pub(crate) use follower::Follower;
pub use report::{Differences, Resync};
