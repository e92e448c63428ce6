//! The handle on a fake server.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ari_bindings::{Release, SUPPORTED_RELEASES};
use serde_json::{Map, Value};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};

use crate::exchange::{RawRequest, Reply, SessionEnd, SessionId, SessionRequest, Via};
use crate::ladder::Ladder;
use crate::server::{Network, Settings};
use crate::surface::Surface;
use crate::world::{Frame, World};

/// A fake Asterisk: the state of one server, and everything that reaches it.
///
/// A clone is another handle on the same server, which lives as long as one of them.
#[derive(Clone)]
pub struct Fake {
    shared: Arc<Shared>,
}

struct Shared {
    release: Release,
    seed: u64,
    surface: Surface,
    settings: Settings,
    network: Network,
    world: Mutex<World>,
    /// Wakes the task that drives the agenda.
    changed: Arc<Notify>,
    /// How much of the journal was printed because of a panic.
    printed: AtomicU64,
}

/// Settings of a [`Fake`]; see [`Fake::builder`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `start`"]
pub struct FakeBuilder {
    release: Release,
    seed: u64,
    pub(crate) settings: Settings,
}

impl FakeBuilder {
    /// The release of Asterisk, by default the latest of [`SUPPORTED_RELEASES`] that has long-term support.
    ///
    /// # Panics
    ///
    /// If the text is not the number of a release, such as `18.26.4`.
    pub fn release(mut self, release: &str) -> Self {
        self.release = release.parse().unwrap_or_else(|error| panic!("{error}"));
        self
    }

    /// Chooses among the orders in which Asterisk was seen to reply and to send events, by default 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts the server.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    #[must_use]
    pub fn start(self) -> Fake {
        let mut world = World::new(self.release, self.seed, Instant::now());
        world.report_variables(&self.settings.channel_variables);
        let world = Mutex::new(world);
        let changed = Arc::new(Notify::new());
        let shared = Arc::new(Shared {
            release: self.release,
            surface: Surface::new(self.release, &self.settings.absent_modules),
            seed: self.seed,
            settings: self.settings,
            network: Network::new(),
            world,
            changed: Arc::clone(&changed),
            printed: AtomicU64::new(0),
        });
        tokio::spawn(drive(Arc::downgrade(&shared), changed));
        Fake { shared }
    }
}

impl Fake {
    /// Starts the default release of Asterisk with the seed 0.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    #[expect(clippy::new_without_default, reason = "it starts a task")]
    #[must_use]
    pub fn new() -> Self {
        Self::builder().start()
    }

    /// A server of another release or with another seed.
    pub fn builder() -> FakeBuilder {
        FakeBuilder { release: default_release(), seed: 0, settings: Settings::default() }
    }

    /// The release of Asterisk that the server behaves like.
    #[must_use]
    pub fn release(&self) -> Release {
        self.shared.release
    }

    /// Executes a request. The reply comes when Asterisk would send it, which may be long after the call.
    pub(crate) async fn answer(&self, request: RawRequest) -> Reply {
        let call = self.shared.surface.read(&request);
        let reply = self.shared.with_world(|world| world.execute(request, call, Via::Http));
        reply.await.unwrap_or_else(|_| Reply::message(503, "The server was shut down"))
    }

    /// Opens an event connection.
    pub(crate) fn connect(&self, request: &SessionRequest) -> Session {
        let (id, frames) = self.shared.with_world(|world| world.connect(request));
        Session { id, frames, release: self.release(), shared: Arc::downgrade(&self.shared) }
    }

    pub(crate) fn network(&self) -> &Network {
        &self.shared.network
    }

    /// Sends a text to an application in place of an event.
    pub(crate) fn send_to(&self, app: &str, text: &str) {
        self.shared.with_world(|world| world.deliver_to(app, text));
    }

