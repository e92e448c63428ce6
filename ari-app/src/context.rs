//! What all calls of an application share: the client, and which call each object belongs to.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use ari_bindings::{Client, Error};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use crate::ids::Ids;
use crate::overload::Capacity;
use crate::room::Rooms;
use crate::session::Session;

/// How often a clean-up is attempted.
const ATTEMPTS: u32 = 3;

/// How long a clean-up waits before it is attempted again.
const PAUSE: Duration = Duration::from_millis(500);

/// Shared by the dispatcher and the calls.
pub(crate) struct Context {
    pub(crate) ari: Client,
    pub(crate) app: Box<str>,
    pub(crate) ids: Ids,
    /// Kept because clean-ups begin in `drop`, which may run outside the runtime.
    runtime: Handle,
    tasks: TaskTracker,
    routes: Mutex<Routes>,
    pub(crate) rooms: Rooms,
    pub(crate) capacity: Capacity,
    #[cfg(feature = "media")]
    pub(crate) media: ari_media::MediaHost,
}

/// The call of each channel, bridge, playback and recording, by its id, of recordings by [`recording_key`]. Channels of
/// detached calls have an entry that leads nowhere.
type Routes = HashMap<Box<str>, Weak<Session>>;

/// Whether a request of [`Context::send`] is under way.
#[derive(Clone, Default)]
pub(crate) struct Pending(Arc<tokio::sync::Mutex<()>>);

impl Pending {
    /// Waits until no request is under way.
    pub(crate) async fn over(self) {
        drop(self.0.lock_owned().await);
    }
}

/// The key of a recording, whose name may equal the id of a channel.
pub(crate) fn recording_key(name: &str) -> Box<str> {
    format!("recording:{name}").into()
}

impl Context {
    /// Must be called within a runtime.
    pub(crate) fn new(ari: Client, app: &str, ids: Ids, capacity: Capacity) -> Self {
        Self {
            ari,
            app: app.into(),
            ids,
            runtime: Handle::current(),
            tasks: TaskTracker::new(),
            routes: Mutex::default(),
            rooms: Rooms::default(),
            capacity,
            #[cfg(feature = "media")]
            media: ari_media::MediaHost::default(),
        }
    }

    /// Where Asterisk reaches the program for media.
    #[cfg(feature = "media")]
    pub(crate) fn with_media(mut self, media: ari_media::MediaHost) -> Self {
        self.media = media;
        self
    }

    /// Routes the events of an object to a call. Done before the object is created, so that no event is missed.
    pub(crate) fn route(&self, key: impl Into<Box<str>>, session: &Arc<Session>) {
        let key = key.into();
        session.remember_key(key.clone());
        self.lock().insert(key, Arc::downgrade(session));
    }

    /// As [`Context::route`], unless the object belongs to a call already.
    pub(crate) fn route_if_vacant(&self, key: impl Into<Box<str>>, session: &Arc<Session>) -> bool {
        let key = key.into();
        let mut routes = self.lock();
        if routes.get(&key).is_some_and(|owner| owner.strong_count() > 0) {
            return false;
        }
        session.remember_key(key.clone());
        routes.insert(key, Arc::downgrade(session));
        true
    }

    pub(crate) fn find(&self, key: &str) -> Option<Arc<Session>> {
        self.lock().get(key).and_then(Weak::upgrade)
    }

    /// Forgets an object of a call, unless it belongs to another call by now.
    pub(crate) fn unroute(&self, key: &str, session: &Session) {
        session.forget_key(key);
        remove_own(&mut self.lock(), key, session);
    }

    /// The calls that exist.
    pub(crate) fn sessions(&self) -> Vec<Arc<Session>> {
        let routes = self.lock();
        let calls = routes.iter().filter_map(|(key, owner)| Some((key, owner.upgrade()?)));
        calls.filter(|(key, session)| **key == session.id).map(|(_, session)| session).collect()
    }

    /// Forgets everything that belongs to a call.
    pub(crate) fn forget(&self, session: &Session) {
        let keys = session.take_keys();
        let mut routes = self.lock();
        for key in keys {
            remove_own(&mut routes, &key, session);
        }
    }

    /// Notes that a channel stays in the application without a call.
    pub(crate) fn note_detached(&self, channel: &str) {
        self.lock().entry(channel.into()).or_default();
    }

    /// Whether a channel is in the application without a call.
    pub(crate) fn is_detached(&self, channel: &str) -> bool {
        self.lock().get(channel).is_some_and(|owner| owner.strong_count() == 0)
    }

    /// Forgets the detached channels that are not of these.
    pub(crate) fn retain_detached(&self, mut exists: impl FnMut(&str) -> bool) {
        self.lock().retain(|key, owner| owner.strong_count() > 0 || exists(key));
    }

