use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ari_bindings::handles::ChannelHandle;
use futures_util::future::join_all;
use tokio::time::{Instant, timeout_at};

use crate::error::{CallError, End, EndReason};
use crate::session::{self, LegStatus, Session, State};
use crate::{Call, ids};

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
    /// Nobody answered in time.
    NoAnswer,
    /// No endpoint could be reached: unknown, not registered or declined.
    #[non_exhaustive]
    Failed {
        /// The Q.850 cause of the last one, if Asterisk reported one.
        cause: Option<i64>,
    },
}

/// A channel that the call has dialled, and that has answered.
///
/// It belongs to the call: it is hung up when the handler ends, unless the call is [detached](Call::detach).
#[derive(Clone)]
pub struct Leg {
    pub(crate) session: Arc<Session>,
    token: Box<str>,
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

    /// Dials one endpoint after the other, each for the whole timeout, instead of all at once.
    pub fn one_by_one(mut self) -> Self {
        self.one_by_one = true;
        self
    }

    fn check(&self) -> Result<(), CallError> {
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

    async fn run(self) -> Result<Dialed, CallError> {
        self.check()?;
        let session = &self.call.session;
        session.check()?;
        let music = if self.music { Some(Music::start(session).await?) } else { None };
        let dialed = if self.one_by_one {
            let mut last = Dialed::NoAnswer;
            for endpoint in &self.endpoints {
                last = self.all_at_once(std::slice::from_ref(endpoint)).await?;
                if matches!(last, Dialed::Answered(_)) {
                    break;
                }
            }
            last
        } else {
            self.all_at_once(&self.endpoints).await?
        };
        if let Some(music) = music {
            music.stop().await;
        }
        Ok(dialed)
    }

    async fn all_at_once(&self, endpoints: &[String]) -> Result<Dialed, CallError> {
        let session = &self.call.session;
        let legs = Legs { session: Arc::clone(session), tokens: endpoints.iter().map(|_| new_leg(session)).collect() };
        let time_is_up = Instant::now() + self.timeout;
        join_all(endpoints.iter().zip(&legs.tokens).map(|(endpoint, token)| self.originate(endpoint, token))).await;
        let outcome = timeout_at(time_is_up + PATIENCE, session.wait(|state| legs.outcome(state))).await;
        match outcome {
            // Which cause Asterisk gives then depends on its release and the technology.
            Ok(Ok(Outcome::Failed(_))) if Instant::now() >= time_is_up => Ok(Dialed::NoAnswer),
            Ok(outcome) => outcome.map(|outcome| legs.take(outcome)),
            Err(_) => Ok(Dialed::NoAnswer),
        }
    }

    /// Has Asterisk call an endpoint. A refusal is the end of the leg.
    async fn originate(&self, endpoint: &str, token: &str) {
        let session = &self.call.session;
        let context = &session.context;
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
        if let Err(error) = request.await {
            tracing::info!(endpoint, error = &error as &dyn std::error::Error, "cannot dial");
            if !error.maybe_executed() {
                session.change(|state| state.set_leg_status(token, LegStatus::Ended { cause: None }));
            }
        }
    }
}

impl<'call> IntoFuture for Dial<'call> {
    type Output = Result<Dialed, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

fn new_leg(session: &Arc<Session>) -> Box<str> {
    let token = ids::new(ids::Kind::Leg);
    session.context.route(token.clone(), session);
    session.change(|state| {
        let (token, channel) = (token.clone(), token.clone());
        state.legs.push(session::Leg { token, channel, status: LegStatus::Dialling, busy: false });
    });
    token
}

/// Legs that ring. Those that have not been taken are hung up when it is dropped.
struct Legs {
    session: Arc<Session>,
    tokens: Vec<Box<str>>,
}

enum Outcome {
    Answered(Box<str>),
    Busy,
    NoAnswer,
    Failed(Option<i64>),
}

impl Legs {
    /// The outcome, as soon as one has answered or all have ended.
    fn outcome(&self, state: &State) -> Option<Outcome> {
        let legs: Vec<&session::Leg> = state.legs.iter().filter(|leg| self.tokens.contains(&leg.token)).collect();
        if let Some(answered) = legs.iter().find(|leg| leg.status == LegStatus::Answered) {
            return Some(Outcome::Answered(answered.token.clone()));
        }
        let mut last = None;
        for leg in &legs {
            let LegStatus::Ended { cause } = leg.status else { return None };
            last = cause;
        }
        Some(if legs.iter().all(|leg| leg.busy || leg.status == LegStatus::Ended { cause: Some(17) }) {
            Outcome::Busy
        } else if legs.iter().any(|leg| matches!(leg.status, LegStatus::Ended { cause: Some(18 | 19) })) {
            Outcome::NoAnswer
        } else {
            Outcome::Failed(last)
        })
    }

