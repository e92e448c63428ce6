//! From Asterisk's API declarations to typed Rust.
//!
//! Asterisk declares ARI, its REST interface, in Swagger files. This crate reads the declarations of any release from
//! 12.0.0 on, corrects their known faults, merges several releases into one API and emits the bindings' code. It
//! performs no I/O: values in, values out.
//!
//! ```text
//! Source --swagger--> Resource --api::resolve--> Api --fixups--> Api      (one a release)
//! [Api] --merge--> Api --lower--> rust::Crate --emit--> [File]
//! ```
//!
//! [`generate()`] runs the whole pipeline; [`export::export()`] makes OpenAPI, AsyncAPI and JSON Schema of the same
//! API. [`record`] contains the other data of `api-docs/`.

#![forbid(unsafe_code)]

pub mod api;
mod diagnostic;
mod document;
pub mod emit;
pub mod export;
pub mod fixups;
mod generate;
mod json;
pub mod lower;
pub mod merge;
pub mod record;
mod release;
pub mod rust;
pub mod swagger;

pub use diagnostic::{Diagnostic, Diagnostics, Span};
pub use generate::{Generated, ReleaseSource, Summary, corrected, generate, read};
pub use json::Source;
pub use record::{Availability, NameKind, Names, Prose, Record, canonical, history, public_api, wrong_since_claims};
pub use release::{NotARelease, Release};
