use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::dial::{Dialed, Music};
use super::leg::Leg;
use crate::Call;
use crate::error::CallError;
use crate::queue::{Claim, Place, Queue};

/// Waits in a queue; see [`Call::queue`]. Awaiting it returns when an agent has answered, or when the time is up.
#[must_use = "nobody waits until it is awaited"]
pub struct Enqueue<'call> {
    call: &'call Call,
    queue: Queue,
    timeout: Duration,
    announce: Option<Box<Announce>>,
    every: Duration,
}

type Announce = dyn Fn(usize) -> Vec<String> + Send + Sync;

/// What came of waiting in a queue.
#[derive(Debug)]
#[non_exhaustive]
pub enum Queued {
    /// An agent has answered: connect the two by [`Call::bridge`]. The agent is free for the next caller once the leg has
    /// ended, after a rest.
    Agent(Leg),
    /// No agent had the time.
    Timeout,
}

impl<'call> Enqueue<'call> {
    pub(crate) fn new(call: &'call Call, queue: Queue) -> Self {
        Self { call, queue, timeout: Duration::from_secs(600), announce: None, every: Duration::from_secs(30) }
    }

    /// How long the caller waits; 10 min by default. A phone that rings then may still answer.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What is played to a caller at a position in the line, 1 for the next: to one who has to wait at first, then every
    /// so often. Nothing by default.
    pub fn announce(mut self, every: Duration, media: impl Fn(usize) -> Vec<String> + Send + Sync + 'static) -> Self {
        self.announce = Some(Box::new(media));
        self.every = every;
        self
    }

    fn check(&self) -> Result<(), CallError> {
        if self.announce.is_some() && self.every.is_zero() {
            return Err(CallError::invalid("every", "0; leave some time between two announcements"));
        }
        self.call.dial(self.queue.endpoints()).timeout(self.queue.ring).check()
    }

    async fn run(self) -> Result<Queued, CallError> {
        self.check()?;
        let session = &self.call.session;
        session.check()?;
        let now = Instant::now();
        let deadline = now.checked_add(self.timeout).unwrap_or(now);
        let place = self.queue.join();
        let mut is_due = true;
        loop {
            let waited = self.wait(&place, deadline, &mut is_due).await?;
            let Some((mut claim, music)) = waited else { return Ok(Queued::Timeout) };
            let dialed = self.call.dial(&claim.endpoint).timeout(self.queue.ring).await?;
            claim.needs_rest = true;
            music.stop().await;
            let Dialed::Answered(leg) = dialed else { continue };
            let (of, token) = (session.clone(), leg.held.token.clone());
            session.context.spawn(async move {
                let is_over = |state: &crate::state::State| {
                    state.leg(&token).is_none_or(crate::state::Leg::is_over).then_some(())
                };
                // The end of the call is that of the leg, too.
                let _ = of.wait(is_over).await;
                drop(claim);
            });
            return Ok(Queued::Agent(leg));
        }
    }

    /// Waits with music for a free agent, until the deadline.
    async fn wait(
        &self,
        place: &Place,
        deadline: Instant,
        is_due: &mut bool,
    ) -> Result<Option<(Claim, Music)>, CallError> {
        let session = &self.call.session;
        loop {
            if Instant::now() >= deadline {
                return Ok(None);
            }
            let free = place.claim().ok();
            if let (None, true, Some(announce)) = (&free, *is_due, &self.announce) {
                *is_due = false;
                self.call.say(announce(place.position())).await?;
            }
            let music = Music::start(session).await?;
            if let Some(claim) = free {
                return Ok(Some((claim, music)));
            }
            tokio::select! {
                biased;
                claim = place.turn() => return Ok(Some((claim, music))),
                ended = session.wait(|_| None::<()>) => ended?,
                () = sleep_until(deadline) => {
                    music.stop().await;
                    return Ok(None);
                }
                () = sleep(self.every), if self.announce.is_some() => {}
            }
            // A sound ends the music, which does not resume afterwards.
            music.stop().await;
            *is_due = true;
        }
    }
}

impl<'call> IntoFuture for Enqueue<'call> {
    type Output = Result<Queued, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
