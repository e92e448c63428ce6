//! `asterisk-rs-ari`.

use std::hint::black_box;
use std::sync::Arc;

use asterisk_rs_ari::config::{AriConfigBuilder, TransportMode};
use asterisk_rs_ari::event::AriEvent;
use asterisk_rs_ari::resources::channel::{ChannelHandle, OriginateParams};
use asterisk_rs_ari::resources::{asterisk, channel};
use asterisk_rs_ari::{AriClient, AriMessage};
use asterisk_rs_core::event::EventReceive;
use futures_util::future::BoxFuture;

use super::Target;
use crate::Failure;
use crate::calls::{Calls, Telephone};
use crate::corpus::END;
use crate::requests::{Api, What};
use crate::socket::Tally;

pub(super) fn decode(text: &str) -> bool {
    black_box(serde_json::from_str::<AriMessage>(text)).is_ok_and(|message| message.unknown.is_none())
}

async fn client(target: &Target, app: &str, transport: TransportMode) -> Result<AriClient, Failure> {
    let (host, port) = target.address.split_once(':').ok_or("no port in the address")?;
    let config = AriConfigBuilder::new(app).host(host).port(port.parse()?).transport(transport);
    Ok(AriClient::connect(config.username(&target.user).password(&target.password).build()?).await?)
}

pub(super) async fn receive(target: Target, tally: Arc<Tally>) -> Result<(), Failure> {
    let client = client(&target, "x", TransportMode::Http).await?;
    let mut events = client.subscribe();
    loop {
        match black_box(events.recv().await) {
            EventReceive::Event(message) => match &message.event {
                AriEvent::StasisEnd { channel } if channel.id == END => return Ok(()),
                _ => tally.event().await,
            },
            EventReceive::Lagged(_) => tally.lost("`Lagged`, a count"),
            EventReceive::Closed => return Ok(()),
        }
    }
}

pub(super) async fn connect(target: Target) -> Result<Arc<dyn Api>, Failure> {
    Ok(Arc::new(client(&target, "x", TransportMode::Http).await?))
}

pub(super) async fn connect_websocket(target: Target) -> Result<Arc<dyn Api>, Failure> {
    Ok(Arc::new(client(&target, "x", TransportMode::WebSocket).await?))
}

impl Api for AriClient {
    fn get(&self, what: What) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            match what {
                What::Ping => drop(black_box(asterisk::ping(self).await?)),
                What::Channels => drop(black_box(channel::list(self).await?)),
            }
            Ok(())
        })
    }
}

pub(super) async fn open(target: Target, app: String, calls: Arc<Calls>) -> Result<Arc<dyn Telephone>, Failure> {
    let client = client(&target, &app, TransportMode::Http).await?;
    let mut events = client.subscribe();
    tokio::spawn(async move {
        loop {
            match events.recv().await {
                EventReceive::Event(message) => match &message.event {
                    AriEvent::StasisStart { channel, .. } => calls.started(&channel.id),
                    AriEvent::StasisEnd { channel } => calls.ended(&channel.id),
                    _ => {}
                },
                EventReceive::Lagged(events) => calls.left_out(events),
                EventReceive::Closed => return,
            }
        }
    });
    Ok(Arc::new(Phone { client, app }))
}

struct Phone {
    client: AriClient,
    app: String,
}

impl Telephone for Phone {
    fn originate(&self, id: String) -> BoxFuture<'_, Result<(), Failure>> {
        let parameters = OriginateParams::new("Local/echo@default").app(&self.app).channel_id(id);
        Box::pin(async move {
            channel::originate(&self.client, &parameters).await?;
            Ok(())
        })
    }

    fn answer(&self, id: String) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move { Ok(ChannelHandle::new(id, self.client.clone()).answer().await?) })
    }

    fn hang_up(&self, id: String) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move { Ok(ChannelHandle::new(id, self.client.clone()).hangup(None).await?) })
    }
}
