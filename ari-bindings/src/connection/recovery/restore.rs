//! Restores subscriptions after a reconnect.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future;
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use super::super::socket::Probe;
use super::application::{self, Application};
use crate::client::{Call, GET_INFO, Remembered, retry};
use crate::{Client, Date, Error};

/// What the check found and did.
#[derive(Debug, Default)]
pub(super) struct Restored {
    /// When the server was started, if it answers that.
    pub(super) startup: Option<Date>,
    /// Subscriptions that the server had lost and has again.
    pub(super) subscribed: Vec<String>,
    /// Those that it does not have again, each with its reason.
    pub(super) refused: Vec<String>,
    /// An application whose events do not come.
    pub(super) not_delivering: Option<String>,
}

/// Asks when the server was started and whether it knows these applications. After a reconnect, also checks that their
/// events arrive, and subscribes again what the server has lost.
///
/// It takes at most as long as connecting may take, and then returns what there is.
pub(super) fn check(
    client: Client,
    probe: Arc<Probe>,
    apps: Vec<String>,
    again: bool,
) -> impl Future<Output = Restored> + Send {
    let limit = client.connect_timeout();
    // The time runs from the call, not from the first poll.
    let deadline = Instant::now() + limit;
    async move {
        let (mut startup, mut restoring) = (None, Restoring::default());
        let asking = async { startup = self::startup(&client).await };
        let working = future::join(asking, restoring.run(&client, &probe, &apps, again));
        if timeout_at(deadline, working).await.is_err() {
            restoring.give_up(limit);
        }
        Restored { startup, ..restoring.done }
    }
}

impl Restored {
    /// The check was given up; what has become of it is not known.
    pub(super) fn unfinished(reason: impl Display) -> Self {
        tracing::warn!("subscriptions may be lost: {reason}");
        Self { refused: vec![reason.to_string()], ..Self::default() }
    }
}

async fn startup(client: &Client) -> Option<Date> {
    #[derive(Deserialize)]
    struct Info {
        status: Status,
    }
    #[derive(Deserialize)]
    struct Status {
        #[serde(with = "crate::date")]
        startup_time: Date,
    }
    let call = || Call::new(client, &GET_INFO).list("only", vec!["status".to_owned()]);
    match retry(|| call().json::<Info>()).await {
        Ok(info) => Some(info.status.startup_time),
        Err(error) => {
            tracing::debug!("whether Asterisk was restarted is not known: {}", error.with_causes());
            None
        }
    }
}

/// The work on the applications. What is done stays done when it is given up.
#[derive(Default)]
struct Restoring {
    done: Restored,
    /// Subscriptions that the server has lost, and has not yet answered for.
    open: BTreeSet<String>,
}

/// The events of an application do not come.
struct NotDelivering;

impl Restoring {
    async fn run(&mut self, client: &Client, probe: &Probe, apps: &[String], again: bool) {
        let mut found = Vec::new();
        for app in apps {
            match find(client, probe, app, again).await {
                Ok(present) => found.extend(present.map(|present| (app, present))),
                // This connection is replaced by another, which restores the subscriptions.
                Err(NotDelivering) => return self.done.not_delivering = Some(app.clone()),
            }
        }
        for (app, present) in found.iter().filter(|_| again) {
            if let Some(remembered) = client.subscriptions().of(app) {
                self.restore(client, app, present, remembered).await;
            }
        }
    }

    async fn restore(&mut self, client: &Client, app: &str, present: &Application, remembered: Remembered) {
        let sources: Vec<_> = remembered.sources.into_iter().filter(|source| !present.has(source)).collect();
        let filter = remembered.filter.filter(|filter| *filter != present.filter());
        let (name, filter_name) = (|source: &String| format!("{app}: {source}"), format!("{app}: event filter"));
        self.open.extend(sources.iter().map(name));
        self.open.extend(filter.iter().map(|_| filter_name.clone()));
        for source in sources {
            let done = application::subscribe(client, app, &source).await;
            if done.as_ref().is_err_and(is_for_good) {
                client.subscriptions().forget(app, &source);
            }
            self.note(name(&source), done);
        }
        if let Some(filter) = filter {
            let done = application::set_filter(client, app, filter).await;
            self.note(filter_name, done);
        }
    }

    fn note(&mut self, what: String, done: Result<(), Error>) {
        self.open.remove(&what);
        match done {
            Ok(()) => self.done.subscribed.push(what),
            Err(error) => self.refuse(&what, &error),
        }
    }

    fn give_up(&mut self, limit: Duration) {
        for what in std::mem::take(&mut self.open) {
            self.refuse(&what, &format_args!("no answer within {limit:?}"));
        }
    }

    fn refuse(&mut self, what: &str, reason: &dyn Display) {
        tracing::warn!("{what}: the subscription is lost: {reason}");
        self.done.refused.push(format!("{what}: {reason}"));
    }
}

/// What an application has subscribed, if the server answers that.
async fn find(client: &Client, probe: &Probe, app: &str, again: bool) -> Result<Option<Application>, NotDelivering> {
    let present = match retry(|| application::get(client, app)).await {
        Ok(present) => present,
        // The connection registered it, and it has gone with the end of another one.
        Err(error) if error.is_not_found() => return Err(NotDelivering),
        Err(error) => {
            tracing::debug!("{app}: its subscriptions are not known: {}", error.with_causes());
            return Ok(None);
        }
    };
    let is_probed = again && present.filter().lets_pass("ChannelUserevent");
    if is_probed && probe.arrives(client, &present.name).await == Some(false) {
        return Err(NotDelivering);
    }
    Ok(Some(present))
}

/// Whether Asterisk refuses a source for good: it is gone, or none that can be subscribed. Other refusals may pass, or
/// are about the user's rights, which may change.
fn is_for_good(error: &Error) -> bool {
    matches!(error, Error::Refused { status: 400 | 404 | 422, .. })
}
