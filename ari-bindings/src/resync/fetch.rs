//! Asking the server for everything that there is.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

use futures_util::future::try_join_all;

use crate::client::retry;
use crate::ids::{PlaybackId, RecordingName};
use crate::models::{Application, Bridge, Channel, LiveRecording, Playback};
use crate::{Client, Error};

/// A list on its way.
pub(crate) type Listing = Pin<Box<dyn Future<Output = Result<Listed, Error>> + Send>>;

/// What there is.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(super) channels: Vec<Channel>,
    pub(super) bridges: Vec<Bridge>,
    /// Those asked for that are there still.
    pub(super) playbacks: Vec<Playback>,
    pub(super) recordings: Vec<LiveRecording>,
    pub(super) reach: Reach,
}

/// What the applications hear of.
#[derive(Debug, Default)]
pub(super) struct Reach {
    channels: BTreeSet<String>,
    bridges: BTreeSet<String>,
}

/// What has begun, and may have ended unheard.
#[derive(Debug, Default)]
pub(crate) struct Running {
    pub(super) playbacks: Vec<PlaybackId>,
    pub(super) recordings: Vec<RecordingName>,
}

/// Lists what there is, as far as these applications hear of it.
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

/// Asks for many things at once, as many as the client allows; leaves out those that are gone.
async fn present<T, Asking>(questions: impl Iterator<Item = Asking>) -> Result<Vec<T>, Error>
where
    Asking: Future<Output = Result<T, Error>>,
{
    let answers = try_join_all(questions.map(|question| async { unless_gone(question.await) })).await?;
    Ok(answers.into_iter().flatten().collect())
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
