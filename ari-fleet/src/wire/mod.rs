//! What gateways and workers say to each other; `PROTOCOL.md` describes it for programs in other languages.

pub(crate) mod announcement;
pub(crate) mod control;
pub(crate) mod headers;
pub(crate) mod subjects;
mod token;

pub use announcement::{LaneAnnouncement, NodeAnnouncement};
pub use control::{Attached, Control, Refusal};
pub use subjects::{EventSubject, Lane, Subjects};
