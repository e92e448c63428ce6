use std::future::{Future, IntoFuture};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use ari_bindings::IntoList;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::dial::{Dial, Dialed};
use super::leg::{Leg, Unclaimed};
use super::music::Music;
use super::playback::{Played, Target, play};
use super::say::check_keys;
use crate::error::CallError;
use crate::line::{Entry, Reserved, Stage, Waiter};
use crate::queue::Queue;
use crate::state::{self, State};
use crate::telemetry::verb;
use crate::{Call, media};

/// Waits in a queue; see [`Call::queue`]. Awaiting it returns when an agent has served the caller, or none will.
#[must_use = "the caller does not wait until it is awaited"]
pub struct Enqueue<'call> {
    call: &'call Call,
    queue: Queue,
    timeout: Duration,
    announce: Option<Announce>,
    keys: Option<Box<str>>,
    music: bool,
}

struct Announce {
    every: Duration,
    media: Box<dyn Fn(usize) -> Vec<String> + Send + Sync>,
}

/// The outcome of waiting in a queue.
#[derive(Debug)]
#[non_exhaustive]
pub enum Queued {
    /// An agent who was dialled has answered: connect the two by [`Call::bridge`]. The agent is free for the next caller
    /// once the leg has ended, after a rest.
    Agent(Leg),
    /// The caller has talked to an agent who took the caller with [`Queue::next`].
    #[non_exhaustive]
    Served {
        /// The id of the agent's call.
        agent: Box<str>,
        /// How long the caller waited.
        waited: Duration,
    },
    /// The caller pressed this key of [`Enqueue::leave_on`].
    Left(char),
    /// No agent had the time.
    Timeout,
    /// As many callers wait as [`Queue::most`] allows.
    Full,
    /// The queue is [closed](Queue::close).
    Closed,
}

/// Why a caller does not wait any more.
enum Matched {
    /// This agent was dialled and has answered.
    Agent(Reserved, Unclaimed),
    /// An agent's call is about to connect.
    Call,
    Over(Queued),
}

impl<'call> Enqueue<'call> {
    pub(crate) fn new(call: &'call Call, queue: Queue) -> Self {
        Self { call, queue, timeout: Duration::from_secs(600), announce: None, keys: None, music: true }
    }

    /// How long the caller waits, even if an agent's phone rings then; 10 min by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What is played, instead of the music, to a caller at a position in the line, 1 for the next: to one who has to wait
    /// at first, then every so often, but not while an agent is dialled for the caller. It may return none.
    pub fn announce<L: IntoList<String>>(
        mut self,
        every: Duration,
        media: impl Fn(usize) -> L + Send + Sync + 'static,
    ) -> Self {
        self.announce = Some(Announce { every, media: Box::new(move |position| media(position).into_list()) });
        self
    }

    /// The keys by which the caller leaves the queue. Keys pressed before do not count.
    pub fn leave_on(mut self, keys: impl AsRef<str>) -> Self {
        self.keys = Some(keys.as_ref().into());
        self
    }

    /// Plays no music on hold.
    pub fn silent(mut self) -> Self {
        self.music = false;
        self
    }

    fn check(&self) -> Result<(), CallError> {
        self.queue.line.check()?;
        if self.timeout.is_zero() {
            return Err(CallError::invalid("timeout", "zero; let the caller wait"));
        }
        if self.announce.as_ref().is_some_and(|announce| announce.every < Duration::from_secs(1)) {
            return Err(CallError::invalid("every", "less than a second; leave some time between two announcements"));
        }
        self.keys.as_ref().map_or(Ok(()), |keys| check_keys("leave_on", keys))
    }

    async fn run(self) -> Result<Queued, CallError> {
        self.check()?;
        let session = &self.call.session;
        session.check()?;
        self.queue.line.admit(&session.context)?;
        if self.keys.is_some() {
            session.change(|state| state.digits.clear());
        }
        let caller = match self.queue.line.enter(self.call) {
            Entry::Entered(caller) => caller,
            Entry::Full => return Ok(Queued::Full),
            Entry::Closed => return Ok(Queued::Closed),
        };
        let deadline = Instant::now().checked_add(self.timeout);
        loop {
            let matched = self.wait(&caller, deadline).await?;
            let waited = caller.ticket.since.elapsed();
            match matched {
                Matched::Over(queued) => return Ok(queued),
                Matched::Agent(agent, leg) => {
                    if let Some(leg) = leg.claim() {
                        return Ok(self.occupy(agent, leg));
                    }
                }
                Matched::Call => match self.talk(&caller).await? {
                    Some(agent) => return Ok(Queued::Served { agent, waited }),
                    None => caller.rejoin(),
                },
            }
        }
    }

    /// Waits in the line. The caller hears nothing any more when this returns.
    async fn wait(&self, caller: &Waiter, deadline: Option<Instant>) -> Result<Matched, CallError> {
        let mut waiting = pin!(self.entertain(caller));
        let late = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let matched = tokio::select! {
            biased;
            matched = self.matched(caller) => matched?,
            key = &mut waiting => return Ok(key?.map_or(Matched::Call, |key| Matched::Over(Queued::Left(key)))),
            () = self.queue.line.closed() => Matched::Over(Queued::Closed),
            () = late => Matched::Over(Queued::Timeout),
        };
        // An agent who connects at this moment has the caller.
        let is_taken =
            !caller.leave() && matches!(matched, Matched::Over(_)) && caller.ticket.stage() == Stage::Claimed;
        waiting.await?;
        Ok(if is_taken { Matched::Call } else { matched })
    }

