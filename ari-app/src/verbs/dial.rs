use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ari_bindings::Error;
use ari_bindings::models::Channel;
use tokio::time::{Instant, timeout};

use crate::Call;
use crate::error::CallError;
use crate::session::Session;
use crate::state::{self, LegStatus, Refusal, State};
use crate::telemetry::verb;
use crate::verbs::leg::{Leg, Legs, Unclaimed};
use crate::verbs::music::Music;

/// How long Asterisk may take to report the end of a leg whose time has run out.
const OUTCOME_REPORT: Duration = Duration::from_secs(2);

/// How much too early Asterisk may end a leg whose time has run out.
const EARLY: Duration = Duration::from_millis(100);

/// The Q.850 cause of congestion.
const CONGESTION: i64 = 34;

/// Dials one or more endpoints; see [`Call::dial`]. Awaiting it returns when one has answered, or none will.
#[must_use = "nobody is dialled until it is awaited"]
pub struct Dial<'call> {
    call: &'call Call,
    plan: Plan,
    music: bool,
}

/// Whom to dial, and how.
pub(crate) struct Plan {
    endpoints: Vec<String>,
    pub(crate) timeout: Duration,
    pub(crate) caller_id: Option<String>,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) one_by_one: bool,
    early_media: bool,
}

/// The outcome of dialling.
#[derive(Debug)]
#[non_exhaustive]
pub enum Dialed {
    /// An endpoint has answered. The other legs are cancelled.
    Answered(Leg),
    /// Every endpoint was busy.
    Busy,
    /// At least one endpoint could be reached, and none answered in time.
    NoAnswer,
    /// At least one endpoint could not be reached (unknown, not registered or declined), and the others were busy.
    #[non_exhaustive]
    Failed {
        /// The Q.850 cause of the last one, if Asterisk reported one.
        cause: Option<i64>,
    },
}

impl<'call> Dial<'call> {
    pub(crate) fn new(call: &'call Call, endpoints: Vec<String>) -> Self {
        Self { call, plan: Plan::new(endpoints), music: false }
    }

    /// How long an endpoint may ring, in whole seconds; 30 s by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.plan.timeout = timeout;
        self
    }

    /// The caller id that the endpoints show, such as `"Reception <100>"`.
    pub fn caller_id(mut self, caller_id: impl Into<String>) -> Self {
        self.plan.caller_id = Some(caller_id.into());
        self
    }

    /// A channel variable of the legs, such as a `PJSIP_HEADER`.
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.plan.variables.push((name.into(), value.into()));
        self
    }

    /// Plays music on hold to the caller meanwhile.
    pub fn music_on_hold(mut self) -> Self {
        self.music = true;
        self
    }

    /// Dials one endpoint after the other, each for the whole timeout, instead of all at once. The outcome is that of all
    /// together.
    pub fn one_by_one(mut self) -> Self {
        self.plan.one_by_one = true;
        self
    }

    /// Lets the caller hear what comes from the endpoint before it answers: ringback, announcements. For that, the two
    /// are in a bridge from the beginning, so what is being played to the caller ends first. Several endpoints need
    /// [`Dial::one_by_one`].
    ///
    /// A caller who has not been answered hears it, too, if the network forwards early media.
    pub fn early_media(mut self) -> Self {
        self.plan.early_media = true;
        self
    }

    pub(super) fn check(&self) -> Result<(), CallError> {
        if self.plan.early_media && self.music {
            return Err(CallError::invalid("early_media", "not with music on hold; the caller hears one or the other"));
        }
        self.plan.check()
    }

    pub(super) async fn run(self) -> Result<Dialed, CallError> {
        self.check()?;
        let session = &self.call.session;
        session.check()?;
        let music = if self.music { Some(Music::start(session).await?) } else { None };
        let dialed = self.plan.run(session).await?;
        // Hung up if this future is dropped meanwhile.
        let answered = if let Dialed::Answered(leg) = &dialed { Some(Unclaimed::new(leg.clone())) } else { None };
        if let Some(music) = music {
            music.stop().await;
        }
        drop(answered.and_then(Unclaimed::claim));
        Ok(dialed)
    }
}

