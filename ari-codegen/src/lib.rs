//! From Asterisk's API declarations to typed Rust.
//!
//! Asterisk declares ARI, its REST interface, in Swagger files. This crate reads the declarations of any release from
//! 12.0.0 on, mends their known faults, merges several releases into one API and emits the bindings' code. It reads
//! and writes no files: values in, values out.
//!
//! ```text
//! Source --swagger--> Resource --api::resolve--> Api --fixups--> Api      (one a release)
//! [Api] --merge--> Api --lower--> rust::Crate --emit--> [File]
//! ```
//!
//! [`generate()`] goes the whole way; [`canonical`] gives the form in which `api-docs/` keeps the declarations;
//! [`diff`] compares two releases; [`history()`] tells of all of them what came when.

#![forbid(unsafe_code)]

pub mod api;
mod availability;
pub mod canonical;
mod claims;
pub mod diff;
pub mod emit;
pub mod fixups;
mod generate;
mod history;
mod json;
pub mod lower;
pub mod merge;
mod problem;
mod prose;
pub mod public_api;
mod release;
pub mod rust;
pub mod swagger;

pub use availability::Availability;
pub use claims::wrong_claims;
pub use generate::{Generated, Knowledge, ReleaseSource, Summary, generate, read};
pub use history::history;
pub use json::Source;
pub use problem::{Place, Problem, Problems};
pub use prose::Prose;
pub use release::{NotARelease, Release};
