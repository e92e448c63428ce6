use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::Call;
use crate::context::Pending;
use crate::error::CallError;
use crate::session::Session;
use crate::state::{self, LegStatus, State};
use crate::verbs::leg::{Leg, Legs, Unclaimed};

/// How long Asterisk may take to report the end of a leg whose time has run out.
const PATIENCE: Duration = Duration::from_secs(2);

/// Dials one or more endpoints; see [`Call::dial`]. Awaiting it returns when one has answered, or none will.
#[must_use = "nobody is dialled until it is awaited"]
pub struct Dial<'call> {
    call: &'call Call,
    endpoints: Vec<String>,
    timeout: Duration,
    caller_id: Option<String>,
    variables: Vec<(String, String)>,
    music: bool,
    one_by_one: bool,
}

/// What came of dialling.
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
        Self {
            call,
            endpoints,
            timeout: Duration::from_secs(30),
            caller_id: None,
            variables: Vec::new(),
            music: false,
            one_by_one: false,
        }
    }

    /// How long an endpoint may ring, in whole seconds; 30 s by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The caller id that the endpoints show, such as `"Reception <100>"`.
    pub fn caller_id(mut self, caller_id: impl Into<String>) -> Self {
        self.caller_id = Some(caller_id.into());
        self
    }

    /// A channel variable of the legs, such as a `PJSIP_HEADER`.
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.push((name.into(), value.into()));
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
        self.one_by_one = true;
        self
    }

    pub(super) fn check(&self) -> Result<(), CallError> {
        if self.endpoints.is_empty() {
            return Err(CallError::invalid("endpoints", "empty; name at least one, such as \"PJSIP/alice\""));
        }
        if let Some(endpoint) = self.endpoints.iter().find(|endpoint| !endpoint.contains('/')) {
            return Err(CallError::invalid("endpoints", format!("{endpoint:?}: write TECHNOLOGY/RESOURCE")));
        }
        if self.timeout.as_secs() == 0 {
            return Err(CallError::invalid("timeout", "less than a second"));
        }
        Ok(())
    }

    pub(super) async fn run(self) -> Result<Dialed, CallError> {
        self.check()?;
        let session = &self.call.session;
        session.check()?;
        let music = if self.music { Some(Music::start(session).await?) } else { None };
        let at_once = if self.one_by_one { 1 } else { self.endpoints.len() };
        let mut fates = Vec::new();
        let mut answered = None;
        for endpoints in self.endpoints.chunks(at_once) {
            match self.all_at_once(endpoints).await? {
                Ok(leg) => {
                    answered = Some(Unclaimed::new(leg));
                    break;
                }
                Err(unanswered) => fates.extend(unanswered),
            }
        }
        if let Some(music) = music {
            music.stop().await;
        }
        Ok(answered.and_then(Unclaimed::claim).map_or_else(|| judge(&fates), Dialed::Answered))
    }

    /// Dials endpoints: the leg that answers, or why none did.
    async fn all_at_once(&self, endpoints: &[String]) -> Result<Result<Leg, Vec<Fate>>, CallError> {
        let session = &self.call.session;
        let started = Instant::now();
        let mut legs = Legs::new(session, endpoints.len());
        session.change(|state| state.dialled += endpoints.len());
        for (endpoint, leg) in endpoints.iter().zip(legs.iter()) {
            self.originate(endpoint, &leg.held.token);
        }
        let outcome = session.wait(|state| outcome(&legs, state));
        match timeout(self.timeout.saturating_add(PATIENCE), outcome).await {
            Ok(Ok(Outcome::Answered(position))) => Ok(Ok(legs.take(position))),
            // Which cause Asterisk gives then depends on its release and the technology.
            Ok(Ok(Outcome::Unanswered(fates))) if started.elapsed() >= self.timeout => {
                let in_time = |fate| if let Fate::Failed(_) = fate { Fate::NoAnswer } else { fate };
                Ok(Err(fates.into_iter().map(in_time).collect()))
            }
            Ok(Ok(Outcome::Unanswered(fates))) => Ok(Err(fates)),
            Ok(Err(ended)) => Err(ended),
            Err(_) => Ok(Err(vec![Fate::NoAnswer; endpoints.len()])),
        }
    }

    /// Has Asterisk call an endpoint, in a task: the reply may come after the outcome.
    fn originate(&self, endpoint: &str, token: &str) {
        let session = Arc::clone(&self.call.session);
        let context = Arc::clone(&session.context);
        let channel = context.ari.channel(token);
        let mut request = channel.originate_with_id(endpoint).app(&*context.app).app_args(token);
        request = request.timeout(i64::try_from(self.timeout.as_secs()).unwrap_or(i64::MAX));
        request = request.originator(session.read(|state| state.channel.to_string()));
        if let Some(caller_id) = &self.caller_id {
            request = request.caller_id(caller_id);
        }
        if !self.variables.is_empty() {
            request = request.variables(self.variables.iter().cloned());
        }
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
            // It was cancelled before it existed.
            if !is_wanted && !is_refused {
                drop(session.context.hang_up(&token));
            }
        });
    }
}

impl<'call> IntoFuture for Dial<'call> {
    type Output = Result<Dialed, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Why a leg was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Busy,
    NoAnswer,
    Failed(Option<i64>),
}

impl Fate {
    fn of(leg: &state::Leg) -> Option<Self> {
        match leg.status {
            LegStatus::Ended { .. } if leg.busy => Some(Self::Busy),
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
    if let Some(position) = all.clone().position(|leg| leg.is_some_and(|leg| leg.status == LegStatus::Answered)) {
        return Some(Outcome::Answered(position));
    }
    let fates = all.by_ref().map(|leg| leg.map_or(Some(Fate::Failed(None)), Fate::of));
    fates.collect::<Option<Vec<_>>>().map(Outcome::Unanswered)
}

/// Music on hold for the caller, which stops when it is dropped.
pub(super) struct Music {
    session: Arc<Session>,
    is_playing: bool,
    pending: Pending,
}

impl Music {
    pub(super) async fn start(session: &Arc<Session>) -> Result<Self, CallError> {
        let mut music = Self { session: Arc::clone(session), is_playing: true, pending: Pending::default() };
        let request = session.channel().start_moh();
        match session.context.send(&music.pending, request.into_future()).await {
            Ok(()) => Ok(music),
            Err(error) => {
                music.is_playing = false;
                Err(session.explain(error).await)
            }
        }
    }

    pub(super) async fn stop(mut self) {
        self.is_playing = false;
        let request = self.session.channel().stop_moh();
        // It goes on if this future is dropped. The channel may be gone.
        let _ = self.session.context.send(&self.pending, request.into_future()).await;
    }
}

impl Drop for Music {
    fn drop(&mut self) {
        if self.is_playing && self.session.check().is_ok() {
            let channel = self.session.channel();
            let pending = self.pending.clone();
            self.session.context.spawn(async move {
                pending.over().await;
                // The channel may be gone.
                let _ = channel.stop_moh().await;
            });
        }
    }
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
