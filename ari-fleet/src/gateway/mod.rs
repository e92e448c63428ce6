//! The process beside an Asterisk: publishes its events and carries out commands.
//!
//! ```text
//! event connection ──▶ facts ──▶ routing ──▶ (lanes, arrivals) ──▶ outbox ──▶ JetStream
//! commands ──▶ fences ──▶ created ──▶ Asterisk ──▶ listing ──▶ reply
//! ```

mod announce;
mod arrivals;
mod commands;
mod control;
mod created;
mod facts;
mod fences;
mod lanes;
mod listing;
mod node;
mod outbox;
mod prefixes;
mod rebuild;
mod routing;
mod run;
mod settings;
mod watch;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ari_bindings::Client;
use tokio::sync::watch as signal;

use self::settings::Settings;
pub use self::settings::WithoutWorker;
use crate::{Error, Fleet};

/// Holds the event connection of a node, and carries out the commands of workers there.
///
/// There may be two for one node, on different machines: the second stands by until the first is gone.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use ari_bindings::Client;
/// use ari_fleet::Fleet;
/// use ari_fleet::gateway::Gateway;
///
/// let fleet = Fleet::connect("nats://127.0.0.1:4222").await?;
/// let ari = Client::builder("http://127.0.0.1:8088/ari").credentials("asterisk", "secret").build()?;
/// Gateway::new(fleet, "pbx1", ari).app("reception").capacity(200).run().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is published until `run` is awaited"]
pub struct Gateway {
    fleet: Fleet,
    ari: Client,
    settings: Settings,
    stop: signal::Sender<bool>,
}

/// Ends [`Gateway::run`] from elsewhere; see [`Gateway::shutdown`].
#[derive(Debug, Clone)]
pub struct Shutdown(signal::Sender<bool>);

impl Shutdown {
    /// Gives the applications and the name of the node up. The calls go on in Asterisk.
    pub fn start(&self) {
        self.0.send_replace(true);
    }
}

impl Gateway {
    /// The gateway of the node of this name, an Asterisk that this client reaches.
    pub fn new(fleet: Fleet, node: impl Into<String>, ari: Client) -> Self {
        let settings = Settings {
            node: node.into().into(),
            apps: Vec::new(),
            capacity: 0,
            buffer: 64 << 20,
            patience: Duration::from_secs(10),
            most_waiting: 1_000,
            most_commands: 1_000,
            without_worker: WithoutWorker::default(),
            draining: Arc::default(),
        };
        Self { fleet, ari, settings, stop: signal::Sender::new(false) }
    }

    /// Adds an application; at least one is needed.
    pub fn app(mut self, app: impl Into<String>) -> Self {
        let app: Arc<str> = app.into().into();
        if !self.settings.apps.contains(&app) {
            self.settings.apps.push(app);
        }
        self
    }

    /// How many calls the node is meant for: what workers go by when they place calls. 0, the default, stands for any
    /// number.
    pub fn capacity(mut self, calls: u64) -> Self {
        self.settings.capacity = calls;
        self
    }

    /// How many bytes of events are kept while NATS does not take them; 64 MiB by default, each event counting 512 more
    /// than its text. When they do not suffice, all that wait are dropped, and the workers look at Asterisk instead.
    pub fn buffer_limit(mut self, bytes: usize) -> Self {
        self.settings.buffer = bytes;
        self
    }

    /// How long a new call waits for a worker if none takes calls, and how many calls may wait at once; 10 s and 1,000 by
    /// default.
    pub fn patience(mut self, wait: Duration, calls: usize) -> Self {
        (self.settings.patience, self.settings.most_waiting) = (wait, calls);
        self
    }

    /// What happens to calls that no worker takes. By default, they go on in the dialplan.
    pub fn without_worker(mut self, policy: WithoutWorker) -> Self {
        self.settings.without_worker = policy;
        self
    }

    /// How many commands are carried out at once; 1,000 by default. Further ones are refused with 503.
    pub fn max_commands(mut self, commands: usize) -> Self {
        self.settings.most_commands = commands;
        self
    }

    /// A handle that ends [`Gateway::run`] from another task.
    #[must_use]
    pub fn shutdown(&self) -> Shutdown {
        Shutdown(self.stop.clone())
    }

    /// Serves the node until it is shut down.
    ///
    /// It waits for an Asterisk that cannot be reached, reconnects to both Asterisk and NATS, and stands by while another
    /// gateway serves the node. Fails if Asterisk refuses the credentials, and with [`Error::Invalid`] if a setting cannot
    /// work.
    pub async fn run(self) -> Result<(), Error> {
        self.check()?;
        let Self { fleet, ari, settings, stop } = self;
        run::run(fleet, ari, settings, stop.subscribe()).await
    }

    fn check(&self) -> Result<(), Error> {
        let invalid = |setting, reason: &str| Err(Error::Invalid { setting, reason: reason.to_owned() });
        let Settings { node, apps, buffer, most_commands, .. } = &self.settings;
        if node.is_empty() || node.chars().any(char::is_control) {
            return invalid("node", "a node needs a name, without control characters");
        }
        if apps.is_empty() || apps.iter().any(|app| app.is_empty()) {
            return invalid("app", "a gateway needs at least one application, and each a name");
        }
        if *buffer < LEAST_BUFFER {
            return invalid("buffer_limit", "less than 1 MiB does not hold the events that are on their way");
        }
        if *most_commands == 0 {
            return invalid("max_commands", "without commands, no call is served");
        }
        Ok(())
    }
}

/// Holds the events of a window of publishing.
const LEAST_BUFFER: usize = 1 << 20;

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What a panic leaves is consistent: nothing panics while it is being changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
