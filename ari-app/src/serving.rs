//! The loop that serves calls, from the first event to the end of the last call.

use std::collections::HashSet;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use ari_bindings::ids::ChannelId;
use ari_bindings::models::Channel;
use ari_bindings::{DisconnectReason, Error, Event, Events};
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::Instrument as _;

use crate::app::{App, Resume};
use crate::arrival::Arrival;
use crate::call::Call;
use crate::context::Context;
use crate::dispatch::{Origin, dispatch, origin};
use crate::error::{End, EndReason, ServeError};
use crate::handler::{Failure, chain, run};
use crate::left::{Unserved, clear, clear_application, unserved, unserved_one};
use crate::outgoing::{Gate, Placing, hand_over};
use crate::overload::{Admission, Capacity, Overload};
use crate::reconcile::reconcile_all;
use crate::session::{IN_FLIGHT, Session};
use crate::signal::stop_signal;
use crate::teardown::{Ending, TEARDOWN};

/// How long handlers may go on after their calls have ended, before they are aborted.
const GRACE: Duration = Duration::from_secs(5);

/// How many calls the event connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    All,
    /// One, for which Asterisk has opened it.
    #[cfg_attr(not(feature = "outbound"), expect(dead_code, reason = "only outbound connections are for one call"))]
    One,
}

/// Serves calls until the application is shut down or the event connection ends. Fails at once if a setting cannot work.
pub(crate) async fn serve<Handler, Work, Fault>(
    app: App,
    mut events: Events,
    scope: Scope,
    handler: Handler,
) -> Result<(), ServeError>
where
    Handler: Fn(Call) -> Work + Send + Sync + 'static,
    Work: Future<Output = Result<(), Fault>> + Send + 'static,
    Fault: Into<Failure> + Send + 'static,
{
    app.overload.check(app.max_calls)?;
    let capacity = Capacity::new(app.max_calls, &app.overload);
    let context = Context::new(app.ari.clone(), &app.name, app.ids(), capacity);
    #[cfg(feature = "media")]
    let context = context.with_media(app.media.clone());
    let context = Arc::new(context);
    let handler = Arc::new(handler);
    let mut serving = Serving {
        context,
        handler,
        app: &app,
        calls: JoinSet::new(),
        found: JoinSet::new(),
        entered: HashSet::new(),
        left: HashSet::new(),
        gate: None,
        is_draining: false,
    };
    match scope {
        Scope::All => {
            match clear(&serving.context).await {
                Ok(calls) => serving.left = calls,
                Err(error) => report(&error, "cannot clear what an earlier run has left"),
            }
            serving.look_for_calls(true);
        }
        Scope::One => serving.look_for_call().await,
    }
    serving.gate = Some(Gate::open(&app.link, &serving.context));
    let stop = app.stop.subscribe();
    let ended = serving.run(&mut events, stop).await;
    serving.end_calls(&ended).await;
    if timeout(TEARDOWN, serving.close(&mut events)).await.is_err() {
        tracing::warn!("the event connection could not be closed in time");
    }
    serving.context.finish(TEARDOWN).await;
    Ok(ended?)
}

