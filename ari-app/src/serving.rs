//! The loop that serves calls, from the first event to the end of the last call.

use std::collections::HashSet;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use ari_bindings::ids::ChannelId;
use ari_bindings::models::Channel;
use ari_bindings::{DisconnectReason, Error, Event, Events};
use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::Instrument as _;

use crate::app::{App, Overload, Resume};
use crate::call::{Arrival, Call};
use crate::context::Context;
use crate::dispatch::{dispatch, is_new};
use crate::error::{CallError, End, EndReason};
use crate::left::{Waiting, clear, waiting};
use crate::session::{IN_FLIGHT, Session};
use crate::signal::stop_signal;
use crate::teardown::{Ending, TEARDOWN};

/// How long handlers may go on after their calls have ended, before they are aborted.
const GRACE: Duration = Duration::from_secs(5);

/// The error of a handler.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Serves calls until the application is shut down or the event connection ends.
pub(crate) async fn serve<Handler, Work, Fault>(app: App, mut events: Events, handler: Handler) -> Result<(), Error>
where
    Handler: Fn(Call) -> Work + Send + Sync + 'static,
    Work: Future<Output = Result<(), Fault>> + Send + 'static,
    Fault: Into<Failure> + Send + 'static,
{
    let context = Arc::new(Context::new(app.ari.clone(), &app.name));
    let handler = Arc::new(handler);
    let mut serving = Serving {
        context,
        handler,
        app: &app,
        calls: JoinSet::new(),
        found: JoinSet::new(),
        entered: HashSet::new(),
        is_draining: false,
    };
    if let Err(error) = clear(&serving.context).await {
        tracing::error!(error = &error as &dyn std::error::Error, "cannot clear what an earlier run has left");
    }
    serving.look_for_calls(true);
    let stop = app.stop.subscribe();
    let ended = serving.run(&mut events, stop).await;
    serving.end_calls(&ended).await;
    if timeout(TEARDOWN, serving.close(&mut events)).await.is_err() {
        tracing::warn!("the event connection could not be closed in time");
    }
    serving.context.finish(TEARDOWN).await;
    ended
}

struct Serving<'app, Handler> {
    context: Arc<Context>,
    handler: Arc<Handler>,
    app: &'app App,
    calls: JoinSet<()>,
    /// Searches for calls that came in without an event, and whether they are of an earlier run.
    found: JoinSet<(Vec<Waiting>, bool)>,
    /// The channels that have entered the application during such a search, which may have seen them as they were before.
    entered: HashSet<ChannelId>,
    /// Whether new calls are turned away.
    is_draining: bool,
}

/// Why [`Serving::pump`] has returned.
enum Pumped {
    /// The time is up, or something asked for the end.
    Stopped,
    /// The last call has ended while no new ones are taken.
    Idle,
    /// The event connection has ended.
    Lost(Result<(), Error>),
}

