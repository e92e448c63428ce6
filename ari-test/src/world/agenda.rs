//! What happens later.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use super::World;

type Job = Box<dyn FnOnce(&mut World) + Send>;

/// A job on the agenda: when it is due, and the order among those that are due at the same time.
pub(super) type JobId = (Instant, u64);

#[derive(Default)]
pub(super) struct Agenda {
    jobs: BTreeMap<JobId, Job>,
    next: u64,
}

impl fmt::Debug for Agenda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.jobs.keys()).finish()
    }
}

impl World {
    /// Does something after a while.
    pub(super) fn after(&mut self, delay: Duration, job: impl FnOnce(&mut Self) + Send + 'static) -> JobId {
        let id = (self.clock.now() + delay, self.agenda.next);
        self.agenda.next += 1;
        self.agenda.jobs.insert(id, Box::new(job));
        id
    }

    pub(super) fn cancel(&mut self, job: Option<JobId>) {
        if let Some(job) = job {
            self.agenda.jobs.remove(&job);
        }
    }

    /// Runs what is due at `now`, each job at its own time.
    pub(crate) fn advance(&mut self, now: Instant) {
        while let Some(job) = self.agenda.jobs.first_entry().filter(|job| job.key().0 <= now) {
            let ((due, _), job) = job.remove_entry();
            self.clock.set(due);
            job(self);
            self.update_sound();
        }
        self.clock.set(now);
    }

    /// When something is due next.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.agenda.jobs.first_key_value().map(|((due, _), _)| *due)
    }
}
