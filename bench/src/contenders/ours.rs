//! The bindings of this workspace.

use std::hint::black_box;
use std::sync::Arc;

use ari_bindings::handles::ChannelHandle;
use ari_bindings::{Client, ClientBuilder, Error, Event, EventRouter, RoutedEvents, Transport};
use futures_util::future::BoxFuture;

use super::Target;
use crate::Failure;
use crate::calls::{Calls, Telephone};
use crate::corpus::END;
use crate::incoming::Tally as Answered;
use crate::requests::{Api, What};
use crate::socket::Tally;

pub(super) fn decode(text: &str) -> bool {
    !matches!(black_box(Event::from_text(text)), Event::Unknown(_) | Event::Undecodable(_))
}

fn builder(target: &Target) -> ClientBuilder {
    Client::builder(target.url()).credentials(&target.user, &target.password)
}

pub(super) async fn receive(target: Target, tally: Arc<Tally>) -> Result<(), Failure> {
    let ari = builder(&target).build()?;
    let mut events = ari.events(["x"]).await?;
    while let Some(event) = events.next().await {
        match black_box(event) {
            Ok(Event::StasisEnd(end)) if end.channel.id == *END => break,
            Ok(_) => tally.event().await,
            Err(error) => tally.lost(error.to_string()),
        }
    }
    Ok(())
}

pub(super) fn connect(target: &Target) -> Result<Arc<dyn Api>, Failure> {
    Ok(Arc::new(builder(target).build()?))
}

pub(super) async fn connect_websocket(target: Target) -> Result<Arc<dyn Api>, Failure> {
    let ari = builder(&target).transport(Transport::WebSocket).build()?;
    let mut events = ari.events(["x"]).await?;
    tokio::spawn(async move { while events.next().await.is_some() {} });
    Ok(Arc::new(ari))
}

impl Api for Client {
    fn get(&self, what: What) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            match what {
                What::Ping => drop(black_box(self.asterisk().ping().await?)),
                What::Channels => drop(black_box(self.channels().list().await?)),
            }
            Ok(())
        })
    }
}

pub(super) async fn open(target: Target, app: String, calls: Arc<Calls>) -> Result<Arc<dyn Telephone>, Failure> {
    let ari = builder(&target).build()?;
    let mut events = ari.events([&app]).await?;
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::StasisStart(start)) => calls.started(start.channel.id.as_str()),
                Ok(Event::StasisEnd(end)) => calls.ended(end.channel.id.as_str()),
                _ => {}
            }
        }
    });
    Ok(Arc::new(Phone { ari, app }))
}

struct Phone {
    ari: Client,
    app: String,
}

impl Telephone for Phone {
    fn originate(&self, id: String) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            self.ari.channels().originate("Local/echo@default").app(&self.app).channel_id(id).await?;
            Ok(())
        })
    }

    fn answer(&self, id: String) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move { Ok(self.ari.channel(id).answer().await?) })
    }

    fn hang_up(&self, id: String) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move { Ok(self.ari.channel(id).hangup().await?) })
    }
}

/// Serves calls by one loop that knows what each event means.
pub(super) async fn answer_in_a_loop(
    target: Target,
    transport: Transport,
    tally: Arc<Answered>,
) -> Result<Client, Failure> {
    let ari = builder(&target).transport(transport).build()?;
    let mut events = ari.events(["x"]).await?;
    let client = ari.clone();
    tokio::spawn(async move {
        while let Some(Ok(event)) = events.next().await {
            match event {
                Event::StasisStart(start) => {
                    let channel = ari.channel(&start.channel);
                    spawn(async move {
                        channel.answer().await?;
                        channel.play("sound:hello-world").await.map(drop)
                    });
                }
                Event::PlaybackFinished(finished) => {
                    let Some(id) = finished.playback.target_uri.strip_prefix("channel:") else { continue };
                    let channel = ari.channel(id);
                    spawn(async move { channel.hangup().await });
                }
                Event::StasisEnd(_) => tally.ended(),
                _ => {}
            }
        }
    });
    Ok(client)
}

/// Serves calls by a task for each, as the guide shows it.
pub(super) async fn answer_by_tasks(
    target: Target,
    transport: Transport,
    tally: Arc<Answered>,
) -> Result<Client, Failure> {
    let ari = builder(&target).transport(transport).build()?;
    let mut events = ari.events(["x"]).await?;
    let client = ari.clone();
    tokio::spawn(async move {
        let router = EventRouter::new();
        while let Some(Ok(event)) = events.next().await {
            if let Event::StasisStart(start) = &event
                && let Some(events) = router.channel(&start.channel.id)
            {
                let (channel, tally) = (ari.channel(&start.channel), Arc::clone(&tally));
                spawn(async move { one_call(&channel, events, &tally).await });
            }
            drop(router.route(event));
        }
    });
    Ok(client)
}

async fn one_call(channel: &ChannelHandle, mut events: RoutedEvents, tally: &Answered) -> Result<(), Error> {
    channel.answer().await?;
    let playback = channel.play("sound:hello-world").await?;
    while let Some(event) = events.next().await {
        match event {
            Event::PlaybackFinished(finished) if finished.playback.id == playback.id => channel.hangup().await?,
            Event::StasisEnd(_) => tally.ended(),
            _ => {}
        }
    }
    Ok(())
}

fn spawn(work: impl Future<Output = Result<(), Error>> + Send + 'static) {
    tokio::spawn(async move {
        if let Err(error) = work.await {
            eprintln!("{error}");
        }
    });
}
