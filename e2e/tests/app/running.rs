//! An application at work.

use std::future::Future;
use std::time::Duration;

use ari_app::{App, Call, CallError, CallSummary, Outgoing, ServeError, Shutdown};
use ari_bindings::ids::ChannelId;
use ari_bindings::outbound::Listener;
use ari_bindings::{Client, Events};
use ari_e2e::{OutboundGuard, Route, Server, eventually, on_each_server, on_two_routes, unique};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use super::caller::Caller;

/// How long a call may take to end, or a handler to make a note.
const SOON: Duration = Duration::from_secs(20);

/// Serves calls by a handler on two routes to each server, and runs the test with that application.
pub(crate) async fn serve<Work, Test>(
    handler: impl Fn(Call, Notes) -> Work + Clone + Send + Sync + 'static,
    test: impl Fn(Running) -> Test + Clone + Send + 'static,
) where
    Work: Future<Output = Result<(), CallError>> + Send + 'static,
    Test: Future<Output = ()> + Send + 'static,
{
    serve_with(|| (), move |call, notes, ()| handler(call, notes), move |app, ()| test(app)).await;
}

/// As [`serve`], over HTTP alone: for verbs whose requests would otherwise wait for what is played or recorded.
pub(crate) async fn serve_over_http<Work, Test>(
    handler: impl Fn(Call, Notes) -> Work + Clone + Send + Sync + 'static,
    test: impl Fn(Running) -> Test + Clone + Send + 'static,
) where
    Work: Future<Output = Result<(), CallError>> + Send + 'static,
    Test: Future<Output = ()> + Send + 'static,
{
    on_each_server(|server: Server| {
        let (handler, test) = (handler.clone(), test.clone());
        async move {
            let app = Running::start(&server, Route::Http, handler).await;
            test(app).await;
        }
    })
    .await;
}

/// As [`serve`], with something that the handler and the test share.
pub(crate) async fn serve_with<Shared, Work, Test>(
    shared: impl Fn() -> Shared,
    handler: impl Fn(Call, Notes, Shared) -> Work + Clone + Send + Sync + 'static,
    test: impl Fn(Running, Shared) -> Test + Clone + Send + 'static,
) where
    Shared: Clone + Send + Sync + 'static,
    Work: Future<Output = Result<(), CallError>> + Send + 'static,
    Test: Future<Output = ()> + Send + 'static,
{
    on_two_routes(|server, route| {
        let (handler, test, shared) = (handler.clone(), test.clone(), shared());
        let sharing = shared.clone();
        let handler = move |call, notes| handler(call, notes, sharing.clone());
        async move {
            let app = Running::start(&server, route, handler).await;
            test(app, shared).await;
        }
    })
    .await;
}

/// A running application of `ari-app`.
pub(crate) struct Running {
    pub(crate) server: Server,
    /// A client of the test, which does not depend on the application's.
    pub(crate) ari: Client,
    pub(crate) name: String,
    /// What the ids of everything begin with that the application creates.
    pub(crate) prefix: String,
    pub(crate) outgoing: Outgoing,
    pub(crate) task: JoinHandle<Result<(), ServeError>>,
    notes: Mutex<mpsc::UnboundedReceiver<String>>,
    summaries: Mutex<mpsc::UnboundedReceiver<CallSummary>>,
    shutdown: Shutdown,
    outbound: Option<(OutboundGuard, Listener)>,
}

impl Running {
    /// Starts an application with this handler.
    pub(crate) async fn start<Work>(
        server: &Server,
        route: Route,
        handler: impl Fn(Call, Notes) -> Work + Send + Sync + 'static,
    ) -> Self
    where
        Work: Future<Output = Result<(), CallError>> + Send + 'static,
    {
        let name = unique("app");
        let (ari, recorder) = server.open(route, [&name]).await;
        let (events, outbound) = recorder.into_parts();
        Self { outbound, ..Self::over(server, (ari, events), name, |app| app, handler) }
    }

    /// Starts an application with this name and other options.
    pub(crate) async fn with<Work>(
        server: &Server,
        name: String,
        options: impl FnOnce(App) -> App,
        handler: impl Fn(Call, Notes) -> Work + Send + Sync + 'static,
    ) -> Self
    where
        Work: Future<Output = Result<(), CallError>> + Send + 'static,
    {
        let ari = server.client();
        let events = ari.events([name.as_str()]).await.unwrap();
        Self::over(server, (ari, events), name, options, handler)
    }

    /// As [`Running::with`], with this client and these events.
    pub(crate) fn over<Work>(
        server: &Server,
        (ari, events): (Client, Events),
        name: String,
        options: impl FnOnce(App) -> App,
        handler: impl Fn(Call, Notes) -> Work + Send + Sync + 'static,
    ) -> Self
    where
        Work: Future<Output = Result<(), CallError>> + Send + 'static,
    {
        let (sender, summaries) = mpsc::unbounded_channel();
        let app = App::new(ari, &name).shutdown_on_signal(false);
        let app = options(app.on_summary(move |summary| {
            let _ = sender.send(summary.clone());
        }));
        let (shutdown, outgoing, prefix) = (app.shutdown(), app.outgoing(), app.id_prefix());
        let (sender, notes) = mpsc::unbounded_channel();
        let notes_of_handler = Notes(sender);
        // Connected already, so that callers find the application.
        let task = tokio::spawn(app.serve_events(events, move |call| handler(call, notes_of_handler.clone())));
        let (notes, summaries) = (Mutex::new(notes), Mutex::new(summaries));
        let (server, ari) = (server.clone(), server.client());
        Self { server, ari, name, prefix, outgoing, task, notes, summaries, shutdown, outbound: None }
    }

