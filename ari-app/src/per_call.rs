//! Applications to which Asterisk connects for each call.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use ari_bindings::outbound::Listener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::app::{App, Shutdown};
use crate::call::Call;
use crate::handler::Failure;
use crate::serving::{self, Scope};
use crate::signal::stop_signal;

/// Serves calls for each of which Asterisk opens a connection: `connection_type = per_call_config` in
/// `websocket_client.conf`.
///
/// ```no_run
/// use ari_app::{Call, CallError, PerCall};
/// use ari_bindings::outbound::Listener;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = Listener::builder().credentials("asterisk", "secret").applications("reception");
/// PerCall::new(listener.bind("0.0.0.0:8765").await?).serve(reception).await;
/// # Ok(())
/// # }
///
/// async fn reception(call: Call) -> Result<(), CallError> {
///     call.answer().await?;
///     call.say("sound:hello-world").await.map(drop)
/// }
/// ```
///
/// Each connection is an application of its own, with one call. So calls do not meet in rooms and queues, and
/// [`ListenerBuilder::max_sessions`](ari_bindings::outbound::ListenerBuilder::max_sessions) bounds their number. Legs that a
/// call dials use its connection.
#[must_use = "nothing is served until `serve` is awaited"]
pub struct PerCall {
    listener: Listener,
    options: Box<dyn Fn(App) -> App + Send + Sync>,
    stop: watch::Sender<bool>,
    on_signal: bool,
}

impl PerCall {
    /// Serves the calls of this listener.
    pub fn new(listener: Listener) -> Self {
        Self { listener, options: Box::new(|app| app), stop: watch::Sender::new(false), on_signal: true }
    }

    /// Options of the application of each call, such as [`App::on_summary`].
    pub fn options(mut self, options: impl Fn(App) -> App + Send + Sync + 'static) -> Self {
        self.options = Box::new(options);
        self
    }

    /// As [`App::shutdown_on_signal`].
    pub fn shutdown_on_signal(mut self, yes: bool) -> Self {
        self.on_signal = yes;
        self
    }

    /// A handle that shuts it down from another task.
    #[must_use]
    pub fn shutdown(&self) -> Shutdown {
        Shutdown(self.stop.clone())
    }

    /// Serves calls until it is shut down; then no connection is accepted, so that further calls go on in the dialplan, and
    /// the running ones may finish within [`App::drain`].
    ///
    /// Asterisk closes the connection 3 to 4 s after the end of its call. A handler that goes on for 5 s after that is
    /// aborted, so longer work belongs into a task of the program. When the connection is lost before, the call ends with
    /// [`EndReason::Disconnected`](crate::EndReason::Disconnected); Asterisk opens it again, and the handler gets the call
    /// anew, with [`Call::is_resumed`]. Its legs and bridges are ended first.
    pub async fn serve<Handler, Work, Fault>(mut self, handler: Handler)
    where
        Handler: Fn(Call) -> Work + Send + Sync + 'static,
        Work: Future<Output = Result<(), Fault>> + Send + 'static,
        Fault: Into<Failure> + Send + 'static,
    {
        let handler = Arc::new(handler);
        let mut calls = JoinSet::new();
        let mut asked = self.stop.subscribe();
        let asked = async {
            tokio::select! {
                // `self` holds the sender.
                _ = asked.wait_for(|stop| *stop) => {}
                () = stop_signal(self.on_signal) => {}
            }
        };
        let mut asked = pin!(asked);
        loop {
            tokio::select! {
                session = self.listener.accept() => match session {
                    Some(session) => {
                        let (name, handler) = (session.application().to_owned(), Arc::clone(&handler));
                        let app = (self.options)(App::new(session.client().clone(), &name));
                        let app = App { stop: self.stop.clone(), on_signal: self.on_signal, ..app };
                        let (_, events) = session.into_parts();
                        let serving = async move {
                            let ended = serving::serve(app, events, Scope::One, move |call| handler(call)).await;
                            if let Err(error) = ended {
                                tracing::warn!(error = &error as &dyn std::error::Error, "a call was not served to its end");
                            }
                        };
                        calls.spawn(serving.instrument(tracing::info_span!("connection", app = name)));
                    }
                    None => break,
                },
                Some(_) = calls.join_next() => {}
                () = &mut asked => break,
            }
        }
        drop(self.listener);
        while calls.join_next().await.is_some() {}
    }
}
