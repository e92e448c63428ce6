//! What `api-docs/` records beside the declarations, and what is made from it: the canonical form of declarations, the
//! availability of each item, its history, our own prose, and the public API of the generated code.

mod availability;
pub mod canonical;
mod history;
mod prose;
pub mod public_api;
mod since_claims;

pub use availability::Availability;
pub use history::history;
pub use prose::Prose;
pub use since_claims::wrong_since_claims;
