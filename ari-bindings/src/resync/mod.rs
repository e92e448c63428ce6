//! What is different from what an event stream has shown.

mod list;
mod picture;
mod report;

pub(crate) use list::{Listing, list};
pub(crate) use picture::Picture;
pub use report::{Differences, Resync};
