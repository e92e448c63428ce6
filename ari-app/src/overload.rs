//! How many calls are served at once, and what happens to the others.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::call::Call;
use crate::error::{CallError, ServeError};
use crate::media;
use crate::verbs::music::Music;

/// How many calls are served at once unless [`App::max_calls`](crate::App::max_calls) says otherwise.
pub(crate) const MOST_CALLS: usize = 10_000;

/// What happens to a call that arrives while as many are served as [`App::max_calls`](crate::App::max_calls) allows, or
/// while the application shuts down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overload {
    /// It is hung up, with congestion as the reason.
    #[default]
    Congestion,
    /// It goes on in the dialplan, at the next priority.
    Dialplan,
    /// It is answered, and hears a message and then music on hold until one of the others has ended. It is hung up if none
    /// has in time.
    ///
    /// Calls that arrive while `most` wait, or while the application shuts down, are hung up with congestion as the reason.
    Wait {
        /// How many calls wait at once.
        most: usize,
        /// How long each waits.
        limit: Duration,
        /// What each hears first, such as `["sound:queue-thankyou"]`; it may be empty.
        message: Vec<String>,
    },
}

/// How many more calls an application can serve, and let wait.
pub(crate) struct Capacity {
    served: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    limit: Duration,
    message: Vec<String>,
}

/// What is to happen to a call that comes in.
pub(crate) enum Admission {
    /// It is served.
    Served(OwnedSemaphorePermit),
    /// It waits until it can be served.
    Waits {
        turn: Turn,
        /// That it may wait.
        waiting: OwnedSemaphorePermit,
    },
}

/// Resolves when a call that waits can be served, in the order of their arrival.
type Turn = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send>>;

impl Overload {
    /// Checks what an application was given.
    pub(crate) fn check(&self, max_calls: usize) -> Result<(), ServeError> {
        if max_calls == 0 {
            return Err(ServeError::invalid("max_calls", "0; let at least one call be served"));
        }
        let Self::Wait { most, limit, message } = self else { return Ok(()) };
        if *most == 0 || limit.is_zero() {
            let argument = if *most == 0 { "most" } else { "limit" };
            return Err(ServeError::invalid(
                argument,
                "zero; let calls wait, or hang them up by `Overload::Congestion`",
            ));
        }
        if message.is_empty() {
            return Ok(());
        }
        match media::check(message, false) {
            Err(CallError::Invalid { reason, .. }) => Err(ServeError::invalid("message", reason)),
            _ => Ok(()),
        }
    }
}

impl Capacity {
    pub(crate) fn new(most: usize, overload: &Overload) -> Self {
        let permits = |most: usize| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        let (waiting, limit, message) = match overload {
            Overload::Wait { most, limit, message } => (*most, *limit, message.clone()),
            Overload::Congestion | Overload::Dialplan => (0, Duration::ZERO, Vec::new()),
        };
        Self { served: permits(most), waiting: permits(waiting), limit, message }
    }

    /// Lets a call be served that cannot wait.
    pub(crate) fn serve_now(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.served).try_acquire_owned().ok()
    }

    /// Lets a new call be served or wait, unless as many do already.
    pub(crate) fn admit(&self) -> Option<Admission> {
        if let Some(permit) = self.serve_now() {
            return Some(Admission::Served(permit));
        }
        let waiting = Arc::clone(&self.waiting).try_acquire_owned().ok()?;
        let mut turn: Turn = Box::pin(Arc::clone(&self.served).acquire_owned());
        // The first poll puts it behind those who wait already, before anything is sent for the call.
        match turn.as_mut().now_or_never() {
            None => Some(Admission::Waits { turn, waiting }),
            Some(permit) => permit.ok().map(Admission::Served),
        }
    }

    /// Serves and lets wait no more calls. Those that wait are sent away.
    pub(crate) fn close(&self) {
        self.served.close();
        self.waiting.close();
    }

    /// Waits until the call can be served; returns `None` if it cannot in time.
    pub(crate) async fn until_served(
        &self,
        admission: Admission,
        call: &Call,
    ) -> Result<Option<OwnedSemaphorePermit>, CallError> {
        match admission {
            Admission::Served(permit) => Ok(Some(permit)),
            // Boxed, because few calls wait, and its size would be that of all.
            Admission::Waits { turn, waiting } => Box::pin(self.wait(turn, waiting, call)).await,
        }
    }

    async fn wait(
        &self,
        turn: Turn,
        _waiting: OwnedSemaphorePermit,
        call: &Call,
    ) -> Result<Option<OwnedSemaphorePermit>, CallError> {
        tracing::info!("too many calls: this one waits");
        let mut turn = pin!(timeout(self.limit, turn));
        call.answer().await?;
        if !self.message.is_empty() {
            tokio::select! {
                permit = &mut turn => return Ok(permit.ok().and_then(Result::ok)),
                said = call.say(&self.message) => drop(said?),
            }
        }
        let music = Music::start(&call.session).await?;
        let permit = tokio::select! {
            permit = turn => permit,
            ended = call.session.wait(|_| None::<()>) => return ended.map(|()| None),
        };
        music.stop().await;
        Ok(permit.ok().and_then(Result::ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(most: usize, seconds: u64, message: &[&str]) -> Overload {
        let message = message.iter().map(ToString::to_string).collect();
        Overload::Wait { most, limit: Duration::from_secs(seconds), message }
    }

    #[tokio::test]
    async fn admit_counts_those_served_and_those_who_wait() {
        let capacity = Capacity::new(1, &wait(1, 1, &[]));
        let first = capacity.admit();
        assert!(matches!(first, Some(Admission::Served(_))));
        let second = capacity.admit();
        assert!(matches!(second, Some(Admission::Waits { .. })));
        assert!(capacity.admit().is_none());
        drop((second, first));
        assert!(matches!(capacity.admit(), Some(Admission::Served(_))));
        capacity.close();
        assert!(capacity.admit().is_none());
        assert!(Capacity::new(usize::MAX, &Overload::Congestion).admit().is_some());
        assert!(Capacity::new(0, &Overload::Congestion).admit().is_none());
    }

    #[tokio::test]
    async fn calls_are_served_in_the_order_of_their_arrival() {
        let capacity = Capacity::new(1, &wait(2, 1, &[]));
        let first = capacity.admit();
        let [Some(Admission::Waits { turn: second, .. }), Some(Admission::Waits { turn: mut third, .. })] =
            [capacity.admit(), capacity.admit()]
        else {
            panic!("they wait")
        };
        drop(first);
        // The later one is the first to be looked at, as if the first were still being answered.
        assert!(third.as_mut().now_or_never().is_none());
        assert!(capacity.serve_now().is_none());
        drop(second.await.unwrap());
        drop(third.await.unwrap());
    }

    #[test]
    fn check_names_the_argument() {
        for (overload, max_calls, argument) in [
            (Overload::Congestion, 0, "max_calls"),
            (wait(0, 1, &[]), 1, "most"),
            (wait(1, 0, &[]), 1, "limit"),
            (wait(1, 1, &["hello"]), 1, "message"),
            (wait(1, 1, &["sound:"]), 1, "message"),
            (wait(1, 1, &["tone:busy"]), 1, "message"),
        ] {
            let error = overload.check(max_calls).unwrap_err().to_string();
            assert!(error.contains(&format!("`{argument}`")), "{error}");
        }
        assert!(wait(1, 1, &[]).check(1).is_ok() && wait(1, 1, &["sound:a"]).check(1).is_ok());
    }
}