    /// Cuts all connections and forgets what a restart does not keep. Both under one lock, or requests of the old
    /// connections would be answered, and those of new ones would be forgotten.
    pub(crate) fn restart(&self) {
        self.shared.with_world(|world| {
            self.network().cut();
            world.restart();
        });
    }

    /// Looks at the server's state, or changes it.
    pub(crate) fn with_world<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        self.shared.with_world(change)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    pub(crate) fn seed(&self) -> u64 {
        self.shared.seed
    }
}

/// The latest supported release with long-term support, which the branches with even numbers have.
fn default_release() -> Release {
    let releases = SUPPORTED_RELEASES.iter().filter_map(|release| release.parse::<Release>().ok());
    releases.filter(|release| release.major % 2 == 0).max().expect("a branch with long-term support is supported")
}

impl Drop for Fake {
    /// Prints what has happened if a test fails.
    fn drop(&mut self) {
        if std::thread::panicking() {
            // What panics may hold the lock.
            let Ok(world) = self.shared.world.try_lock() else { return };
            let news = world.journal().news();
            if self.shared.printed.swap(news, Ordering::Relaxed) != news {
                eprintln!("{}", Ladder { release: self.release(), seed: self.seed(), journal: world.journal() });
            }
        }
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fake").field("release", &self.release()).finish_non_exhaustive()
    }
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs what is due, and returns when something is due next.
    fn advance(&self) -> Option<Instant> {
        let mut world = self.world();
        world.advance(Instant::now());
        world.next_due()
    }

    /// Brings the world up to now, changes it, and has the agenda looked at again.
    fn with_world<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = {
            let mut world = self.world();
            world.advance(Instant::now());
            change(&mut world)
        };
        self.changed.notify_one();
        result
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.changed.notify_one();
    }
}

/// Runs what is due, as long as there is a handle on the server.
async fn drive(shared: Weak<Shared>, changed: Arc<Notify>) {
    while let Some(due) = shared.upgrade().map(|shared| shared.advance()) {
        match due {
            Some(due) => tokio::select! {
                () = sleep_until(due) => {}
                () = changed.notified() => {}
            },
            None => changed.notified().await,
        }
    }
}

/// An event connection. Dropping it is its end as Asterisk sees it.
pub(crate) struct Session {
    id: SessionId,
    frames: mpsc::UnboundedReceiver<Frame>,
    release: Release,
    shared: Weak<Shared>,
}

impl Session {
    pub(crate) fn release(&self) -> Release {
        self.release
    }

    /// Waits until something gets through to the client.
    pub(crate) async fn thawed(&self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.network.thawed().await;
        }
    }

    /// Sends the events that a connection of the server's own begins with.
    pub(crate) fn register(&self, apps: &[String], is_persistent: bool) {
        if let Some(shared) = self.shared.upgrade() {
            shared.with_world(|world| world.register(self.id, apps, is_persistent));
        }
    }

    /// Executes a request that has come over the session, unless it was refused before. The reply is one of the frames.
    pub(crate) fn ask(&self, request: Result<RawRequest, Reply>) {
        let Some(shared) = self.shared.upgrade() else { return };
        match request {
            Ok(request) => {
                let call = shared.surface.read(&request);
                shared.with_world(|world| drop(world.execute(request, call, Via::WebSocket(self.id))));
            }
            Err(refusal) => shared.with_world(|world| world.reply_over(self.id, refusal)),
        }
    }

    /// The text of an event for this session alone, unless the filter of its application keeps this type back.
    pub(crate) fn sign(&self, kind: &'static str, members: &Map<String, Value>) -> Option<Arc<str>> {
        self.shared.upgrade()?.world().sign(self.id, kind, members)
    }

    /// What the server sends next.
    pub(crate) async fn next(&mut self) -> Frame {
        self.frames.recv().await.unwrap_or(Frame::End(SessionEnd::Cut))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.with_world(|world| world.disconnect(self.id));
        }
    }
}
