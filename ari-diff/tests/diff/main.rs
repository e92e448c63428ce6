//! Tests of the comparison of releases: a pair of declarations for each rule, and pairs of real releases.

mod accepted;
#[cfg(unix)]
mod action;
mod direction;
mod pairs;
mod predictions;
mod releases;
mod reports;
mod support;