impl<Handler, Work, Fault> Serving<'_, Handler>
where
    Handler: Fn(Call) -> Work + Send + Sync + 'static,
    Work: Future<Output = Result<(), Fault>> + Send + 'static,
    Fault: Into<Failure> + Send + 'static,
{
    /// Serves until the end of the connection, or after a shutdown until the calls have ended or have been hung up.
    async fn run(&mut self, events: &mut Events, mut stop: watch::Receiver<bool>) -> Result<(), Error> {
        let asked = async {
            tokio::select! {
                // The application holds the sender.
                _ = stop.wait_for(|stop| *stop) => {}
                () = stop_signal(self.app.on_signal) => {}
            }
        };
        let mut asked = pin!(asked);
        if let Pumped::Lost(ended) = self.pump(events, asked.as_mut()).await {
            return ended;
        }
        tracing::info!(calls = self.calls.len(), "shutting down");
        self.is_draining = true;
        let limit = async {
            tokio::select! {
                () = sleep(self.app.drain) => {}
                // Another signal ends the patience.
                () = stop_signal(self.app.on_signal) => {}
            }
        };
        let mut limit = pin!(limit);
        match self.pump(events, limit.as_mut()).await {
            Pumped::Lost(ended) => return ended,
            Pumped::Idle => return Ok(()),
            Pumped::Stopped => {}
        }
        let calls = self.context.sessions();
        let hangups = calls.iter().filter(|session| !session.is_detached()).map(|session| {
            let channel = session.read(|state| state.channel.clone());
            self.context.hang_up(&channel)
        });
        drop(hangups.collect::<Vec<_>>());
        let mut grace = pin!(sleep(GRACE));
        match self.pump(events, grace.as_mut()).await {
            Pumped::Lost(ended) => ended,
            Pumped::Idle | Pumped::Stopped => Ok(()),
        }
    }

    async fn pump(&mut self, events: &mut Events, mut until: Pin<&mut impl Future<Output = ()>>) -> Pumped {
        while !(self.is_draining && self.calls.is_empty()) {
            tokio::select! {
                event = events.next() => match event {
                    Some(Ok(event)) => self.take(&event),
                    Some(Err(error)) => return Pumped::Lost(Err(error)),
                    None => return Pumped::Lost(Ok(())),
                },
                Some(_) = self.calls.join_next() => {}
                Some(found) = self.found.join_next() => if let Ok((waiting, resumed)) = found {
                    self.take_over(waiting, resumed);
                },
                () = &mut until => return Pumped::Stopped,
            }
        }
        Pumped::Idle
    }

    fn take(&mut self, event: &Event) {
        if let Event::Reconnected(_) = event {
            dispatch(&self.context, event);
            // A call that entered in the gap sends no event.
            self.look_for_calls(false);
            return;
        }
        if let Event::StasisStart(start) = event {
            if !self.found.is_empty() {
                self.entered.insert(start.channel.id.clone());
            }
        }
        if let Some(start) = dispatch(&self.context, event) {
            self.admit(&start.channel, start.args.clone(), false);
        }
    }

    /// Searches for channels that wait in the application; [`Serving::take_over`] receives them.
    fn look_for_calls(&mut self, resumed: bool) {
        let context = Arc::clone(&self.context);
        self.found.spawn(async move {
            let waiting = waiting(&context).await.unwrap_or_else(|error| {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot list the calls that wait");
                Vec::new()
            });
            // Those of which an event is on the way are new, not resumed.
            sleep(IN_FLIGHT).await;
            (waiting, resumed)
        });
    }

    fn take_over(&mut self, waiting: Vec<Waiting>, resumed: bool) {
        for Waiting { channel, args } in waiting {
            let id = channel.id.as_str();
            let is_known = self.context.find(id).is_some_and(|session| session.read(|state| state.has(id)));
            if is_known
                || self.entered.contains(&channel.id)
                || self.context.is_detached(id)
                || !is_new(&self.context, &channel, &args)
            {
                continue;
            }
            match self.app.resume {
                Resume::HangUp if resumed => drop(self.context.hang_up(id)),
                Resume::Dialplan if resumed => self.turn_away(id, Overload::Dialplan),
                _ => self.admit(&channel, args, resumed),
            }
        }
        if self.found.is_empty() {
            self.entered.clear();
        }
    }

    fn admit(&mut self, channel: &Channel, args: Vec<String>, resumed: bool) {
        // Calls that have ended do not count.
        while self.calls.try_join_next().is_some() {}
        let id = channel.id.as_str();
        if self.is_draining {
            self.turn_away(id, self.app.overload);
        } else if self.calls.len() >= self.app.max_calls {
            tracing::warn!(call = id, "turned away: too many calls");
            self.turn_away(id, self.app.overload);
        } else {
            self.begin(channel, args, resumed);
        }
    }

    fn turn_away(&self, channel: &str, overload: Overload) {
        let context = Arc::clone(&self.context);
        let handle = context.ari.channel(channel);
        let id: Box<str> = channel.into();
        self.context.spawn(async move {
            let done = match overload {
                Overload::Congestion => handle.hangup().reason("congestion").await,
                Overload::Dialplan => handle.continue_in_dialplan().await,
            };
            match done {
                Err(error) if !error.is_gone() => {
                    tracing::warn!(call = &*id, error = &error as &dyn std::error::Error, "cannot be turned away");
                    drop(context.hang_up(&id));
                }
                _ => {}
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
        let ending = Ending::new(call.clone(), self.app.on_summary.clone(), span.clone());
        let handler = Arc::clone(&self.handler);
        let work = async move {
            let failure = handle(&*handler, call).await;
            ending.finish(failure).await;
        };
        self.calls.spawn(work.instrument(span));
    }

    /// Ends the calls that are left, and their handlers within a bound.
    async fn end_calls(&mut self, ended: &Result<(), Error>) {
        let is_replaced = matches!(ended, Err(Error::Disconnected { reason: DisconnectReason::Replaced { .. }, .. }));
        self.found.abort_all();
        for session in self.context.sessions() {
            if is_replaced {
                // Another process serves the application and its calls now.
                session.change(|state| state.detached = true);
            }
            session.end(End::new(EndReason::Disconnected, None));
        }
        // After a shutdown they have had it.
        let limit = if self.is_draining && ended.is_ok() { Duration::ZERO } else { GRACE };
        let all = async { while self.calls.join_next().await.is_some() {} };
        if timeout(limit, all).await.is_err() {
            tracing::warn!(calls = self.calls.len(), "aborting handlers that go on after their calls");
            self.calls.abort_all();
            while self.calls.join_next().await.is_some() {}
        }
    }

    /// Closes the connection, and turns away the calls that have come until then.
    async fn close(&mut self, events: &mut Events) {
        self.is_draining = true;
        events.close().await;
        while let Some(Ok(event)) = events.next().await {
            self.take(&event);
        }
    }
}

/// Runs a handler to its end. Returns the failure, unless it is the end of the call.
async fn handle<Handler, Work, Fault>(handler: &Handler, call: Call) -> Option<String>
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
            (call.end().is_none() || !is_end(&*fault)).then(|| chain(&*fault))
        }
        Err(_) => Some("panicked".to_owned()),
    };
    if let Some(failure) = &failure {
        tracing::error!("the handler failed: {failure}");
    }
    failure
}

fn causes<'error>(
    error: &'error (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'error (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// Whether an error is [`CallError::Ended`], or has it as a cause.
fn is_end(error: &(dyn std::error::Error + 'static)) -> bool {
    // Libraries such as `anyhow` hide the type of what they carry, but not its text.
    causes(error).any(|error| match error.downcast_ref::<CallError>() {
        Some(error) => error.is_ended(),
        None => error.to_string().starts_with(CallError::ENDED),
    })
}

/// An error with its causes.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Wrapped(CallError);

    impl std::fmt::Display for Wrapped {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("while asking")
        }
    }

    impl std::error::Error for Wrapped {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn is_end_looks_at_the_causes() {
        let ended = CallError::Ended(End::new(EndReason::HungUp, Some(16)));
        assert!(is_end(&ended));
        assert!(is_end(&*Failure::from(ended.to_string())));
        assert!(is_end(&Wrapped(ended)));
        assert!(!is_end(&Wrapped(CallError::invalid("media", "empty"))));
        assert!(!is_end(&std::io::Error::other("the database is gone")));
    }
}
