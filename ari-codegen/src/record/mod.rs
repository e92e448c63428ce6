//! The data of `api-docs/` besides the declarations, and what is derived from it: the canonical form of declarations, the
//! availability of each item, its history, Rust names, prose, and the public API of the generated code.

mod availability;
pub mod bundle;
pub mod canonical;
mod history;
mod imported;
mod names;
mod prose;
pub mod public_api;
mod since_claims;
pub mod steps;

pub use availability::{Availability, Run};
pub use history::history;
pub use names::{NameKind, Names};
pub use prose::Prose;
pub use prose::first_sentence;
pub(crate) use prose::replace_code;
pub use since_claims::wrong_since_claims;

/// The recorded data about the API, besides its declarations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// Since when each item is available, beyond what the given releases themselves declare.
    pub availability: Availability,
    /// Our own words about the items.
    pub prose: Prose,
    /// The Rust names assigned so far.
    pub names: Names,
}