impl Plan {
    pub(crate) fn new(endpoints: Vec<String>) -> Self {
        let timeout = Duration::from_secs(30);
        Self { endpoints, timeout, caller_id: None, variables: Vec::new(), one_by_one: false, early_media: false }
    }

    pub(crate) fn check(&self) -> Result<(), CallError> {
        if self.endpoints.is_empty() {
            return Err(CallError::invalid("endpoints", "empty; name at least one, such as \"PJSIP/alice\""));
        }
        if let Some(endpoint) = self.endpoints.iter().find(|endpoint| !endpoint.contains('/')) {
            return Err(CallError::invalid("endpoints", format!("{endpoint:?}: write TECHNOLOGY/RESOURCE")));
        }
        if self.timeout.as_secs() == 0 {
            return Err(CallError::invalid("timeout", "less than a second"));
        }
        if self.early_media && self.endpoints.len() > 1 && !self.one_by_one {
            return Err(CallError::invalid("early_media", "of several endpoints at once; add `one_by_one`"));
        }
        Ok(())
    }

    pub(crate) async fn run(&self, session: &Arc<Session>) -> Result<Dialed, CallError> {
        let at_once = if self.one_by_one { 1 } else { self.endpoints.len() };
        let mut fates = Vec::new();
        for endpoints in self.endpoints.chunks(at_once) {
            let dialled = match endpoints {
                [endpoint] if self.early_media => self.with_early_media(session, endpoint).await?,
                endpoints => self.all_at_once(session, endpoints).await?,
            };
            match dialled {
                Ok(leg) => return Ok(Dialed::Answered(leg)),
                Err(unanswered) => fates.extend(unanswered),
            }
        }
        Ok(judge(&fates))
    }

    /// Dials endpoints: the leg that answers, or why none did.
    async fn all_at_once(
        &self,
        session: &Arc<Session>,
        endpoints: &[String],
    ) -> Result<Result<Leg, Vec<Fate>>, CallError> {
        let started = Instant::now();
        let mut legs = Legs::new(session, endpoints.len());
        session.change(|state| state.dialled += endpoints.len());
        for (endpoint, leg) in endpoints.iter().zip(legs.iter()) {
            self.originate(session, endpoint, &leg.held.token);
        }
        self.outcome(session, &mut legs, started).await
    }

    /// Waits for the outcome of legs that are dialled since then.
    pub(super) async fn outcome(
        &self,
        session: &Session,
        legs: &mut Legs,
        started: Instant,
    ) -> Result<Result<Leg, Vec<Fate>>, CallError> {
        let outcome = session.wait(|state| outcome(legs, state));
        match timeout(self.timeout.saturating_add(OUTCOME_REPORT), outcome).await {
            Ok(Ok(Outcome::Answered(position))) => Ok(Ok(legs.take(position))),
            // Which cause Asterisk gives then depends on its release and the technology.
            Ok(Ok(Outcome::Unanswered(fates))) if started.elapsed().saturating_add(EARLY) >= self.timeout => {
                let in_time = |fate| if let Fate::Failed(_) = fate { Fate::NoAnswer } else { fate };
                Ok(Err(fates.into_iter().map(in_time).collect()))
            }
            Ok(Ok(Outcome::Unanswered(fates))) => Ok(Err(fates)),
            Ok(Err(ended)) => Err(ended),
            Err(_) => Ok(Err(vec![Fate::NoAnswer; legs.iter().count()])),
        }
    }

    /// Has Asterisk call an endpoint.
    fn originate(&self, session: &Arc<Session>, endpoint: &str, token: &str) {
        let context = &session.context;
        let channel = context.ari.channel(token);
        let mut request = channel.originate_with_id(endpoint).app(&*context.app);
        request = request.timeout(self.seconds());
        request = match &session.placing {
            Some(placing) => request.app_args(placing.arguments(token, endpoint)),
            None => request.app_args(token).originator(session.read(|state| state.channel.to_string())),
        };
        if let Some(caller_id) = &self.caller_id {
            request = request.caller_id(caller_id);
        }
        if !self.variables.is_empty() {
            request = request.variables(self.variables.iter().cloned());
        }
        send_off(session, endpoint, token, request.into_future());
    }

