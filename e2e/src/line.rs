//! Calls whose other ends are media of the test.

#![allow(clippy::missing_panics_doc, reason = "every method panics if the server refuses what it asks for")]

use std::net::{IpAddr, SocketAddr};

use ari_bindings::Client;
use ari_bindings::handles::ChannelHandle;
use ari_media::{Format, Media, MediaConfig, MediaHost, RtpPorts, Transport, WebSocketConnector};

use crate::{Recorder, Server, eventually, unique};

/// A bridge whose channels are of an application.
pub struct Line {
    /// A client of the server.
    pub ari: Client,
    /// The name of the application.
    pub app: String,
    /// Its events.
    pub watch: Recorder,
    /// The id of the bridge.
    pub bridge: String,
}

impl Line {
    /// Creates the bridge.
    pub async fn open(server: &Server) -> Self {
        let (app, bridge) = (unique("app"), unique("bridge"));
        let ari = server.client();
        let watch = Recorder::open(&ari, &app).await;
        ari.bridges().create_with_id(&bridge).r#type("mixing").await.unwrap();
        Self { ari, app, watch, bridge }
    }

    /// Adds a channel that enters the application, and waits until it is in the bridge: the reply may come before.
    pub async fn join(&mut self, channel: &str) {
        self.watch.until_channel("StasisStart", channel).await;
        self.join_at_once(channel).await;
        self.watch.until_channel("ChannelEnteredBridge", channel).await;
    }

    /// Adds a channel that is in the application.
    pub async fn join_at_once(&self, channel: &str) {
        self.ari.bridge(&self.bridge).add_channel(channel).await.unwrap();
    }

    /// Adds a channel of external media.
    pub async fn media(&mut self, transport: Transport, config: MediaConfig) -> (ChannelHandle, Media) {
        let opened = MediaHost::new().open(&self.ari, &self.app, config).transport(transport).await.unwrap();
        self.join(opened.channel.channel_id().as_str()).await;
        (opened.channel, opened.media)
    }

    /// Adds a channel of RTP, and a medium on one of these ports.
    pub async fn rtp(&mut self, ports: &RtpPorts, config: MediaConfig, format: Format) -> (ChannelHandle, Media) {
        let port = ports.bind().await.unwrap();
        let (channel, address) = self.rtp_to(&port.external_host(), format).await;
        (channel, port.open(config, Some(address)).unwrap())
    }

    /// Adds a channel that sends RTP to this address, and returns the address that it listens at.
    pub async fn rtp_to(&mut self, host: &str, format: Format) -> (ChannelHandle, SocketAddr) {
        let id = unique("media");
        let request = self.ari.channels().external_media(&self.app, format.name()).external_host(host);
        let made = request.channel_id(&id).await.unwrap();
        let variables = made.channelvars.unwrap();
        let ip: IpAddr = variables["UNICASTRTP_LOCAL_ADDRESS"].parse().unwrap();
        let port = variables["UNICASTRTP_LOCAL_PORT"].parse().unwrap();
        self.join(&id).await;
        (self.ari.channel(&id), SocketAddr::new(ip, port))
    }

    /// Adds a channel to which the program connects, with options of `chan_websocket`.
    pub async fn websocket(&mut self, format: Format, config: MediaConfig, options: &str) -> (String, Media) {
        let id = unique("media");
        let request = self.ari.channels().external_media(&self.app, format.name()).channel_id(&id);
        let request = request.transport("websocket").encapsulation("none").connection_type("server");
        let made = request.transport_data(options).await.unwrap();
        let connection_id = &made.channelvars.unwrap()["MEDIA_WEBSOCKET_CONNECTION_ID"];
        let connector = WebSocketConnector::new(self.ari.base_url()).unwrap();
        let (start, media) = connector.connect(connection_id, config).await.unwrap();
        assert_eq!((&*start.channel_id, &start.connection_id), (&*id, connection_id));
        self.join(&id).await;
        (id, media)
    }

    /// Hangs up all channels that are still in the bridge.
    pub async fn hang_up(&self) {
        for channel in self.ari.bridge(&self.bridge).get().await.unwrap().channels {
            // The program may have closed its medium meanwhile.
            let _ = self.ari.channel(&channel).hangup().await;
        }
    }

    /// Checks that no channel is left, and removes the bridge.
    pub async fn end(self) {
        let app = &self.ari.application(&self.app);
        eventually(|| async { app.get().await.unwrap().channel_ids.is_empty() }).await;
        self.ari.bridge(&self.bridge).destroy().await.unwrap();
        self.watch.close().await;
    }
}
