//! The context of a scene: a client whose traffic is logged, an application, and its events.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use ari_bindings::handles::ChannelHandle;
use ari_bindings::{Client, Error, Event};
use ari_e2e::{Recorder, Server, unique};

use crate::declaration::Declaration;
use crate::proxy::Log;

/// The findings of the scenes besides the traffic.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// The events that followed each operation.
    pub(crate) followed: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

/// The context of one scene.
pub(crate) struct Scene {
    /// The client whose requests and events are logged.
    pub(crate) ari: Client,
    /// A client for preparations and checks that are not part of the report.
    pub(crate) aside: Client,
    pub(crate) app: String,
    pub(crate) watch: Recorder,
    pub(crate) server: Server,
    pub(crate) declaration: Arc<Declaration>,
    pub(crate) notes: Arc<Notes>,
    /// The log, for frames received by other means.
    pub(crate) log: Arc<Log>,
}

impl Scene {
    /// Opens a scene with a new application.
    pub(crate) async fn open(
        ari: Client,
        server: Server,
        declaration: Arc<Declaration>,
        notes: Arc<Notes>,
        log: Arc<Log>,
    ) -> Self {
        let app = unique("conformance");
        let watch = Recorder::open(&ari, &app).await;
        Self { aside: server.client(), ari, app, watch, server, declaration, notes, log }
    }

    /// Whether this server declares the operation.
    pub(crate) fn has(&self, operation: &str) -> bool {
        self.declaration.has(operation)
    }

    /// Whether this server declares the event.
    pub(crate) fn has_event(&self, kind: &str) -> bool {
        self.declaration.events().contains(kind)
    }

    /// The result of a request that must succeed.
    pub(crate) async fn ok<T>(&self, request: impl IntoFuture<Output = Result<T, Error>>) -> T {
        request.await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The status of a request that the server must refuse.
    pub(crate) async fn refused<T: Debug>(&self, request: impl IntoFuture<Output = Result<T, Error>>) -> u16 {
        match request.await {
            Err(Error::Refused { status, .. }) => status,
            other => panic!("that should have been refused: {other:?}"),
        }
    }

    /// Waits for an event of this type, and notes that it followed the operation.
    pub(crate) async fn then(&mut self, operation: &str, kind: &str) -> Event {
        let event = self.watch.until_kind(kind).await;
        self.follows(operation, kind);
        event
    }

    /// Waits for an event of this type about this channel, and notes that it followed the operation.
    pub(crate) async fn then_of(&mut self, operation: &str, kind: &str, channel: &str) -> Event {
        let event = self.watch.until_channel(kind, channel).await;
        self.follows(operation, kind);
        event
    }

    /// Waits for an event of each of these types, in any order.
    pub(crate) async fn all<const COUNT: usize>(&mut self, kinds: [&str; COUNT]) {
        let mut missing = BTreeSet::from(kinds);
        while !missing.is_empty() {
            let event = self.watch.next().await;
            missing.remove(event.kind());
        }
    }

    /// Notes that an event followed an operation.
    pub(crate) fn follows(&self, operation: &str, kind: &str) {
        assert!(self.has(operation), "{operation} is not declared");
        let mut followed = self.notes.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed.entry(operation.to_owned()).or_default().insert(kind.to_owned());
    }

    /// Creates a channel in the application, whose other end is at this extension.
    pub(crate) async fn enter(&mut self, extension: &str) -> String {
        let id = unique("channel");
        let endpoint = format!("Local/{extension}@default");
        self.ok(self.aside.channels().originate_with_id(&id, endpoint).app(&self.app)).await;
        self.watch.until_channel("StasisStart", &id).await;
        id
    }

    /// Creates a channel outside of any application.
    pub(crate) async fn elsewhere(&self) -> String {
        let id = unique("elsewhere");
        let call = self.aside.channels().originate_with_id(&id, "Local/wait@default");
        self.ok(call.context("default").extension("wait").priority(1)).await;
        ari_e2e::eventually(|| async {
            let got = self.aside.channel(&id).get().await;
            got.is_ok_and(|channel| channel.state == "Up")
        })
        .await;
        id
    }

    pub(crate) fn channel(&self, id: &str) -> ChannelHandle {
        self.ari.channel(id)
    }

    /// Hangs up a channel, if it still exists.
    pub(crate) async fn hang_up(&self, channel: &str) {
        let result = self.aside.channel(channel).hangup().await;
        assert!(result.as_ref().is_ok_and(|()| true) || result.is_err_and(|error| error.is_not_found()));
    }
}