    /// Runs something that must come to its end even if what began it is dropped.
    pub(crate) fn spawn<Work>(&self, work: Work) -> JoinHandle<Work::Output>
    where
        Work: Future<Output: Send> + Send + 'static,
    {
        self.tasks.spawn_on(work, &self.runtime)
    }

    /// Sends a request that goes on if the future is dropped. What it creates then can be undone by [`Pending::over`].
    pub(crate) async fn send<T, Reply>(&self, pending: &Pending, request: Reply) -> Result<T, Error>
    where
        T: Send + 'static,
        Reply: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let guard = Arc::clone(&pending.0).lock_owned().await;
        let reply = self.spawn(async move {
            let reply = request.await;
            drop(guard);
            reply
        });
        match reply.await {
            Ok(reply) => reply,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime is shutting down, and this future with it.
            Err(_) => std::future::pending().await,
        }
    }

    /// Ends something on the server, and tries again if that fails. Returns whether it is gone.
    pub(crate) fn clean_up<Attempt>(
        &self,
        what: &'static str,
        attempt: impl Fn() -> Attempt + Send + 'static,
    ) -> JoinHandle<bool>
    where
        Attempt: Future<Output = Result<(), Error>> + Send + 'static,
    {
        self.spawn(async move {
            for left in (0..ATTEMPTS).rev() {
                match attempt().await {
                    Ok(()) => return true,
                    Err(error) if error.is_gone() => return true,
                    Err(error) if left == 0 => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "cannot {what}");
                    }
                    Err(_) => sleep(PAUSE).await,
                }
            }
            false
        })
    }

    /// Hangs a channel up; see [`Context::clean_up`].
    pub(crate) fn hang_up(&self, channel: &str) -> JoinHandle<bool> {
        let channel = self.ari.channel(channel);
        self.clean_up("hang up a channel", move || {
            let channel = channel.clone();
            async move { channel.hangup().await }
        })
    }

    /// Destroys a bridge; see [`Context::clean_up`].
    pub(crate) fn destroy_bridge(&self, bridge: &str) -> JoinHandle<bool> {
        let bridge = self.ari.bridge(bridge);
        self.clean_up("destroy a bridge", move || {
            let bridge = bridge.clone();
            async move { bridge.destroy().await }
        })
    }

    /// Waits until everything that was spawned has ended, for so long at most.
    pub(crate) async fn finish(&self, limit: Duration) {
        self.tasks.close();
        if timeout(limit, self.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "not everything on the server could be cleaned up in time");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Routes> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove_own(routes: &mut Routes, key: &str, session: &Session) {
    if routes.get(key).is_some_and(|owner| std::ptr::eq(owner.as_ptr(), session)) {
        routes.remove(key);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::overload::Overload;

    /// A context without a server.
    pub(crate) fn context() -> Arc<Context> {
        context_of("127.0.0.1:9")
    }

    /// A context with a server at this address.
    pub(crate) fn context_of(address: impl std::fmt::Display) -> Arc<Context> {
        let ari = Client::builder(format!("http://{address}/ari")).credentials("a", "b").build().unwrap();
        Arc::new(Context::new(ari, "app", Ids::new("app", None), Capacity::new(1, &Overload::Congestion)))
    }

    #[tokio::test]
    async fn forget_and_unroute_leave_entries_of_another_call() {
        let context = context();
        let old = Session::new(Arc::clone(&context), "1", false);
        context.route("1", &old);
        context.route("2", &old);
        let new = Session::new(Arc::clone(&context), "1", false);
        context.route("1", &new);
        context.route("2", &new);
        context.unroute("2", &old);
        context.forget(&old);
        assert!(Arc::ptr_eq(&context.find("1").unwrap(), &new));
        assert!(Arc::ptr_eq(&context.find("2").unwrap(), &new));
        assert!(!context.route_if_vacant("2", &old));
        context.forget(&new);
        assert!(context.find("1").is_none() && context.route_if_vacant("2", &old));
    }

    #[tokio::test]
    async fn send_goes_on_after_its_future_is_dropped() {
        let context = context();
        let pending = Pending::default();
        let (allow, allowed) = tokio::sync::oneshot::channel::<()>();
        let request = async move {
            let _ = allowed.await;
            Ok(())
        };
        let sent = context.send(&pending, request).now_or_never();
        assert!(sent.is_none());
        assert!(pending.clone().over().now_or_never().is_none());
        allow.send(()).unwrap();
        pending.over().await;
    }

    #[test]
    fn spawn_outside_and_after_the_runtime_does_not_panic() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let context = runtime.block_on(async { context() });
        drop(context.spawn(async {}));
        drop(runtime);
        drop(context.hang_up("1"));
    }
}
