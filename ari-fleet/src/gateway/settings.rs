//! What can be set.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What happens to calls that no worker takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum WithoutWorker {
    /// They go on in the dialplan, after `Stasis()`.
    #[default]
    Dialplan,
    /// They are hung up with congestion as the reason.
    HangUp,
}

#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) node: Arc<str>,
    pub(super) apps: Vec<Arc<str>>,
    pub(super) capacity: u64,
    pub(super) buffer: usize,
    pub(super) patience: Duration,
    pub(super) most_waiting: usize,
    pub(super) most_commands: usize,
    pub(super) without_worker: WithoutWorker,
    /// Whether new calls are refused. All runs of a gateway share it.
    pub(super) draining: Arc<AtomicBool>,
}
