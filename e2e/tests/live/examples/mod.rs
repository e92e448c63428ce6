//! The unmodified programs of `ari-bindings/examples`, with callers.

mod broadcast;
mod click_to_dial;
mod conference;
mod external_media;
mod ivr;
mod outbound;
mod queue;
mod record_and_play;
mod snoop;
mod transfer;
mod user_events;

use std::future::Future;

use ari_bindings::handles::ChannelHandle;
use ari_bindings::ids::PlaybackId;
use ari_bindings::{Client, Connection, Error, Event, Events};
use ari_e2e::{FaultProxy, Recorder, Server};
use tokio::task::JoinHandle;

/// A running example and the events of its application.
pub(crate) struct Running {
    pub(crate) ari: Client,
    pub(crate) watch: Recorder,
    connection: Connection,
    task: JoinHandle<Result<(), Error>>,
}

impl Running {
    /// Starts an example as its `main` does once connected.
    pub(crate) async fn start<Serve, Work>(server: &Server, app: &str, serve: Serve) -> Self
    where
        Serve: FnOnce(Client, Events) -> Work,
        Work: Future<Output = Result<(), Error>> + Send + 'static,
    {
        Self::start_with(server.client(), app, serve).await
    }

    /// Starts an example behind a proxy, which can cause a gap in the events.
    pub(crate) async fn start_behind<Serve, Work>(server: &Server, app: &str, serve: Serve) -> (Self, FaultProxy)
    where
        Serve: FnOnce(Client, Events) -> Work,
        Work: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let proxy = FaultProxy::to_url(server.url());
        let builder = Client::builder(proxy.url(server.url()));
        let ari = builder.credentials(server.get("ARI_USER"), server.get("ARI_PASSWORD")).build().unwrap();
        (Self::start_with(ari, app, serve).await, proxy)
    }

    async fn start_with<Serve, Work>(ari: Client, app: &str, serve: Serve) -> Self
    where
        Serve: FnOnce(Client, Events) -> Work,
        Work: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let events = ari.events([app]).resync(true).await.unwrap();
        let connection = events.connection();
        let watch = Recorder::of(connection.subscribe());
        let task = tokio::spawn(serve(ari.clone(), events));
        Self { ari, watch, connection, task }
    }

    /// Waits until the example plays `media` to `target`, a channel (`channel:ID`) or a bridge (`bridge:ID`).
    pub(crate) async fn until_played(&mut self, media: &str, target: &str) {
        let started = |event: &Event| match event {
            Event::PlaybackStarted(started) => {
                (started.playback.media_uri == media && started.playback.target_uri == target).then_some(())
            }
            _ => None,
        };
        self.watch.until(&format!("{media} on {target}"), started).await;
    }

    /// The playback that started last.
    pub(crate) fn playback(&self) -> PlaybackId {
        let started = |event: &Event| match event {
            Event::PlaybackStarted(started) => Some(started.playback.id.clone()),
            _ => None,
        };
        self.watch.seen().iter().rev().find_map(started).expect("a playback")
    }

    /// Closes the connection, which ends the example, which must not have failed.
    pub(crate) async fn end(self) {
        self.connection.close().await;
        self.task.await.unwrap().unwrap();
        self.watch.close().await;
    }
}

/// Enables talk detection on the audio this end of a call receives. `ChannelTalkingStarted` reports audio, and
/// `ChannelTalkingFinished` half a second of silence, which requires that silence is actually sent: Asterisk reads the
/// audio of the other participants from this end.
pub(crate) async fn listen(end: ChannelHandle) {
    end.set_channel_var("TALK_DETECT(set)").value("500").await.unwrap();
}
