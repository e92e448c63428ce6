//! `asterisk-ari`.

use std::hint::black_box;
use std::sync::Arc;

use asterisk_ari::apis::channels::params::{App, DeleteRequest, OriginateRequest};
use asterisk_ari::ws::models::Event;
use asterisk_ari::ws::params::ListenRequest;
use asterisk_ari::{Config, apis, ws};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;

use super::Target;
use crate::Failure;
use crate::calls::{Calls, Telephone};
use crate::corpus::END;
use crate::requests::{Api, What};
use crate::socket::Tally;

pub(super) fn decode(text: &str) -> bool {
    black_box(serde_json::from_str::<Event>(text)).is_ok_and(|event| !matches!(event, Event::Unknown(_)))
}

/// It adds `/ari` itself.
fn config(target: &Target) -> Config {
    Config::new(format!("http://{}", target.address), &target.user, &target.password)
}

pub(super) async fn receive(target: Target, tally: Arc<Tally>) -> Result<(), Failure> {
    let mut client = ws::client::Client::with_config(config(&target));
    let mut events = client.connect(ListenRequest::new("x")).await?;
    while let Some(event) = events.next().await {
        match black_box(event) {
            Event::StasisEnd(end) if end.data.channel.id == END => break,
            _ => tally.event().await,
        }
    }
    Ok(())
}

pub(super) fn connect(target: &Target) -> Arc<dyn Api> {
    Arc::new(apis::client::Client::with_config(config(target)))
}

impl Api for apis::client::Client {
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
    let mut client = ws::client::Client::with_config(config(&target));
    let mut events = client.connect(ListenRequest::new(&app).with_subscribe_all(false)).await?;
    tokio::spawn(async move {
        // Dropped, it would disconnect.
        let _client = client;
        while let Some(event) = events.next().await {
            match event {
                Event::StasisStart(start) => calls.started(&start.data.channel.id),
                Event::StasisEnd(end) => calls.ended(&end.data.channel.id),
                _ => {}
            }
        }
    });
    Ok(Arc::new(Phone { client: apis::client::Client::with_config(config(&target)), app }))
}

struct Phone {
    client: apis::client::Client,
    app: String,
}

impl Telephone for Phone {
    fn originate(&self, id: String) -> BoxFuture<'_, Result<(), Failure>> {
        let request = OriginateRequest::new("Local/echo@default").with_app(App::new(&self.app)).with_channel_id(id);
        Box::pin(async move {
            self.client.channels().originate(request).await?;
            Ok(())
        })
    }

    fn answer(&self, id: String) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move { Ok(self.client.channels().answer(id).await?) })
    }

    fn hang_up(&self, id: String) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move { Ok(self.client.channels().delete(DeleteRequest::new(id)).await?) })
    }
}
