//! Events beyond the generated ones, and how text becomes either.

mod decode;
mod unknown;

pub(crate) use decode::{boxed, kind};
pub use unknown::{UndecodableEvent, UnknownEvent};