    fn take(mut self, outcome: Outcome) -> Dialed {
        match outcome {
            Outcome::Answered(token) => {
                self.tokens.retain(|other| *other != token);
                Dialed::Answered(Leg { session: Arc::clone(&self.session), token })
            }
            Outcome::Busy => Dialed::Busy,
            Outcome::NoAnswer => Dialed::NoAnswer,
            Outcome::Failed(cause) => Dialed::Failed { cause },
        }
    }
}

impl Drop for Legs {
    fn drop(&mut self) {
        let mut living = Vec::new();
        self.session.change(|state| {
            for token in &self.tokens {
                let leg = state.legs.iter().find(|leg| leg.token == *token);
                living.extend(leg.filter(|leg| !leg.is_over()).map(|leg| leg.channel.clone()));
            }
        });
        for channel in living {
            let channel = self.session.context.ari.channel(&*channel);
            tokio::spawn(async move { channel.hangup().await });
        }
    }
}

/// Music on hold for the caller, which stops when it is dropped.
struct Music {
    session: Arc<Session>,
    is_playing: bool,
}

impl Music {
    async fn start(session: &Arc<Session>) -> Result<Self, CallError> {
        match session.channel().start_moh().await {
            Ok(()) => Ok(Self { session: Arc::clone(session), is_playing: true }),
            Err(error) => Err(session.explain(error).await),
        }
    }

    async fn stop(mut self) {
        self.is_playing = false;
        // The channel may be gone.
        let _ = self.session.channel().stop_moh().await;
    }
}

impl Drop for Music {
    fn drop(&mut self) {
        if self.is_playing {
            let channel = self.session.channel();
            tokio::spawn(async move { channel.stop_moh().await });
        }
    }
}

impl Leg {
    /// The channel. A transfer by its phone changes it.
    #[must_use]
    pub fn channel(&self) -> ChannelHandle {
        let id = self.session.read(|state| state.leg(&self.token).map(|leg| leg.channel.clone()));
        self.session.context.ari.channel(id.as_deref().unwrap_or(&self.token))
    }

    /// Waits until it has hung up; returns how.
    ///
    /// Fails with [`CallError::Ended`] if the call ends first.
    pub async fn ended(&self) -> Result<End, CallError> {
        self.session.wait(|state| self.end(state)).await
    }

    /// Hangs it up. One that has hung up already is no error.
    pub async fn hangup(&self) -> Result<(), CallError> {
        match self.channel().hangup().await {
            Err(error) if !error.is_not_found() => Err(CallError::Ari(error)),
            _ => Ok(()),
        }
    }

    pub(crate) fn end(&self, state: &State) -> Option<End> {
        match state.leg(&self.token).map(|leg| leg.status) {
            Some(LegStatus::Ended { cause }) => Some(End::new(EndReason::HungUp, cause)),
            Some(_) => None,
            None => Some(End::new(EndReason::HungUp, None)),
        }
    }
}

impl std::fmt::Debug for Leg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leg").field("token", &self.token).finish_non_exhaustive()
    }
}
