//! What is different from what an event stream has shown.

#[cfg(feature = "resync")]
mod follower;
#[cfg(feature = "resync")]
mod list;
#[cfg(not(feature = "resync"))]
mod off;
#[cfg(feature = "resync")]
mod picture;
#[cfg(feature = "resync")]
mod report;

#[cfg(feature = "resync")]
pub(crate) use follower::Follower;
#[cfg(not(feature = "resync"))]
pub(crate) use off::Follower;
#[cfg(feature = "resync")]
pub use report::{Differences, Resync};
