//! Tests of the generator from outside: declarations in, generated files or diagnostics out.

mod availability;
mod canonical;
mod compile;
mod early;
mod errors;
mod export;
mod future;
mod golden;
mod history;
mod inventory;
mod prose;
mod reader;
mod releases;
mod support;
