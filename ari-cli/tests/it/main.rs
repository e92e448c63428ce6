//! The program `ari` against the fake Asterisk.

mod api;
mod operations;
mod run;
mod servers;
