//! What is asked, and given back to the server, when a connection is there again.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future;
use tokio::time::{Instant, timeout_at};

use super::hub::Hub;
use super::insist::insist;
use super::subscriptions::{self, Application, Remembered};
use crate::client::{Call, GET_INFO};
use crate::object::readable;
use crate::{Client, Date, Error};

/// What was found out and done.
#[derive(Debug, Default)]
pub(super) struct Restored {
    /// When the server was started, if it says so.
    pub(super) startup: Option<Date>,
    /// Subscriptions that the server had lost and has again.
    pub(super) given_back: Vec<String>,
    /// Those that it does not have again, each with its reason.
    pub(super) refused: Vec<String>,
    /// An application whose events do not come.
    pub(super) deaf: Option<String>,
}

/// Asks when the server was started and whether it knows these applications. Of a connection that was made again,
/// makes sure that their events come, and gives them back what was subscribed for them.
///
/// It takes as long as connecting may take, at most, and then gives what there is.
pub(super) fn check(
    client: Client,
    hub: Arc<Hub>,
    apps: Vec<String>,
    again: bool,
) -> impl Future<Output = Restored> + Send {
    let limit = client.connect_timeout();
    // The time runs from the call, not from the first poll: whoever limits the future, too, does so after this.
    let deadline = Instant::now() + limit;
    async move {
        let (mut startup, mut restoring) = (None, Restoring::default());
        let asking = async { startup = self::startup(&client).await };
        let working = future::join(asking, restoring.run(&client, &hub, &apps, again));
        if timeout_at(deadline, working).await.is_err() {
            restoring.give_up(limit);
        }
        Restored { startup, ..restoring.done }
    }
}

impl Restored {
    /// The work was broken off; what has become of it is not known.
    pub(super) fn unfinished(reason: impl Display) -> Self {
        tracing::warn!("what was subscribed may be lost: {reason}");
        Self { refused: vec![reason.to_string()], ..Self::default() }
    }
}

async fn startup(client: &Client) -> Option<Date> {
    struct Info {
        status: Status,
    }
    struct Status {
        startup_time: Date,
    }
    readable!(Info { status = "status" });
    readable!(Status { startup_time = "startup_time": date });
    let call = || Call::new(client, &GET_INFO).list("only", std::iter::once("status".to_owned()));
    match insist(|| call().json::<Info>()).await {
        Ok(info) => Some(info.status.startup_time),
        Err(error) => {
            tracing::debug!("whether Asterisk was restarted cannot be found out: {error}");
            None
        }
    }
}

/// The work on the applications. What is done of it stays when it is broken off.
#[derive(Default)]
struct Restoring {
    done: Restored,
    /// Subscriptions that the server has lost, and has not answered for.
    open: BTreeSet<String>,
}

/// The events of an application do not come.
struct NotDelivering;

impl Restoring {
    async fn run(&mut self, client: &Client, hub: &Hub, apps: &[String], again: bool) {
        let mut heard = Vec::new();
        for app in apps {
            match hear(client, hub, app, again).await {
                Ok(present) => heard.extend(present.map(|present| (app, present))),
                // What is given back to a connection that is made anew would not be told.
                Err(NotDelivering) => return self.done.deaf = Some(app.clone()),
            }
        }
        for (app, present) in heard.iter().filter(|_| again) {
            if let Some(remembered) = client.subscriptions().of(app) {
                self.give_back(client, app, present, remembered).await;
            }
        }
    }

    async fn give_back(&mut self, client: &Client, app: &str, present: &Application, remembered: Remembered) {
        let sources: Vec<_> = remembered.sources.into_iter().filter(|source| !present.has(source)).collect();
        let filter = remembered.filter.filter(|filter| *filter != present.filter());
        let (of_source, of_filter) = (|source: &String| format!("{app}: {source}"), format!("{app}: event filter"));
        self.open.extend(sources.iter().map(of_source));
        self.open.extend(filter.iter().map(|_| of_filter.clone()));
        for source in sources {
            let done = subscriptions::subscribe(client, app, &source).await;
            if done.as_ref().is_err_and(is_for_good) {
                client.subscriptions().forget(app, &source);
            }
            self.note(of_source(&source), done);
        }
        if let Some(filter) = filter {
            let done = subscriptions::set_filter(client, app, filter).await;
            self.note(of_filter, done);
        }
    }

    fn note(&mut self, what: String, done: Result<(), Error>) {
        self.open.remove(&what);
        match done {
            Ok(()) => self.done.given_back.push(what),
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

/// What an application has subscribed, where that can be found out.
async fn hear(client: &Client, hub: &Hub, app: &str, again: bool) -> Result<Option<Application>, NotDelivering> {
    let present = match insist(|| subscriptions::get(client, app)).await {
        Ok(present) => present,
        // It was registered by the connection, and has gone with another one.
        Err(error) if error.is_not_found() => return Err(NotDelivering),
        Err(error) => {
            tracing::debug!("{app}: what is subscribed cannot be found out: {error}");
            return Ok(None);
        }
    };
    if again && hub.probe.hears(client, &present).await == Some(false) {
        return Err(NotDelivering);
    }
    Ok(Some(present))
}

/// Whether Asterisk says that a source is gone, or none that can be subscribed, which it will say the next time, too.
/// Any other refusal is one of the moment, or of the user's rights, which may be mended.
fn is_for_good(error: &Error) -> bool {
    matches!(error, Error::Refused { status: 400 | 404 | 422, .. })
}
