//! An application at work, and callers.

use std::future::Future;
use std::time::Duration;

use ari_app::{App, Call, CallError, CallSummary, Shutdown};
use ari_bindings::handles::ChannelHandle;
use ari_bindings::{Client, Error, Event, Events};
use ari_e2e::{Recorder, Server, eventually, unique};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// A running application of `ari-app`.
pub(crate) struct Running {
    pub(crate) ari: Client,
    pub(crate) name: String,
    /// What the ids of everything begin with that the application creates.
    pub(crate) prefix: String,
    pub(crate) summaries: mpsc::UnboundedReceiver<CallSummary>,
    shutdown: Shutdown,
    pub(crate) task: JoinHandle<Result<(), Error>>,
}

impl Running {
    /// Starts an application with this handler.
    pub(crate) async fn start<Work>(server: &Server, handler: impl Fn(Call) -> Work + Send + Sync + 'static) -> Self
    where
        Work: Future<Output = Result<(), CallError>> + Send + 'static,
    {
        Self::with(server, unique("app"), |app| app, handler).await
    }

    /// As [`Running::start`], with this name and other options.
    pub(crate) async fn with<Work>(
        server: &Server,
        name: String,
        options: impl FnOnce(App) -> App,
        handler: impl Fn(Call) -> Work + Send + Sync + 'static,
    ) -> Self
    where
        Work: Future<Output = Result<(), CallError>> + Send + 'static,
    {
        let ari = server.client();
        let events = ari.events([name.as_str()]).await.unwrap();
        Self::over(ari, events, name, options, handler)
    }

    /// As [`Running::with`], over these events.
    pub(crate) fn over<Work>(
        ari: Client,
        events: Events,
        name: String,
        options: impl FnOnce(App) -> App,
        handler: impl Fn(Call) -> Work + Send + Sync + 'static,
    ) -> Self
    where
        Work: Future<Output = Result<(), CallError>> + Send + 'static,
    {
        let (sender, summaries) = mpsc::unbounded_channel();
        let app = App::new(ari.clone(), &name).shutdown_on_signal(false);
        let app = options(app.on_summary(move |summary| {
            let _ = sender.send(summary.clone());
        }));
        let (shutdown, prefix) = (app.shutdown(), app.id_prefix());
        // Connected already, so that callers find the application.
        let task = tokio::spawn(app.serve_events(events, handler));
        Self { ari, name, prefix, summaries, shutdown, task }
    }

    /// The summary of the next call that ends.
    pub(crate) async fn summary(&mut self) -> CallSummary {
        let summary = tokio::time::timeout(Duration::from_secs(20), self.summaries.recv()).await;
        summary.expect("a call ends within 20 s").expect("the application is there")
    }

    pub(crate) fn shut_down(&self) {
        self.shutdown.start();
    }

    /// Shuts down, and checks that nothing is left on the server.
    pub(crate) async fn end(self) {
        self.shutdown.start();
        self.task.await.unwrap().unwrap();
        assert_clean(&self.ari, &self.name, &self.prefix).await;
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
}

/// Waits until the server has no channel and no bridge of an application, by its prefix.
pub(crate) async fn assert_clean(ari: &Client, app: &str, prefix: &str) {
    eventually(|| async {
        let bridges = ari.bridges().list().await.unwrap();
        let channels = ari.channels().list().await.unwrap();
        let has_none = match ari.application(app).get().await {
            Ok(left) => left.channel_ids.is_empty() && left.bridge_ids.is_empty(),
            Err(error) => error.is_not_found(),
        };
        has_none
            && !bridges.iter().any(|bridge| bridge.id.as_str().starts_with(prefix))
            && !channels.iter().any(|channel| channel.id.as_str().starts_with(prefix))
    })
    .await;
}

/// Somebody who calls an application.
pub(crate) struct Caller {
    pub(crate) ari: Client,
    pub(crate) watch: Recorder,
    pub(crate) id: String,
}

impl Caller {
    /// Calls the application of this name, and waits until it answers.
    pub(crate) async fn to(server: &Server, app: &str) -> Self {
        Self::numbered(server, app, 100).await
    }

    /// As [`Caller::to`], with this number as the caller id.
    pub(crate) async fn numbered(server: &Server, app: &str, number: usize) -> Self {
        let mut caller = Self::dialling(server, app, number).await;
        caller.watch.until_channel("StasisStart", &caller.id).await;
        caller
    }

    /// As [`Caller::to`], with the events of the application's end of the call beside those of its own.
    pub(crate) async fn watching(server: &Server, app: &str) -> Self {
        let (own, id, end) = (unique("caller"), unique("channel"), unique("channel"));
        let ari = server.client();
        let mut watch = Recorder::open(&ari, &own).await;
        let endpoint = format!("Local/stasis-{app}@default");
        let request = ari.channels().originate_with_id(&*id, endpoint).app(&*own);
        request.other_channel_id(&*end).caller_id("100").await.unwrap();
        watch.until_channel("StasisStart", &id).await;
        ari.application(&*own).subscribe([format!("channel:{end}")]).await.unwrap();
        Self { ari, watch, id }
    }

    /// As [`Caller::numbered`], whether or not it is answered.
    pub(crate) async fn dialling(server: &Server, app: &str, number: usize) -> Self {
        Self::through(server, &format!("stasis-{app}"), number).await
    }

    /// Calls an extension, whether or not it is answered.
    pub(crate) async fn through(server: &Server, extension: &str, number: usize) -> Self {
        let (own, id) = (unique("caller"), unique("channel"));
        let ari = server.client();
        let watch = Recorder::open(&ari, &own).await;
        let endpoint = format!("Local/{extension}@default");
        ari.channels().originate_with_id(&*id, endpoint).app(&*own).caller_id(number.to_string()).await.unwrap();
        Self { ari, watch, id }
    }

    pub(crate) fn channel(&self) -> ChannelHandle {
        self.ari.channel(&*self.id)
    }

    pub(crate) async fn presses(&self, keys: &str) {
        self.channel().send_dtmf().dtmf(keys).await.unwrap();
    }

    pub(crate) async fn hangs_up(mut self) {
        self.channel().hangup().await.unwrap();
        self.watch.until_channel("StasisEnd", &self.id).await;
        self.watch.close().await;
    }

    /// Waits until it is connected.
    pub(crate) async fn is_answered(&mut self) {
        self.watch.until_channel("StasisStart", &self.id).await;
    }

    /// Waits until the application has hung up; returns the cause.
    pub(crate) async fn waits_for_hangup(mut self) -> i64 {
        let gone = self.watch.until_channel("ChannelDestroyed", &self.id).await;
        self.watch.close().await;
        let Event::ChannelDestroyed(gone) = gone else { unreachable!() };
        gone.cause
    }
}

/// Somebody who calls an application and talks without an end, from an extension of the dialplan.
pub(crate) async fn talker(server: &Server, app: &str, number: usize) -> ChannelHandle {
    let (ari, id) = (server.client(), unique("channel"));
    let request = ari.channels().originate_with_id(&*id, format!("Local/stasis-{app}@default"));
    request.context("default").extension("talk").caller_id(number.to_string()).await.unwrap();
    ari.channel(&*id)
}

/// What handlers report, in order.
#[derive(Clone)]
pub(crate) struct Notes(mpsc::UnboundedSender<String>);

/// The test's end of [`Notes`].
pub(crate) struct Report(mpsc::UnboundedReceiver<String>);

pub(crate) fn notes() -> (Notes, Report) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Notes(sender), Report(receiver))
}

impl Notes {
    pub(crate) fn add(&self, note: impl std::fmt::Debug) {
        // The test may be over.
        let _ = self.0.send(format!("{note:?}"));
    }
}

impl Report {
    pub(crate) async fn next(&mut self) -> String {
        let next = tokio::time::timeout(Duration::from_secs(20), self.0.recv()).await;
        next.expect("a note within 20 s").expect("a handler is there")
    }
}