    /// The time limit as Asterisk takes it.
    pub(super) fn seconds(&self) -> i64 {
        i64::try_from(self.timeout.as_secs()).unwrap_or(i64::MAX)
    }
}

/// Sends the request that creates a leg, in a task: the reply may come after the outcome.
pub(super) fn send_off<Reply>(session: &Arc<Session>, endpoint: &str, token: &str, request: Reply)
where
    Reply: Future<Output = Result<Channel, Error>> + Send + 'static,
{
    let session = Arc::clone(session);
    let context = Arc::clone(&session.context);
    let (endpoint, token): (Box<str>, Box<str>) = (endpoint.into(), token.into());
    context.spawn(async move {
        let reply = request.await;
        if let Err(error) = &reply {
            tracing::info!(endpoint = &*endpoint, error = error as &dyn std::error::Error, "cannot dial");
        }
        let is_refused = reply.as_ref().is_err_and(|error| !error.maybe_executed());
        let is_wanted = session.change(|state| {
            let Some(leg) = state.leg_by_token(&token) else { return false };
            match leg.status {
                LegStatus::Requested | LegStatus::Dialling if is_refused => {
                    leg.status = LegStatus::Ended { cause: None };
                }
                LegStatus::Requested => leg.status = LegStatus::Dialling,
                _ => {}
            }
            true
        });
        // It was cancelled before it existed, unless it has become a call.
        if !is_wanted && !is_refused && session.context.find(&token).is_none() {
            drop(session.context.hang_up(&token));
        }
    });
}

impl<'call> IntoFuture for Dial<'call> {
    type Output = Result<Dialed, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        verb("call.dial", self.run())
    }
}

/// Why a leg was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Busy,
    NoAnswer,
    Failed(Option<i64>),
}

impl Fate {
    fn of(leg: &state::Leg) -> Option<Self> {
        match leg.status {
            LegStatus::Ended { .. } if leg.refusal == Some(Refusal::Busy) => Some(Self::Busy),
            // Asterisk leaves its channel alone.
            LegStatus::Requested | LegStatus::Dialling if leg.early.is_some() => match leg.refusal? {
                Refusal::Busy => Some(Self::Busy),
                Refusal::Congestion => Some(Self::Failed(Some(CONGESTION))),
            },
            LegStatus::Ended { cause: Some(17) } => Some(Self::Busy),
            LegStatus::Ended { cause: Some(18 | 19) } => Some(Self::NoAnswer),
            LegStatus::Ended { cause } => Some(Self::Failed(cause)),
            _ => None,
        }
    }
}

/// The outcome of all legs together.
fn judge(fates: &[Fate]) -> Dialed {
    let failed = fates.iter().rev().find_map(|fate| if let Fate::Failed(cause) = fate { Some(*cause) } else { None });
    match failed {
        _ if fates.contains(&Fate::NoAnswer) => Dialed::NoAnswer,
        Some(cause) => Dialed::Failed { cause },
        None => Dialed::Busy,
    }
}

enum Outcome {
    /// The position of the one that has answered.
    Answered(usize),
    Unanswered(Vec<Fate>),
}

/// The outcome of all, as soon as one has answered or all have ended.
fn outcome(legs: &Legs, state: &State) -> Option<Outcome> {
    let mut all = legs.iter().map(|leg| state.leg(&leg.held.token));
    let has_answered = |leg: &state::Leg| matches!(leg.status, LegStatus::Answered | LegStatus::Given);
    if let Some(position) = all.clone().position(|leg| leg.is_some_and(has_answered)) {
        return Some(Outcome::Answered(position));
    }
    let fates = all.by_ref().map(|leg| leg.map_or(Some(Fate::Failed(None)), Fate::of));
    fates.collect::<Option<Vec<_>>>().map(Outcome::Unanswered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judge_considers_all_legs() {
        let text = |fates: &[Fate]| format!("{:?}", judge(fates));
        assert_eq!(text(&[Fate::Busy, Fate::Busy]), "Busy");
        assert_eq!(text(&[Fate::NoAnswer, Fate::Failed(Some(20))]), "NoAnswer");
        assert_eq!(text(&[Fate::Failed(Some(20)), Fate::Busy]), "Failed { cause: Some(20) }");
    }
}
