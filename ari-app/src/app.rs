use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ari_bindings::models::Channel;
use ari_bindings::{Client, Error, Events};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::call::{Arrival, Call};
use crate::context::Context;
use crate::dispatch::dispatch;
use crate::error::{CallError, End, EndReason};
use crate::ids;
use crate::session::Session;
use crate::summary::CallSummary;

/// How long the end of a call may take: hanging up its legs and destroying its bridges.
const TEARDOWN: Duration = Duration::from_secs(5);

/// An application: a name that `Stasis()` in the dialplan sends calls to, and how they are served.
#[must_use = "nothing is served until `serve` is awaited"]
pub struct App {
    ari: Client,
    name: String,
    max_calls: usize,
    overload: Overload,
    resume: Resume,
    drain: Duration,
    stop: watch::Sender<bool>,
    on_signal: bool,
    on_summary: Option<Arc<OnSummary>>,
}

type OnSummary = dyn Fn(&CallSummary) + Send + Sync;
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What happens to a call that arrives while as many are served as [`App::max_calls`] allows, or while the application
/// shuts down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Overload {
    /// It is hung up, with congestion as the reason.
    #[default]
    Congestion,
    /// It goes on in the dialplan, at the next priority.
    Dialplan,
}

/// What happens to the calls that an earlier run of the application left in Asterisk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Resume {
    /// They are handed to the handler; [`Call::is_resumed`] distinguishes them from new ones.
    #[default]
    Handle,
    /// They are hung up.
    HangUp,
    /// They go on in the dialplan.
    Dialplan,
}

/// Ends [`App::serve`] from elsewhere; see [`App::shutdown`].
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Sender<bool>);

impl Shutdown {
    /// Takes no more calls, lets the running ones finish for as long as [`App::drain`] allows, then ends them.
    pub fn start(&self) {
        self.0.send_replace(true);
    }
}

impl App {
    /// An application of this name on this server.
    pub fn new(ari: Client, name: impl Into<String>) -> Self {
        Self {
            ari,
            name: name.into(),
            max_calls: usize::MAX,
            overload: Overload::default(),
            resume: Resume::default(),
            drain: Duration::from_secs(30),
            stop: watch::Sender::new(false),
            on_signal: true,
            on_summary: None,
        }
    }

    /// How many calls are served at once, and what happens to further ones. Unlimited by default.
    pub fn max_calls(mut self, most: usize, overload: Overload) -> Self {
        (self.max_calls, self.overload) = (most, overload);
        self
    }

    /// What happens to the calls that an earlier run left behind. Bridges and legs that it left are destroyed and hung up
    /// in any case.
    pub fn resume(mut self, resume: Resume) -> Self {
        self.resume = resume;
        self
    }

    /// How long running calls may go on after a shutdown has begun; 30 s by default.
    pub fn drain(mut self, limit: Duration) -> Self {
        self.drain = limit;
        self
    }

    /// Whether Ctrl-C and, on Unix, SIGTERM shut the application down; they do by default.
    pub fn shutdown_on_signal(mut self, yes: bool) -> Self {
        self.on_signal = yes;
        self
    }

    /// Receives a summary at the end of each call. It runs in the task of the call, so it must not block.
    pub fn on_summary(mut self, receive: impl Fn(&CallSummary) + Send + Sync + 'static) -> Self {
        self.on_summary = Some(Arc::new(receive));
        self
    }

    /// A handle that shuts the application down from another task.
    #[must_use]
    pub fn shutdown(&self) -> Shutdown {
        Shutdown(self.stop.clone())
    }

    /// Serves calls until the application is shut down, or the event connection ends for good.
    ///
    /// Each call gets its own task. A handler that fails or panics ends its call, and no other.
    pub async fn serve<Handler, Work, Fault>(self, handler: Handler) -> Result<(), Error>
    where
        Handler: Fn(Call) -> Work + Send + Sync + 'static,
        Work: Future<Output = Result<(), Fault>> + Send + 'static,
        Fault: Into<Failure> + Send + 'static,
    {
        let events = self.ari.events([self.name.as_str()]).await?;
        self.serve_events(events, handler).await
    }

