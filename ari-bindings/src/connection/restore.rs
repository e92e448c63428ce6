//! What is asked, and given back to the server, when a connection is there again.

use serde::Deserialize;

use crate::call::Call;
use crate::models::Application;
use crate::subscriptions::{self, Remembered};
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
}

/// Asks when the server was started, and gives these applications back what was subscribed for them.
pub(super) async fn check(client: Client, apps: Vec<String>) -> Restored {
    let mut restored = Restored::default();
    let subscribing = async {
        for app in &apps {
            if let Some(remembered) = client.subscriptions().of(app) {
                subscribe(&client, app, remembered, &mut restored).await;
            }
        }
    };
    let (startup, ()) = futures_util::future::join(startup(&client), subscribing).await;
    match startup {
        Ok(startup) => restored.startup = Some(startup),
        Err(error) => tracing::debug!("whether Asterisk was restarted cannot be found out: {error}"),
    }
    restored
}

async fn startup(client: &Client) -> Result<Date, Error> {
    #[derive(Deserialize)]
    struct Info {
        status: Status,
    }
    #[derive(Deserialize)]
    struct Status {
        #[serde(with = "crate::date")]
        startup_time: Date,
    }
    let call = Call::new(client, &GET_INFO).list("only", std::iter::once("status".to_owned()));
    Ok(call.json::<Info>().await?.status.startup_time)
}

async fn subscribe(client: &Client, app: &str, remembered: Remembered, restored: &mut Restored) {
    let application = client.application(app);
    let present = match application.get().await {
        Ok(present) => present,
        Err(error) => return restored.refused.push(format!("{app}: {error}")),
    };
    for source in remembered.sources {
        if has(&present, &source) {
            continue;
        }
        let done = application.subscribe([&source]).await.map(drop);
        if done.as_ref().is_err_and(|error| error.status().is_some()) {
            // What the source was is gone: it will not come back.
            client.subscriptions().forget(app, &source);
        }
        restored.note(format!("{app}: {source}"), done);
    }
    if let Some(filter) = remembered.filter.filter(|filter| !subscriptions::is_set(&present, filter)) {
        let done = subscriptions::set_filter(client, app, filter).await;
        restored.note(format!("{app}: event filter"), done);
    }
}

/// Whether an application has this subscription still.
fn has(application: &Application, source: &str) -> bool {
    let Some((kind, name)) = source.split_once(':') else { return false };
    let is = |wanted: &str, all: &str, found: &str| found == if wanted.is_empty() { all } else { wanted };
    match kind {
        "channel" => application.channel_ids.iter().any(|id| is(name, "__AST_CHANNEL_ALL_TOPIC", id)),
        "bridge" => application.bridge_ids.iter().any(|id| is(name, "__AST_BRIDGE_ALL_TOPIC", id)),
        "endpoint" => application.endpoint_ids.iter().any(|id| is(name, "__AST_ENDPOINT_ALL_TOPIC", id)),
        "deviceState" => application.device_names.iter().any(|id| is(name, "__AST_DEVICE_STATE_ALL_TOPIC", id)),
        _ => false,
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
