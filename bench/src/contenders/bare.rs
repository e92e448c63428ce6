//! What one writes without bindings: reqwest for requests, tokio-tungstenite for events.

use std::hint::black_box;
use std::sync::Arc;

use ari_bindings::Event;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use reqwest::{Client, Method};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{Target, floor};
use crate::Failure;
use crate::calls::{Calls, Telephone};
use crate::corpus::{END, END_OF_TEXT};
use crate::requests::{Api, What};
use crate::socket::Tally;

const BROKEN: &str = "end of the connection";

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(super) async fn socket(target: &Target, app: &str) -> Result<Socket, Failure> {
    Ok(connect_async(target.events(app)).await?.0)
}

pub(super) async fn receive_frames(target: Target, tally: Arc<Tally>) -> Result<(), Failure> {
    let mut socket = socket(&target, "x").await?;
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = black_box(message) else { continue };
        if text.ends_with(END_OF_TEXT) {
            return Ok(());
        }
        tally.event().await;
    }
    tally.lost(BROKEN);
    Ok(())
}

pub(super) async fn receive_in_place(target: Target, tally: Arc<Tally>) -> Result<(), Failure> {
    let mut socket = socket(&target, "x").await?;
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let event = black_box(Event::from_text(&text));
        if is_end(&event) {
            return Ok(());
        }
        tally.event().await;
    }
    tally.lost(BROKEN);
    Ok(())
}

pub(super) async fn receive_by_channel(target: Target, tally: Arc<Tally>) -> Result<(), Failure> {
    let mut socket = socket(&target, "x").await?;
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1024);
    tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(text) = message else { continue };
            if sender.send(Event::from_text(&text)).await.is_err() {
                return;
            }
        }
    });
    while let Some(event) = receiver.recv().await {
        if is_end(&black_box(event)) {
            return Ok(());
        }
        tally.event().await;
    }
    tally.lost(BROKEN);
    Ok(())
}

fn is_end(event: &Event) -> bool {
    matches!(event, Event::StasisEnd(end) if end.channel.id == *END)
}

/// Requests by reqwest.
struct Reqwest {
    client: Client,
    target: Target,
}

impl Reqwest {
    fn new(target: Target) -> Result<Self, Failure> {
        // reqwest wants one to be there, for what is not encrypted too. Another may be installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self { client: Client::builder().no_proxy().build()?, target })
    }

    async fn send(&self, method: Method, path: &str) -> Result<bytes::Bytes, Failure> {
        let request = self.client.request(method, format!("{}/{path}", self.target.url()));
        let response = request.basic_auth(&self.target.user, Some(&self.target.password)).send().await?;
        Ok(response.error_for_status()?.bytes().await?)
    }
}

pub(super) fn connect(target: Target) -> Result<Arc<dyn Api>, Failure> {
    Ok(Arc::new(Reqwest::new(target)?))
}

impl Api for Reqwest {
    fn get(&self, what: What) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let body = self.send(Method::GET, what.path()).await?;
            read(what, &body)
        })
    }
}

/// The answer to a ping.
#[derive(Debug, Deserialize)]
#[allow(dead_code, clippy::struct_field_names, reason = "decoded, not read; the names are Asterisk's")]
struct Ping {
    asterisk_id: String,
    ping: String,
    timestamp: String,
}

/// Reads an answer as structs.
pub(super) fn read(what: What, body: &[u8]) -> Result<(), Failure> {
    match what {
        What::Ping => drop(black_box(serde_json::from_slice::<Ping>(body)?)),
        What::Channels => drop(black_box(serde_json::from_slice::<Vec<floor::Channel<String>>>(body)?)),
    }
    Ok(())
}

/// What a program of one's own needs of an event.
#[derive(Deserialize)]
struct Of<'a> {
    r#type: &'a str,
    channel: Option<Channel>,
}

#[derive(Deserialize)]
struct Channel {
    id: String,
}

pub(super) async fn open(target: Target, app: String, calls: Arc<Calls>) -> Result<Arc<dyn Telephone>, Failure> {
    let mut socket = socket(&target, &app).await?;
    tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(text) = message else { continue };
            let Ok(Of { r#type, channel: Some(channel) }) = serde_json::from_str(&text) else { continue };
            match r#type {
                "StasisStart" => calls.started(&channel.id),
                "StasisEnd" => calls.ended(&channel.id),
                _ => {}
            }
        }
    });
    Ok(Arc::new(Phone { reqwest: Reqwest::new(target)?, app }))
}

struct Phone {
    reqwest: Reqwest,
    app: String,
}

impl Telephone for Phone {
    fn originate(&self, id: String) -> BoxFuture<'_, Result<(), Failure>> {
        let path = format!("channels?endpoint=Local/echo@default&app={}&channelId={id}", self.app);
        Box::pin(async move { self.reqwest.send(Method::POST, &path).await.map(drop) })
    }

    fn answer(&self, id: String) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move { self.reqwest.send(Method::POST, &format!("channels/{id}/answer")).await.map(drop) })
    }

    fn hang_up(&self, id: String) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move { self.reqwest.send(Method::DELETE, &format!("channels/{id}")).await.map(drop) })
    }
}