    /// As [`App::serve`], over an event connection that exists already: one with other options, or one that Asterisk made.
    pub async fn serve_events<Handler, Work, Fault>(self, mut events: Events, handler: Handler) -> Result<(), Error>
    where
        Handler: Fn(Call) -> Work + Send + Sync + 'static,
        Work: Future<Output = Result<(), Fault>> + Send + 'static,
        Fault: Into<Failure> + Send + 'static,
    {
        let context = Arc::new(Context::new(self.ari.clone(), &self.name));
        let mut serving =
            Serving { context: Arc::clone(&context), handler: Arc::new(handler), calls: JoinSet::new(), app: &self };
        serving.resume().await?;
        let mut stop = self.stop.subscribe();
        let mut signal = pin!(stop_signal(self.on_signal));
        let ended = loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(Ok(event)) => serving.take(&event),
                    Some(Err(error)) => break Err(error),
                    None => break Ok(()),
                },
                Some(_) = serving.calls.join_next() => {}
                () = shutdown_asked(&mut stop) => break serving.drain(&mut events).await,
                () = &mut signal => break serving.drain(&mut events).await,
            }
        };
        for session in context.sessions() {
            session.end(End::new(EndReason::Disconnected, None));
        }
        // Tasks end by themselves now: every verb fails, and the tear-down has a bound.
        while serving.calls.join_next().await.is_some() {}
        ended
    }
}

struct Serving<'app, Handler> {
    context: Arc<Context>,
    handler: Arc<Handler>,
    calls: JoinSet<()>,
    app: &'app App,
}

