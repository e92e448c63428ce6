//! Fetches lists of everything on the server.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

use futures_util::{StreamExt as _, stream};

use crate::client::retry;
use crate::ids::{PlaybackId, RecordingName};
use crate::models::{Application, Bridge, Channel, LiveRecording, Playback};
use crate::{Client, Error};

/// The number of concurrent requests for playbacks and recordings; the program's requests need connections as well.
const CONCURRENCY: usize = 16;

/// A list on its way.
pub(crate) type Listing = Pin<Box<dyn Future<Output = Result<Listed, Error>> + Send>>;

/// Everything on the server, as far as it can be asked for.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(super) channels: Vec<Channel>,
    pub(super) bridges: Vec<Bridge>,
    /// The playbacks of [`Running`] that still exist.
    pub(super) playbacks: Vec<Playback>,
    pub(super) recordings: Vec<LiveRecording>,
    pub(super) reach: Reach,
}

/// The channels and bridges whose events the applications receive.
#[derive(Debug, Default)]
pub(super) struct Reach {
    channels: BTreeSet<String>,
    bridges: BTreeSet<String>,
}

/// Playbacks and recordings that have begun, and may have ended in a gap.
#[derive(Debug, Default)]
pub(crate) struct Running {
    pub(super) playbacks: Vec<PlaybackId>,
    pub(super) recordings: Vec<RecordingName>,
}

/// Lists what there is. The reach of these applications is part of the answer.
pub(crate) async fn list(client: Client, apps: Vec<String>, running: Running) -> Result<Listed, Error> {
    let mut listed = Listed::default();
    // Subscriptions are fetched first: what is added meanwhile is then reported by an event.
    for app in &apps {
        if let Some(application) = unless_gone(retry(|| client.application(app).get()).await)? {
            listed.reach.add(application);
        }
    }
    listed.channels = retry(|| client.channels().list()).await?;
    listed.bridges = retry(|| client.bridges().list()).await?;
    let playbacks = running.playbacks.into_iter().map(|id| {
        let client = client.clone();
        async move { retry(|| client.playback(&id).get()).await }
    });
    listed.playbacks = present(playbacks).await?;
    let recordings = running.recordings.into_iter().map(|name| {
        let client = client.clone();
        async move { retry(|| client.recordings().get_live(&name)).await }
    });
    listed.recordings = present(recordings).await?;
    Ok(listed)
}

/// Fetches objects individually, several concurrently, and skips those that no longer exist.
async fn present<T>(requests: impl Iterator<Item = impl Future<Output = Result<T, Error>>>) -> Result<Vec<T>, Error> {
    let mut responses = stream::iter(requests).buffer_unordered(CONCURRENCY);
    let mut present = Vec::new();
    while let Some(response) = responses.next().await {
        present.extend(unless_gone(response)?);
    }
    Ok(present)
}

fn unless_gone<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(thing) => Ok(Some(thing)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

impl Reach {
    fn add(&mut self, application: Application) {
        self.channels.extend(application.channel_ids.into_iter().map(String::from));
        self.bridges.extend(application.bridge_ids.into_iter().map(String::from));
    }

    pub(super) fn has_channel(&self, id: &str) -> bool {
        self.channels.contains(id) || self.channels.contains("__AST_CHANNEL_ALL_TOPIC")
    }

    pub(super) fn has_bridge(&self, id: &str) -> bool {
        self.bridges.contains(id) || self.bridges.contains("__AST_BRIDGE_ALL_TOPIC")
    }
}
