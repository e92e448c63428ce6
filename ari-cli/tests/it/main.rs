//! The program `ari` against the fake Asterisk.

mod api;
mod atlas;
mod calls;
mod completion;
mod diff;
mod doctor;
mod explain;
mod history;
mod man;
mod operations;
mod run;
mod servers;
mod watch;