impl<Handler, Work, Fault> Serving<'_, Handler>
where
    Handler: Fn(Call) -> Work + Send + Sync + 'static,
    Work: Future<Output = Result<(), Fault>> + Send + 'static,
    Fault: Into<Failure> + Send + 'static,
{
    fn take(&mut self, event: &ari_bindings::Event) {
        let Some(start) = dispatch(&self.context, event) else { return };
        if self.calls.len() >= self.app.max_calls {
            tracing::warn!(call = start.channel.id.as_str(), "turned away: too many calls");
            self.turn_away(start.channel.id.as_str());
        } else {
            self.begin(&start.channel, start.args.clone(), false);
        }
    }

    fn turn_away(&self, channel: &str) {
        let channel = self.context.ari.channel(channel);
        let overload = self.app.overload;
        tokio::spawn(async move {
            match overload {
                Overload::Congestion => channel.hangup().reason("congestion").await,
                Overload::Dialplan => channel.continue_in_dialplan().await,
            }
        });
    }

    fn begin(&mut self, channel: &Channel, args: Vec<String>, resumed: bool) {
        let session = Session::new(Arc::clone(&self.context), channel.id.as_str(), channel.state.as_str() == "Up");
        self.context.route(channel.id.as_str(), &session);
        let arrival = Arrival {
            args,
            caller_number: channel.caller.number.clone(),
            caller_name: channel.caller.name.clone(),
            dialed: channel.dialplan.exten.clone(),
            resumed,
        };
        let call = Call { session, arrival: Arc::new(arrival) };
        let span = tracing::info_span!("call", id = call.id(), caller = call.caller_number(), dialed = call.dialed());
        let (handler, on_summary) = (Arc::clone(&self.handler), self.app.on_summary.clone());
        let work = async move {
            let failure = run(&*handler, &call).await;
            let summary = CallSummary::of(&call, failure);
            tracing::info!(duration = summary.duration, legs = summary.legs, "the call is over");
            if let Some(receive) = on_summary {
                receive(&summary);
            }
        };
        self.calls.spawn(work.instrument(span));
    }

    /// Takes over, or clears away, what an earlier run has left.
    async fn resume(&mut self) -> Result<(), Error> {
        let ari = self.context.ari.clone();
        let left = ari.application(&*self.context.app).get().await?;
        for bridge in left.bridge_ids.iter().filter(|id| ids::is_own(id.as_str())) {
            ignore_not_found(ari.bridge(bridge).destroy().await)?;
        }
        for id in &left.channel_ids {
            let channel = match ari.channel(id).get().await {
                Ok(channel) => channel,
                Err(error) if error.is_not_found() => continue,
                Err(error) => return Err(error),
            };
            match self.app.resume {
                _ if ids::is_own(id.as_str()) => ignore_not_found(ari.channel(id).hangup().await)?,
                Resume::Handle => self.begin(&channel, Vec::new(), true),
                Resume::HangUp => ignore_not_found(ari.channel(id).hangup().await)?,
                Resume::Dialplan => ignore_not_found(ari.channel(id).continue_in_dialplan().await)?,
            }
        }
        Ok(())
    }

    /// Waits for the running calls, turning new ones away, then ends them.
    async fn drain(&mut self, events: &mut Events) -> Result<(), Error> {
        tracing::info!(calls = self.calls.len(), "shutting down");
        let mut limit = pin!(tokio::time::sleep(self.app.drain));
        while !self.calls.is_empty() {
            tokio::select! {
                event = events.next() => match event {
                    Some(Ok(event)) => if let Some(start) = dispatch(&self.context, &event) {
                        self.turn_away(start.channel.id.as_str());
                    },
                    Some(Err(error)) => return Err(error),
                    None => return Ok(()),
                },
                _ = self.calls.join_next() => {}
                () = &mut limit => {
                    let calls = self.context.sessions();
                    let hangups = calls.iter().map(|session| async { session.channel().hangup().await });
                    let _ = timeout(TEARDOWN, join_all(hangups)).await;
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn ignore_not_found(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        // A channel that is no longer in the application cannot be sent on (409).
        Err(error) if !error.is_not_found() && error.status() != Some(409) => Err(error),
        _ => Ok(()),
    }
}

/// Runs a handler to its end and tears down what the call owns. Returns the failure, unless it is the end of the call.
async fn run<Handler, Work, Fault>(handler: &Handler, call: &Call) -> Option<String>
where
    Handler: Fn(Call) -> Work,
    Work: Future<Output = Result<(), Fault>>,
    Fault: Into<Failure>,
{
    let work = async { handler(call.clone()).await };
    let failure = match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(())) => None,
        Ok(Err(fault)) => {
            let fault: Failure = fault.into();
            let is_end = call.end().is_some() && fault.downcast_ref::<CallError>().is_none_or(CallError::is_ended);
            (!is_end).then(|| chain(&*fault))
        }
        Err(_) => Some("panicked".to_owned()),
    };
    if let Some(failure) = &failure {
        tracing::error!(call = call.id(), "the handler failed: {failure}");
    }
    if timeout(TEARDOWN, tear_down(&call.session)).await.is_err() {
        tracing::warn!(call = call.id(), "not everything of the call could be ended in time");
    }
    call.session.context.forget(&call.session);
    failure
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Ends what a call owns: its bridges, its legs, the caller.
async fn tear_down(session: &Session) {
    let (detached, bridges, channels) = session.read(|state| {
        let legs = state.legs.iter().filter(|leg| !leg.is_over()).map(|leg| leg.channel.clone());
        let caller = state.end.is_none().then(|| state.channel.clone());
        (state.detached, state.bridges.clone(), legs.chain(caller).collect::<Vec<_>>())
    });
    if detached {
        return;
    }
    let ari = &session.context.ari;
    // What is gone already needs no end.
    join_all(bridges.iter().map(|id| async { ari.bridge(&**id).destroy().await.is_ok() })).await;
    join_all(channels.iter().map(|id| async { ari.channel(&**id).hangup().await.is_ok() })).await;
    session.wait_for(Duration::from_secs(1), |state| state.end.clone()).await;
}

/// Ends when [`Shutdown::start`] has been called.
async fn shutdown_asked(stop: &mut watch::Receiver<bool>) {
    // The application holds the sender.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Ends when the process is asked to.
async fn stop_signal(is_wanted: bool) {
    if !is_wanted {
        return std::future::pending().await;
    }
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                () = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    interrupted.await;
}
