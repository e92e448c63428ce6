//! What all calls of an application share: the client, and which call each object belongs to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ari_bindings::Client;

use crate::session::Session;

/// Shared by the dispatcher and the calls.
pub(crate) struct Context {
    pub(crate) ari: Client,
    pub(crate) app: Box<str>,
    /// The call of each channel, playback and recording, by its id, of recordings by [`recording_key`].
    routes: Mutex<HashMap<Box<str>, Weak<Session>>>,
}

/// The key of a recording, whose name may equal the id of a channel.
pub(crate) fn recording_key(name: &str) -> Box<str> {
    format!("recording:{name}").into()
}

impl Context {
    pub(crate) fn new(ari: Client, app: &str) -> Self {
        Self { ari, app: app.into(), routes: Mutex::default() }
    }

    /// Routes the events of an object to a call. Done before the object is created, so that no event is missed.
    pub(crate) fn route(&self, key: impl Into<Box<str>>, session: &Arc<Session>) {
        let key = key.into();
        session.remember_key(key.clone());
        self.lock().insert(key, Arc::downgrade(session));
    }

    pub(crate) fn find(&self, key: &str) -> Option<Arc<Session>> {
        self.lock().get(key).and_then(Weak::upgrade)
    }

    /// Forgets an object of a call.
    pub(crate) fn unroute(&self, key: &str) {
        if let Some(session) = self.lock().remove(key).and_then(|session| session.upgrade()) {
            session.forget_key(key);
        }
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
            routes.remove(&key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Weak<Session>>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