    /// Calls the application, and waits until it answers.
    pub(crate) async fn caller(&self) -> Caller {
        self.numbered(100).await
    }

    /// As [`Running::caller`], with this number as the caller id.
    pub(crate) async fn numbered(&self, number: usize) -> Caller {
        Caller::numbered(&self.server, &self.name, number).await
    }

    /// As [`Running::numbered`], whether or not it is answered.
    pub(crate) async fn dialling(&self, number: usize) -> Caller {
        Caller::dialling(&self.server, &self.name, number).await
    }

    /// As [`Running::numbered`], with the events of the application's end of the call beside those of its own.
    pub(crate) async fn watched(&self, number: usize) -> Caller {
        Caller::watching(&self.server, &self.name, number).await
    }

    /// The next note of the handlers.
    pub(crate) async fn note(&self) -> String {
        let next = tokio::time::timeout(SOON, async { self.notes.lock().await.recv().await }).await;
        next.expect("a note within 20 s").expect("a handler is there")
    }

    /// The id in the next note.
    pub(crate) async fn noted_id(&self) -> String {
        let note = self.note().await;
        note.split('"').nth(1).unwrap_or_else(|| panic!("{note} is no id")).to_owned()
    }

    /// The summary of the next call that ends.
    pub(crate) async fn summary(&self) -> CallSummary {
        let summary = tokio::time::timeout(SOON, async { self.summaries.lock().await.recv().await }).await;
        summary.expect("a call ends within 20 s").expect("the application is there")
    }

    /// Waits until so many calls have ended, none of them by a failure of the handler.
    pub(crate) async fn ended_well(&self, calls: usize) {
        for _ in 0..calls {
            let summary = self.summary().await;
            assert_eq!(summary.failure, None, "{summary:?}");
        }
    }

    pub(crate) fn shut_down(&self) {
        self.shutdown.start();
    }

    /// Shuts down, and checks that nothing is left on the server.
    pub(crate) async fn end(self) {
        let Self { ari, name, prefix, task, shutdown, outbound, .. } = self;
        shutdown.start();
        task.await.unwrap().unwrap();
        if let Some((guard, listener)) = outbound {
            guard.remove_reconnected(listener).await;
        }
        assert_clean(&ari, &name, &prefix).await;
    }

    /// Checks that nothing is left on the server.
    pub(crate) async fn assert_clean(&self) {
        assert_clean(&self.ari, &self.name, &self.prefix).await;
    }

    /// Waits until the application has so many legs on the server.
    pub(crate) async fn until_legs(&self, count: usize) {
        eventually(|| async {
            let channels = self.ari.channels().list().await.unwrap();
            // The other end of a Local channel does not count.
            let is_leg = |id: &str| id.starts_with(&self.prefix) && !id.ends_with(";2");
            channels.iter().filter(|channel| is_leg(channel.id.as_str())).count() == count
        })
        .await;
    }

    /// The application's bridges, and the channels in each.
    pub(crate) async fn bridges(&self) -> Vec<(String, Vec<String>)> {
        let bridges = self.ari.bridges().list().await.unwrap();
        let own = bridges.into_iter().filter(|bridge| bridge.id.as_str().starts_with(&self.prefix));
        own.map(|bridge| (bridge.id.to_string(), bridge.channels.iter().map(ToString::to_string).collect())).collect()
    }

    /// Waits until the application has so many bridges of two channels.
    pub(crate) async fn until_talks(&self, count: usize) {
        eventually(|| async {
            self.bridges().await.iter().filter(|(_, channels)| channels.len() == 2).count() == count
        })
        .await;
    }
}

/// Waits until the server has no channel and no bridge of an application, by its prefix.
pub(crate) async fn assert_clean(ari: &Client, app: &str, prefix: &str) {
    eventually(|| async {
        let bridges = ari.bridges().list().await.unwrap();
        let channels = ari.channels().list().await.unwrap();
        let (members, has_bridges) = match ari.application(app).get().await {
            Ok(left) => (left.channel_ids, !left.bridge_ids.is_empty()),
            Err(error) => (Vec::new(), !error.is_not_found()),
        };
        let own = channels.into_iter().map(|channel| channel.id).filter(|id| id.as_str().starts_with(prefix));
        for channel in own.chain(members) {
            if exists(ari, &channel).await {
                return false;
            }
        }
        !has_bridges && !bridges.iter().any(|bridge| bridge.id.as_str().starts_with(prefix))
    })
    .await;
}

/// Whether a channel exists. Asterisk 22 may go on listing one that has hung up while its phone asked for a transfer.
async fn exists(ari: &Client, channel: &ChannelId) -> bool {
    !ari.channel(channel).get_channel_var("CHANNEL(state)").await.is_err_and(|error| error.is_not_found())
}

/// What handlers report to [`Running::note`], in order.
#[derive(Clone)]
pub(crate) struct Notes(mpsc::UnboundedSender<String>);

impl Notes {
    pub(crate) fn add(&self, note: impl std::fmt::Debug) {
        // The test may be over.
        let _ = self.0.send(format!("{note:?}"));
    }
}