    /// Plays music and announcements until the caller does not wait any more, or presses a key, which it returns.
    async fn entertain(&self, caller: &Waiter) -> Result<Option<char>, CallError> {
        let session = &self.call.session;
        // The position of a key, or nothing when the caller does not wait any more.
        let over = |state: &State| {
            let keys = self.keys.as_deref().unwrap_or_default();
            let pressed = state.digits.iter().position(|digit| keys.contains(*digit));
            if caller.is_waiting() { pressed.map(Some) } else { Some(None) }
        };
        let take = |pressed: Option<usize>| {
            pressed.and_then(|position| session.change(|state| state.digits.drain(..=position).next_back()))
        };
        let (mut music, mut is_due, mut next) = (None, self.announce.is_some(), None);
        loop {
            let position = caller.position().filter(|_| is_due && !caller.ticket.is_offered());
            if let (Some(announce), Some(position)) = (&self.announce, position) {
                if let Some(pressed) = self.play_instead(announce.media(position)?, &mut music, over).await? {
                    return Ok(take(pressed));
                }
                (is_due, next) = (false, Instant::now().checked_add(announce.every));
            }
            if self.music && music.is_none() {
                music = Some(Music::start(session).await?);
            }
            let woken = session.wait(|state| {
                let is_idle = is_due && !caller.ticket.is_offered();
                over(state).map(Some).or_else(|| is_idle.then_some(None))
            });
            let pressed = match next.filter(|_| !is_due) {
                Some(next) => timeout_at(next, woken).await.ok().transpose()?,
                None => Some(woken.await?),
            };
            match pressed {
                None => is_due = true,
                Some(None) => {}
                Some(Some(pressed)) => {
                    if let Some(music) = music {
                        music.stop().await;
                    }
                    return Ok(take(pressed));
                }
            }
        }
    }

    /// Plays an announcement, instead of the music, until `over` returns something.
    async fn play_instead<T>(
        &self,
        media: Vec<String>,
        music: &mut Option<Music>,
        over: impl Fn(&State) -> Option<T>,
    ) -> Result<Option<T>, CallError> {
        if media.is_empty() {
            return Ok(None);
        }
        // A sound ends the music, which does not resume afterwards.
        if let Some(music) = music.take() {
            music.stop().await;
        }
        for part in media::in_stoppable_parts(&media) {
            if let Played::Stopped(over) = play(&self.call.session, Target::Caller, &part, &over).await? {
                return Ok(Some(over));
            }
        }
        Ok(None)
    }

    /// Waits for an agent.
    async fn matched(&self, caller: &Waiter) -> Result<Matched, CallError> {
        tokio::select! {
            biased;
            _ = caller.ticket.until(&[Stage::Claimed]) => Ok(Matched::Call),
            dialled = self.dial_agents(caller) => dialled.map(|(agent, leg)| Matched::Agent(agent, leg)),
        }
    }

    /// Dials the agents when it is the caller's turn, until one of them has answered and has the caller.
    async fn dial_agents(&self, caller: &Waiter) -> Result<(Reserved, Unclaimed), CallError> {
        let mut ringing = FuturesUnordered::new();
        loop {
            while let Some(agent) = caller.reserve() {
                ringing.push(self.offer(agent));
            }
            let rested = caller.next_rested();
            let rested = async {
                match rested {
                    Some(rested) => sleep_until(rested).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(offered) = ringing.next() => {
                    let (agent, dialed): (Reserved, Dialed) = offered?;
                    if let Dialed::Answered(leg) = dialed {
                        let leg = Unclaimed::new(leg);
                        // Else an agent's call has just taken the caller.
                        if caller.leave() {
                            return Ok((agent, leg));
                        }
                    }
                }
                () = caller.turn() => {}
                () = rested => {}
            }
        }
    }

    async fn offer(&self, mut agent: Reserved) -> Result<(Reserved, Dialed), CallError> {
        let mut dial = Dial::new(self.call, vec![agent.endpoint.to_string()]).timeout(agent.ring);
        if !self.call.caller_number().is_empty() {
            dial = dial.caller_id(self.call.caller_number());
        }
        let dialed = dial.await?;
        agent.dialled();
        Ok((agent, dialed))
    }

    /// Keeps an agent from others until the leg has ended.
    fn occupy(&self, agent: Reserved, leg: Leg) -> Queued {
        let (session, token) = (Arc::clone(&self.call.session), leg.held.token.clone());
        self.call.session.context.spawn(async move {
            let is_over = |state: &State| state.leg(&token).is_none_or(state::Leg::is_over).then_some(());
            // The end of the call is that of the leg, too.
            let _ = session.wait(is_over).await;
            drop(agent);
        });
        Queued::Agent(leg)
    }

    /// Waits until an agent's call has served the caller; returns its id. Returns `None` if it is gone before.
    async fn talk(&self, caller: &Waiter) -> Result<Option<Box<str>>, CallError> {
        caller.remove();
        caller.ticket.advance(&[Stage::Claimed], Stage::Ready);
        let ended = tokio::select! {
            biased;
            stage = caller.ticket.until(&[Stage::Served, Stage::Returned]) => stage,
            ended = self.call.session.wait(|_| None::<()>) => return ended.map(|()| None),
        };
        Ok((ended == Stage::Served).then(|| caller.ticket.agent()))
    }
}

impl Announce {
    fn media(&self, position: usize) -> Result<Vec<String>, CallError> {
        let media = (self.media)(position);
        if !media.is_empty() {
            media::check(&media, false)?;
        }
        Ok(media)
    }
}

impl<'call> IntoFuture for Enqueue<'call> {
    type Output = Result<Queued, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        verb("call.queue", self.run())
    }
}
