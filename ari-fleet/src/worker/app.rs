use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ari_app::{App, Call};
use tokio::sync::watch;

use super::directory::Directory;
use super::outgoing::FleetOutgoing;
use super::ownership::Ownership;
use super::plan::{Nodes, Options, Plan, Serve};
use super::work::{self, Limits};
use crate::{Error, Fleet};

/// How long running calls may go on after a shutdown has begun, unless set.
const DRAIN: Duration = Duration::from_secs(30);

/// An application of a fleet: what serves the calls of one name on all nodes, together with other workers. It takes the
/// place of [`ari_app::App`].
///
/// ```no_run
/// use std::time::Duration;
///
/// use ari_app::{Call, CallError, Overload};
/// use ari_fleet::Fleet;
///
/// # async fn example() -> Result<(), ari_fleet::Error> {
/// let fleet = Fleet::connect("nats://127.0.0.1:4222").await?;
/// let app = fleet.app("reception").worker_name("w1").max_calls(200).drain(Duration::from_secs(60));
/// app.options(|app| app.on_summary(|summary| println!("{summary:?}"))).serve(reception).await
/// # }
/// # async fn reception(call: Call) -> Result<(), CallError> { call.answer().await }
/// ```
///
/// Each worker owns a lane, to which calls are assigned. When a worker dies, another one takes its lane over within about
/// 3 s, and gets its calls with [`Call::is_resumed`] and what [`Call::checkpoint`] has kept.
///
/// The calls of a lane on a node are an application of their own, so that calls of different nodes or workers do not meet
/// in rooms and queues.
#[must_use = "nothing is served until `serve` is awaited"]
pub struct FleetApp {
    fleet: Fleet,
    name: String,
    worker: String,
    lanes: u16,
    max_calls: u64,
    drain: Option<Duration>,
    hand_over: bool,
    on_signal: bool,
    options: Options,
    stop: watch::Sender<bool>,
    plan: Arc<OnceLock<Arc<Plan>>>,
}

/// Ends [`FleetApp::serve`] from elsewhere; see [`FleetApp::shutdown`].
#[derive(Debug, Clone)]
pub struct FleetShutdown(watch::Sender<bool>);

impl FleetShutdown {
    /// Takes no more calls, lets the running ones finish for as long as [`FleetApp::drain`] allows, then ends them or
    /// hands them over.
    pub fn start(&self) {
        self.0.send_replace(true);
    }
}

impl Fleet {
    /// An application of this name, as in `Stasis(name)` of the dialplan.
    pub fn app(&self, name: impl Into<String>) -> FleetApp {
        FleetApp::new(self.clone(), name.into())
    }
}

impl FleetApp {
    fn new(fleet: Fleet, name: String) -> Self {
        let worker = format!("worker-{:.8}", uuid::Uuid::new_v4().simple());
        Self {
            fleet,
            name,
            worker,
            lanes: 64,
            max_calls: 10_000,
            drain: None,
            hand_over: false,
            on_signal: true,
            options: Box::new(|app| app),
            stop: watch::Sender::new(false),
            plan: Arc::default(),
        }
    }

    /// The name of this worker in announcements; one with a random part by default. It must differ from the others'.
    pub fn worker_name(mut self, name: impl Into<String>) -> Self {
        self.worker = name.into();
        self
    }

    /// How many lanes the application has, and so how many workers can take new calls; 64 by default. All workers must say
    /// the same.
    pub fn lanes(mut self, lanes: u16) -> Self {
        self.lanes = lanes;
        self
    }

    /// How many calls this worker takes at once, on all nodes together; 10,000 by default. Gateways assign no more to it,
    /// apart from those that several of them assign in the same half second.
    pub fn max_calls(mut self, most: u64) -> Self {
        self.max_calls = most;
        self
    }

    /// Options of the application on each node, such as [`App::on_summary`].
    ///
    /// [`App::max_calls`] bounds the calls of a lane on a node. Without effect are [`App::drain`], [`App::instance`] and
    /// [`App::shutdown_on_signal`].
    pub fn options(mut self, options: impl Fn(App) -> App + Send + Sync + 'static) -> Self {
        self.options = Box::new(options);
        self
    }

    /// How long running calls may go on after a shutdown has begun. By default 30 s, or no time if they are
    /// [handed over](FleetApp::hand_over).
    pub fn drain(mut self, limit: Duration) -> Self {
        self.drain = Some(limit);
        self
    }

