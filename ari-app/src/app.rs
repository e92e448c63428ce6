use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ari_bindings::{Client, Error, Events};
use tokio::sync::watch;

use crate::call::Call;
use crate::ids::Ids;
use crate::serving::{self, Failure};
use crate::summary::CallSummary;

/// An application: a name that `Stasis()` in the dialplan sends calls to, and how they are served.
#[must_use = "nothing is served until `serve` is awaited"]
pub struct App {
    pub(crate) ari: Client,
    pub(crate) name: String,
    pub(crate) max_calls: usize,
    pub(crate) overload: Overload,
    pub(crate) resume: Resume,
    pub(crate) drain: Duration,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) on_signal: bool,
    pub(crate) on_summary: Option<Arc<OnSummary>>,
}

/// What receives the summaries of calls.
pub(crate) type OnSummary = dyn Fn(&CallSummary) + Send + Sync;

/// What happens to a call that arrives while as many are served as [`App::max_calls`] allows, or while the application
/// shuts down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Overload {
    /// It is hung up, with congestion as the reason.
    #[default]
    Congestion,
    /// It goes on in the dialplan, at the next priority.
    Dialplan,
}

/// What happens to the calls that an earlier run of the application left in Asterisk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Resume {
    /// They are handed to the handler; [`Call::is_resumed`] distinguishes them from new ones. [`App::max_calls`] counts
    /// them, too.
    #[default]
    Handle,
    /// They are hung up.
    HangUp,
    /// They go on in the dialplan.
    Dialplan,
}

/// Ends [`App::serve`] from elsewhere; see [`App::shutdown`].
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Sender<bool>);

impl Shutdown {
    /// Takes no more calls, lets the running ones finish for as long as [`App::drain`] allows, then ends them.
    pub fn start(&self) {
        self.0.send_replace(true);
    }
}

impl App {
    /// An application of this name on this server.
    pub fn new(ari: Client, name: impl Into<String>) -> Self {
        Self {
            ari,
            name: name.into(),
            max_calls: usize::MAX,
            overload: Overload::default(),
            resume: Resume::default(),
            drain: Duration::from_secs(30),
            stop: watch::Sender::new(false),
            on_signal: true,
            on_summary: None,
        }
    }

    /// How many calls are served at once, and what happens to further ones. Unlimited by default.
    pub fn max_calls(mut self, most: usize, overload: Overload) -> Self {
        (self.max_calls, self.overload) = (most, overload);
        self
    }

    /// What happens to the calls that an earlier run left behind. Bridges and legs that it left are destroyed and hung up
    /// in any case; see [`App::id_prefix`].
    pub fn resume(mut self, resume: Resume) -> Self {
        self.resume = resume;
        self
    }

    /// How long running calls may go on after a shutdown has begun; 30 s by default. Then they are hung up.
    pub fn drain(mut self, limit: Duration) -> Self {
        self.drain = limit;
        self
    }

    /// Whether Ctrl-C and, on Unix, SIGTERM shut the application down; they do by default. The second one hangs up the
    /// calls at once.
    pub fn shutdown_on_signal(mut self, yes: bool) -> Self {
        self.on_signal = yes;
        self
    }

    /// Receives a summary at the end of each call. It runs in the task of the call, so it must not block.
    pub fn on_summary(mut self, receive: impl Fn(&CallSummary) + Send + Sync + 'static) -> Self {
        self.on_summary = Some(Arc::new(receive));
        self
    }

    /// What the ids of all bridges, legs and playbacks begin with that the application creates.
    ///
    /// It depends on the name of the application alone, so that the next run recognises what a crash has left. Two
    /// processes with applications of one name on one server would remove each other's.
    #[must_use]
    pub fn id_prefix(&self) -> String {
        Ids::new(&self.name).prefix().to_owned()
    }

    /// A handle that shuts the application down from another task.
    #[must_use]
    pub fn shutdown(&self) -> Shutdown {
        Shutdown(self.stop.clone())
    }

    /// Serves calls until the application is shut down, or the event connection ends for good.
    ///
    /// Each call gets its own task. A handler that fails or panics ends its call, and no other. A handler that goes on for
    /// 5 s after its call has ended by a shutdown, or by the end of the connection, is aborted. When the future is
    /// dropped, the handlers are aborted and their calls torn down in the background.
    ///
    /// If another process takes the application over, nothing is torn down: the calls are served by that one.
    pub async fn serve<Handler, Work, Fault>(self, handler: Handler) -> Result<(), Error>
    where
        Handler: Fn(Call) -> Work + Send + Sync + 'static,
        Work: Future<Output = Result<(), Fault>> + Send + 'static,
        Fault: Into<Failure> + Send + 'static,
    {
        let events = self.ari.events([self.name.as_str()]).await?;
        self.serve_events(events, handler).await
    }

    /// As [`App::serve`], over an event connection that exists already: one with other options, or one that Asterisk made.
    /// Events of other applications of that connection are ignored. It is closed at the end.
    pub async fn serve_events<Handler, Work, Fault>(self, events: Events, handler: Handler) -> Result<(), Error>
    where
        Handler: Fn(Call) -> Work + Send + Sync + 'static,
        Work: Future<Output = Result<(), Fault>> + Send + 'static,
        Fault: Into<Failure> + Send + 'static,
    {
        serving::serve(self, events, handler).await
    }
}
