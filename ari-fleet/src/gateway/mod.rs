//! The process beside an Asterisk: publishes its events and carries out commands.

/// Holds the event connection of a node.
#[derive(Debug)]
pub struct Gateway {}