    /// Whether the calls that are left at the end of a shutdown pass to another worker, rather than being hung up. They are
    /// hung up by default.
    ///
    /// Another worker must be running, or start soon: until then, nobody answers to what the callers do.
    pub fn hand_over(mut self, yes: bool) -> Self {
        self.hand_over = yes;
        self
    }

    /// Whether Ctrl-C and, on Unix, SIGTERM shut the worker down; they do by default. The second one ends the patience.
    pub fn shutdown_on_signal(mut self, yes: bool) -> Self {
        self.on_signal = yes;
        self
    }

    /// A handle that shuts the worker down from another task.
    #[must_use]
    pub fn shutdown(&self) -> FleetShutdown {
        FleetShutdown(self.stop.clone())
    }

    /// A handle that starts calls from another task, or from the handler of another call.
    ///
    /// ```no_run
    /// # async fn example(app: ari_fleet::FleetApp) -> Result<(), Box<dyn std::error::Error>> {
    /// let outgoing = app.outgoing();
    /// // In another task than the one that serves:
    /// let placed = outgoing.node().await?.dial("PJSIP/alice").caller_id("Reminder <100>").await?;
    /// # drop(placed);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn outgoing(&self) -> FleetOutgoing {
        FleetOutgoing(Arc::clone(&self.plan))
    }

    /// Serves calls until the worker is shut down. A handler that fails or panics ends its call, and no other.
    ///
    /// While NATS, a gateway or Asterisk cannot be reached, it waits for it. A lane that another worker has taken over, because
    /// this one was silent for 2 s, is left to it with its calls: they end here with
    /// [`EndReason::Disconnected`](ari_app::EndReason::Disconnected), and what their handlers request is refused.
    ///
    /// Fails with [`Error::Invalid`] or [`Error::Serve`] if a setting cannot work.
    pub async fn serve<Handler, Work, Fault>(self, handler: Handler) -> Result<(), Error>
    where
        Handler: Fn(Call) -> Work + Send + Sync + 'static,
        Work: Future<Output = Result<(), Fault>> + Send + 'static,
        Fault: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
    {
        self.check()?;
        let drain = self.drain.unwrap_or(if self.hand_over { Duration::ZERO } else { DRAIN });
        let limits = Limits { lanes: self.lanes, drain, hand_over: self.hand_over, on_signal: self.on_signal };
        let plan = Arc::new(Plan {
            directory: Directory::watch(&self.fleet),
            fleet: self.fleet,
            app: self.name,
            worker: self.worker,
            max_calls: self.max_calls,
            drain,
            options: self.options,
            serve: counting(handler),
            nodes: Nodes::default(),
        });
        // It is the only one to set it.
        let _ = self.plan.set(Arc::clone(&plan));
        work::work(plan, limits, self.stop.subscribe()).await
    }

    fn check(&self) -> Result<(), Error> {
        let (setting, reason) = match self {
            Self { name, .. } if name.is_empty() => ("app", "the name is empty"),
            Self { worker, .. } if worker.is_empty() => ("worker_name", "the name is empty"),
            Self { lanes: 0, .. } => ("lanes", "0; let there be at least one"),
            Self { max_calls: 0, .. } => ("max_calls", "0; let at least one call be served"),
            _ => return Ok(()),
        };
        Err(Error::Invalid { setting, reason: reason.to_owned() })
    }
}

/// Serves calls with a handler, and counts them.
fn counting<Handler, Work, Fault>(handler: Handler) -> Serve
where
    Handler: Fn(Call) -> Work + Send + Sync + 'static,
    Work: Future<Output = Result<(), Fault>> + Send + 'static,
    Fault: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
{
    let handler = Arc::new(handler);
    Box::new(move |app, events, ownership: Ownership| {
        let handler = Arc::clone(&handler);
        Box::pin(app.serve_events(events, move |call| {
            let counted = ownership.count();
            let work = handler(call);
            async move {
                let _counted = counted;
                work.await
            }
        }))
    })
}

impl fmt::Debug for FleetApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, worker, lanes, .. } = self;
        f.debug_struct("FleetApp")
            .field("name", name)
            .field("worker", worker)
            .field("lanes", lanes)
            .finish_non_exhaustive()
    }
}
