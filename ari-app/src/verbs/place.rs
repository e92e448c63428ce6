use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::dial::{Dialed, Plan};
use crate::Call;
use crate::error::{CallError, EndReason};
use crate::outgoing::{Outgoing, Placing};
use crate::session::Session;
use crate::telemetry::verb;

/// Starts a call; see [`Outgoing::dial`]. Awaiting it returns when an endpoint has answered, or none will.
#[must_use = "nobody is dialled until it is awaited"]
pub struct Place<'app> {
    outgoing: &'app Outgoing,
    plan: Plan,
    args: Vec<String>,
}

/// The outcome of starting a call.
#[derive(Debug)]
#[non_exhaustive]
pub enum Placed {
    /// An endpoint has answered, and the handler of the application has the call.
    Answered(Call),
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
    /// Nobody was dialled: there are as many calls as [`App::max_calls`](crate::App::max_calls) allows.
    Full,
}

impl<'app> Place<'app> {
    pub(crate) fn new(outgoing: &'app Outgoing, endpoints: Vec<String>) -> Self {
        Self { outgoing, plan: Plan::new(endpoints), args: Vec::new() }
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

    /// A channel variable, such as a `PJSIP_HEADER`.
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.plan.variables.push((name.into(), value.into()));
        self
    }

    /// What [`Call::args`] returns. Asterisk keeps them with the channel, so they are there after a crash of the program,
    /// too.
    ///
    /// Commas, quotes, brackets and backslashes are refused; pass such text as a variable.
    pub fn args(mut self, args: impl ari_bindings::IntoList<String>) -> Self {
        self.args = args.into_list();
        self
    }

    /// Dials one endpoint after the other, each for the whole timeout, instead of all at once.
    pub fn one_by_one(mut self) -> Self {
        self.plan.one_by_one = true;
        self
    }

    fn check(&self) -> Result<(), CallError> {
        self.plan.check()?;
        check_args(&self.args)
    }

    async fn run(self) -> Result<Placed, CallError> {
        self.check()?;
        let context = self.outgoing.context(self.plan.timeout).await?;
        let Some(permit) = context.capacity.serve_now() else { return Ok(Placed::Full) };
        let placement = Placement::new(Session::placing(context, Placing::new(self.args, permit)));
        // It may have closed before it could know of the session.
        if !self.outgoing.is_open() {
            return Err(CallError::NotServing);
        }
        match self.plan.run(&placement.0).await {
            Ok(Dialed::Answered(_)) => {
                let call = placement.0.placing.as_ref().and_then(Placing::call);
                Ok(call.map_or(Placed::NoAnswer, |call| Placed::Answered(call.clone())))
            }
            Ok(Dialed::Busy) => Ok(Placed::Busy),
            Ok(Dialed::NoAnswer) => Ok(Placed::NoAnswer),
            Ok(Dialed::Failed { cause }) => Ok(Placed::Failed { cause }),
            Err(CallError::Ended(end)) if end.reason == EndReason::Restarted => Ok(Placed::Failed { cause: None }),
            Err(CallError::Ended(_)) => Err(CallError::NotServing),
            Err(error) => Err(error),
        }
    }
}

impl<'app> IntoFuture for Place<'app> {
    type Output = Result<Placed, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'app>>;

    fn into_future(self) -> Self::IntoFuture {
        verb("outgoing.dial", self.run())
    }
}

/// Checks arguments of an application, which Asterisk separates at commas.
pub(super) fn check_args(args: &[String]) -> Result<(), CallError> {
    match args.iter().find(|argument| argument.contains([',', '"', '(', ')', '\\'])) {
        Some(argument) => {
            let reason = format!("{argument:?}: no commas, quotes, brackets or backslashes; use a variable");
            Err(CallError::invalid("args", reason))
        }
        None => Ok(()),
    }
}

/// A session that the context knows until this is dropped.
struct Placement(Arc<Session>);

impl Placement {
    fn new(session: Arc<Session>) -> Self {
        session.context.route(session.id.clone(), &session);
        Self(session)
    }
}

impl Drop for Placement {
    fn drop(&mut self) {
        self.0.context.forget(&self.0);
    }
}
