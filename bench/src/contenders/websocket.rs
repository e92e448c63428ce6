//! Requests over the WebSocket without bindings: a task that owns the socket, and who waits for which answer.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

use super::Target;
use super::bare::{self, Socket};
use crate::Failure;
use crate::requests::{Api, What};

#[derive(Serialize)]
struct RestRequest<'a> {
    r#type: &'a str,
    transaction_id: &'a str,
    request_id: &'a str,
    method: &'a str,
    uri: &'a str,
}

#[derive(Deserialize)]
struct RestResponse {
    request_id: String,
    status_code: u16,
    message_body: String,
}

/// A request on its way to the socket.
struct Asked {
    id: String,
    text: String,
    answer: oneshot::Sender<RestResponse>,
}

/// The task's mailbox.
struct WebSocket {
    asked: mpsc::Sender<Asked>,
    next: AtomicU64,
}

pub(super) async fn connect(target: Target) -> Result<Arc<dyn Api>, Failure> {
    let socket = bare::socket(&target, "x").await?;
    let (asked, requests) = mpsc::channel(64);
    tokio::spawn(exchange(socket, requests));
    Ok(Arc::new(WebSocket { asked, next: AtomicU64::new(0) }))
}

async fn exchange(mut socket: Socket, mut requests: mpsc::Receiver<Asked>) {
    let mut waiting = HashMap::new();
    loop {
        tokio::select! {
            request = requests.recv() => {
                let Some(Asked { id, text, answer }) = request else { return };
                waiting.insert(id, answer);
                if socket.send(Message::text(text)).await.is_err() {
                    return;
                }
            }
            message = socket.next() => {
                let Some(Ok(message)) = message else { return };
                let Message::Text(text) = message else { continue };
                let Ok(response) = serde_json::from_str::<RestResponse>(&text) else { continue };
                let answer = waiting.remove(&response.request_id);
                // Who no longer waits needs no answer.
                let _ = answer.map(|answer| answer.send(response));
            }
        }
    }
}

impl Api for WebSocket {
    fn get(&self, what: What) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let id = self.next.fetch_add(1, Ordering::Relaxed).to_string();
            let request = RestRequest {
                r#type: "RESTRequest",
                transaction_id: &id,
                request_id: &id,
                method: "GET",
                uri: what.path(),
            };
            let text = serde_json::to_string(&request)?;
            let (answer, answered) = oneshot::channel();
            self.asked.send(Asked { id, text, answer }).await?;
            let response = answered.await?;
            match response.status_code {
                200 => bare::read(what, response.message_body.as_bytes()),
                status => Err(format!("answered with {status}").into()),
            }
        })
    }
}
