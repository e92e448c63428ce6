use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ari_bindings::{Client, Events};
use tokio::sync::watch;

use crate::call::Call;
use crate::error::ServeError;
use crate::handler::Failure;
use crate::ids::Ids;
use crate::outgoing::{Link, Outgoing};
use crate::overload::{MOST_CALLS, Overload};
use crate::serving::{self, Scope};
use crate::summary::CallSummary;

/// An application: a name that `Stasis()` in the dialplan sends calls to, and how they are served.
#[must_use = "nothing is served until `serve` is awaited"]
pub struct App {
    pub(crate) ari: Client,
    pub(crate) name: String,
    pub(crate) instance: Option<String>,
    pub(crate) max_calls: usize,
    pub(crate) overload: Overload,
    pub(crate) resume: Resume,
    pub(crate) drain: Duration,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) on_signal: bool,
    pub(crate) on_summary: Option<Arc<OnSummary>>,
    pub(crate) link: watch::Sender<Link>,
    #[cfg(feature = "media")]
    pub(crate) media: ari_media::MediaHost,
}

/// What receives the summaries of calls.
pub(crate) type OnSummary = dyn Fn(&CallSummary) + Send + Sync;

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
pub struct Shutdown(pub(crate) watch::Sender<bool>);

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
            instance: None,
            max_calls: MOST_CALLS,
            overload: Overload::default(),
            resume: Resume::default(),
            drain: Duration::from_secs(30),
            stop: watch::Sender::new(false),
            on_signal: true,
            on_summary: None,
            link: watch::Sender::new(Link::NotYet),
            #[cfg(feature = "media")]
            media: ari_media::MediaHost::default(),
        }
    }

    /// How many calls are served at once, and what happens to further ones. By default, those after the first 10,000 are
    /// hung up with congestion as the reason. Outgoing calls count from the dialling on.
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

    /// Where Asterisk reaches this program for [`Call::media`]. The default suits a program that Asterisk can reach at the
    /// address from which the program reaches Asterisk.
    #[cfg(feature = "media")]
    pub fn media_host(mut self, host: ari_media::MediaHost) -> Self {
        self.media = host;
        self
    }

    /// Distinguishes the processes that serve one application of one server, where something shares its calls out among
    /// them: each gives the ids of what it creates another prefix, and removes only what a run of the same instance has
    /// left. Without it, there must be one process.
    ///
    /// Each process must receive the events of its own calls alone, and list no others.
    pub fn instance(mut self, instance: impl Display) -> Self {
        self.instance = Some(instance.to_string());
        self
    }

    /// What the ids of all bridges, legs and playbacks begin with that the application creates.
    ///
    /// It depends on the name of the application and its [instance](App::instance) alone, so that the next run recognises
    /// what a crash has left. Two processes with the same ones on one server would remove each other's.
    #[must_use]
    pub fn id_prefix(&self) -> String {
        self.ids().prefix().to_owned()
    }

    pub(crate) fn ids(&self) -> Ids {
        Ids::new(&self.name, self.instance.as_deref())
    }

    /// A handle that shuts the application down from another task.
    #[must_use]
    pub fn shutdown(&self) -> Shutdown {
        Shutdown(self.stop.clone())
    }

    /// A handle that starts calls from another task, or from the handler of another call.
    ///
    /// ```no_run
    /// # use ari_app::{App, Call, CallError, Placed};
    /// # async fn example(ari: ari_bindings::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let app = App::new(ari, "reminder");
    /// let (outgoing, shutdown) = (app.outgoing(), app.shutdown());
    /// let serving = tokio::spawn(app.serve(remind));
    /// match outgoing.dial("PJSIP/alice").caller_id("Reminder <100>").args("10 am").await? {
    ///     // The handler has the call.
    ///     Placed::Answered(call) => println!("{}", call.ended().await),
    ///     other => println!("{other:?}"),
    /// }
    /// shutdown.start();
    /// serving.await??;
    /// # Ok(())
    /// # }
    ///
    /// async fn remind(call: Call) -> Result<(), CallError> {
    ///     println!("{} answers: {:?}", call.dialed(), call.args());
    ///     call.say("sound:hello-world").await.map(drop)
    /// }
    /// ```
    #[must_use]
    pub fn outgoing(&self) -> Outgoing {
        Outgoing::new(self.link.subscribe())
    }

    /// Serves calls until the application is shut down, or the event connection ends for good.
    ///
    /// Each call gets its own task. A handler that fails or panics ends its call, and no other. A handler that goes on for
    /// 5 s after its call has ended by a shutdown, or by the end of the connection, is aborted. When the future is
    /// dropped, the handlers are aborted and their calls torn down in the background.
    ///
    /// If another process takes the application over, nothing is torn down: the calls are served by that one.
    ///
    /// Fails with [`ServeError::Invalid`] before anything is sent if a setting cannot work.
    pub async fn serve<Handler, Work, Fault>(self, handler: Handler) -> Result<(), ServeError>
    where
        Handler: Fn(Call) -> Work + Send + Sync + 'static,
        Work: Future<Output = Result<(), Fault>> + Send + 'static,
        Fault: Into<Failure> + Send + 'static,
    {
        self.overload.check(self.max_calls)?;
        let events = self.ari.events([self.name.as_str()]).await?;
        self.serve_events(events, handler).await
    }

    /// As [`App::serve`], over an event connection that exists already: one with other options, or one that Asterisk made.
    /// Events of other applications of that connection are ignored. It is closed at the end.
    pub async fn serve_events<Handler, Work, Fault>(self, events: Events, handler: Handler) -> Result<(), ServeError>
    where
        Handler: Fn(Call) -> Work + Send + Sync + 'static,
        Work: Future<Output = Result<(), Fault>> + Send + 'static,
        Fault: Into<Failure> + Send + 'static,
    {
        serving::serve(self, events, Scope::All, handler).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::CallError;

    #[tokio::test]
    async fn serve_checks_its_settings_before_anything_is_sent() {
        let ari = Client::builder("http://127.0.0.1:9/ari").credentials("a", "b").build().unwrap();
        let overload = Overload::Wait { most: 1, limit: Duration::from_secs(1), message: vec!["hello".into()] };
        let app = App::new(ari, "app").max_calls(1, overload);
        let refused = app.serve(|_| async { Ok::<(), CallError>(()) }).await.unwrap_err();
        assert!(matches!(refused, ServeError::Invalid { argument: "message", .. }), "{refused:?}");
    }
}