struct Serving<'app, Handler> {
    context: Arc<Context>,
    handler: Arc<Handler>,
    app: &'app App,
    calls: JoinSet<()>,
    /// Searches for calls that came in without an event, and whether they are of an earlier run.
    found: JoinSet<(Vec<Unserved>, bool)>,
    /// The channels that have entered the application during such a search, which may have seen them as they were before.
    entered: HashSet<ChannelId>,
    /// The outgoing calls of an earlier run.
    left: HashSet<ChannelId>,
    /// Open while outgoing calls may be started.
    gate: Option<Gate>,
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
        self.gate = None;
        self.context.capacity.close();
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
        let is_own = |session: &&Arc<Session>| session.placing.is_none() && !session.is_detached();
        let hangups = calls.iter().filter(is_own).map(|session| {
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
                Some(found) = self.found.join_next() => if let Ok((unserved, resumed)) = found {
                    self.take_over(unserved, resumed);
                },
                () = &mut until => return Pumped::Stopped,
            }
        }
        Pumped::Idle
    }

    fn take(&mut self, event: &Event) {
        if let Event::Reconnected(gap) = event {
            if gap.restarted == Some(true) {
                self.context.sessions().iter().for_each(|session| session.end(End::new(EndReason::Restarted, None)));
            }
            // A call that entered in the gap sends no event.
            self.look_for_calls(false);
            return;
        }
        if let Event::StasisStart(start) = event {
            if !self.found.is_empty() {
                self.entered.insert(start.channel.id.clone());
            }
        }
        if let Some((start, origin)) = dispatch(&self.context, event) {
            self.admit(&start.channel, start.args.clone(), &origin);
        }
    }

    /// Searches for channels that wait in the application; [`Serving::take_over`] receives them.
    fn look_for_calls(&mut self, resumed: bool) {
        let context = Arc::clone(&self.context);
        self.found.spawn(async move {
            // First, because a channel that has taken the place of another is no new call.
            if !resumed {
                reconcile_all(&context).await;
            }
            let unserved = unserved(&context).await.unwrap_or_else(|error| {
                report(&error, "cannot list the calls that wait");
                Vec::new()
            });
            // Those of which an event is on the way are new, not resumed.
            sleep(IN_FLIGHT).await;
            (unserved, resumed)
        });
    }

    /// As [`Serving::look_for_calls`], for the only call there can be. It is an old one if Asterisk has opened the connection
    /// again; then what belongs to it is ended first.
    async fn look_for_call(&mut self) {
        let others = match clear_application(&self.context).await {
            Ok(others) => others,
            Err(error) => return report(&error, "cannot find out whether the call is an old one"),
        };
        let context = Arc::clone(&self.context);
        self.found.spawn(async move {
            sleep(IN_FLIGHT).await;
            let old = others.iter().filter(|id| context.find(id.as_str()).is_none());
            (join_all(old.map(|id| unserved_one(&context, id))).await.into_iter().flatten().collect(), true)
        });
    }

    fn take_over(&mut self, unserved: Vec<Unserved>, resumed: bool) {
        for Unserved { channel, args } in unserved {
            let id = channel.id.as_str();
            let is_known = self.context.find(id).is_some_and(|session| session.serves(id));
            if is_known || self.entered.contains(&channel.id) || self.context.is_detached(id) {
                continue;
            }
            let is_left = self.left.contains(&channel.id);
            let origin = if is_left { Some(Origin::Left) } else { origin(&self.context, &channel, &args) };
            match origin {
                None => {}
                Some(Origin::Caller | Origin::Left) if resumed => self.resume(&channel, args),
                Some(origin) => self.admit(&channel, args, &origin),
            }
        }
        if self.found.is_empty() {
            self.entered.clear();
        }
    }

    /// Takes over a call of an earlier run.
    fn resume(&mut self, channel: &Channel, args: Vec<String>) {
        match self.app.resume {
            Resume::Handle => self.admit(channel, args, &Origin::Left),
            Resume::HangUp => drop(self.context.hang_up(channel.id.as_str())),
            Resume::Dialplan => self.turn_away(channel.id.as_str(), &Overload::Dialplan),
        }
    }

    fn admit(&mut self, channel: &Channel, args: Vec<String>, origin: &Origin) {
        let id = channel.id.as_str();
        let admission = match origin {
            Origin::Placed(session, _) => {
                session.placing.as_ref().and_then(Placing::take_permit).map(Admission::Served)
            }
            Origin::Caller | Origin::Left => self.context.capacity.admit(),
        };
        match (admission, origin) {
            (Some(admission), _) if !self.is_draining => self.begin(channel, args, origin, admission),
            (_, Origin::Placed(..)) => drop(self.context.hang_up(id)),
            (admission, _) => {
                if admission.is_none() && !self.is_draining {
                    tracing::warn!(call = id, "turned away: too many calls");
                }
                #[cfg(feature = "metrics")]
                crate::telemetry::call_refused();
                self.turn_away(id, &self.app.overload);
            }
        }
    }

    fn turn_away(&self, channel: &str, overload: &Overload) {
        let goes_on = *overload == Overload::Dialplan;
        let context = Arc::clone(&self.context);
        let handle = context.ari.channel(channel);
        let id: Box<str> = channel.into();
        self.context.spawn(async move {
            let done =
                if goes_on { handle.continue_in_dialplan().await } else { handle.hangup().reason("congestion").await };
            match done {
                Err(error) if !error.is_gone() => {
                    tracing::warn!(call = &*id, error = &error as &dyn std::error::Error, "cannot be turned away");
                    drop(context.hang_up(&id));
                }
                _ => {}
            }
        });
    }

    fn begin(&mut self, channel: &Channel, args: Vec<String>, origin: &Origin, admission: Admission) {
        let session = Session::new(Arc::clone(&self.context), channel.id.as_str(), channel.state.as_str() == "Up");
        self.context.route(channel.id.as_str(), &session);
        let arrival = Arc::new(Arrival::new(&self.context.ids, channel, args, origin));
        let call = Call { session, arrival };
        if let Origin::Placed(placing, token) = origin {
            if !hand_over(placing, token, &call) {
                self.context.forget(&call.session);
                drop(self.context.hang_up(channel.id.as_str()));
                return;
            }
        }
        let span = tracing::info_span!("call", id = call.id(), caller = call.caller_number(), dialed = call.dialed());
        let ending = Ending::new(call.clone(), self.app.on_summary.clone(), span.clone());
        let handler = Arc::clone(&self.handler);
        let work = async move {
            let permit = call.session.context.capacity.until_served(admission, &call).await;
            let failure = match &permit {
                Ok(Some(_)) => {
                    #[cfg(feature = "metrics")]
                    crate::telemetry::call_started(&call.session);
                    run(&*handler, call).await
                }
                Ok(None) => {
                    #[cfg(feature = "metrics")]
                    crate::telemetry::call_refused();
                    Some("too many calls until its time was up".to_owned())
                }
                Err(error) => (!error.is_ended()).then(|| chain(error)),
            };
            ending.finish(failure).await;
            // A call counts until everything of it has ended.
            drop(permit);
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

fn report(error: &Error, what: &'static str) {
    tracing::error!(error = error as &dyn std::error::Error, "{what}");
}
