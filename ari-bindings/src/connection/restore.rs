//! What is asked, and given back to the server, when a connection is there again.

use std::sync::Arc;

use super::hub::Hub;
use crate::call::Call;
use crate::object::readable;
use crate::retry::insist;
use crate::subscriptions::{self, Application, Remembered};
use crate::{Client, Date, Error, Method, Operation};

const GET_INFO: Operation =
    Operation { resource: "asterisk", name: "getInfo", method: Method::Get, path: "/asterisk/info" };

/// What was found out and done.
#[derive(Debug, Default)]
pub(super) struct Restored {
    /// When the server was started, if it says so.
    pub(super) startup: Option<Date>,
    /// Subscriptions that the server had lost and has again.
    pub(super) given_back: Vec<String>,
    /// Those that it refused.
    pub(super) refused: Vec<String>,
    /// An application whose events do not come.
    pub(super) deaf: Option<String>,
}

/// Asks when the server was started and whether it knows these applications. Of a connection that was made again,
/// makes sure that their events come, and gives them back what was subscribed for them.
pub(super) async fn check(client: Client, hub: Arc<Hub>, apps: Vec<String>, again: bool) -> Restored {
    let mut restored = Restored::default();
    let asking = async {
        for app in &apps {
            if let Err(Deaf) = application(&client, &hub, app, again, &mut restored).await {
                restored.deaf = Some(app.clone());
            }
        }
    };
    let (startup, ()) = futures_util::future::join(startup(&client), asking).await;
    match startup {
        Ok(startup) => restored.startup = Some(startup),
        Err(error) => tracing::debug!("whether Asterisk was restarted cannot be found out: {error}"),
    }
    restored
}

async fn startup(client: &Client) -> Result<Date, Error> {
    struct Info {
        status: Status,
    }
    struct Status {
        startup_time: Date,
    }
    readable!(Info { status = "status" });
    readable!(Status { startup_time = "startup_time": date });
    let call = || Call::new(client, &GET_INFO).list("only", std::iter::once("status".to_owned()));
    Ok(insist(|| call().json::<Info>()).await?.status.startup_time)
}

/// The events of an application do not come.
struct Deaf;

async fn application(client: &Client, hub: &Hub, app: &str, again: bool, restored: &mut Restored) -> Result<(), Deaf> {
    let present = match insist(|| subscriptions::get(client, app)).await {
        Ok(present) => present,
        // It was registered by the connection, and has gone with another one.
        Err(error) if error.is_not_found() => return Err(Deaf),
        Err(error) => {
            tracing::debug!("{app}: what is subscribed cannot be found out: {error}");
            return Ok(());
        }
    };
    if !again {
        return Ok(());
    }
    if hub.probe.hears(client, &present).await == Some(false) {
        return Err(Deaf);
    }
    if let Some(remembered) = client.subscriptions().of(app) {
        subscribe(client, app, &present, remembered, restored).await;
    }
    Ok(())
}

async fn subscribe(client: &Client, app: &str, present: &Application, remembered: Remembered, restored: &mut Restored) {
    for source in remembered.sources {
        if present.has(&source) {
            continue;
        }
        let done = subscriptions::subscribe(client, app, &source).await;
        if done.as_ref().is_err_and(|error| error.status().is_some()) {
            // What the source was is gone: it will not come back.
            client.subscriptions().forget(app, &source);
        }
        restored.note(format!("{app}: {source}"), done);
    }
    if let Some(filter) = remembered.filter.filter(|filter| !present.has_filter(filter)) {
        let done = subscriptions::set_filter(client, app, filter).await;
        restored.note(format!("{app}: event filter"), done);
    }
}

impl Restored {
    fn note(&mut self, what: String, done: Result<(), Error>) {
        match done {
            Ok(()) => self.given_back.push(what),
            Err(error) => {
                tracing::warn!("{what}: the subscription is lost: {error}");
                self.refused.push(format!("{what}: {error}"));
            }
        }
    }
}
