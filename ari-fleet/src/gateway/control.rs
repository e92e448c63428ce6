//! Requests to the gateway itself.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_nats::{Message, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde::Serialize;

use super::fences::Verdict;
use super::node::Node;
use crate::wire::{Attached, Control, Lane, Refusal};

/// How many requests are answered at once.
const REQUESTS: usize = 64;

impl Node {
    /// Answers the requests that come, until the subscription ends.
    pub(super) async fn serve_control(self: &Arc<Self>, requests: Subscriber) {
        requests.for_each_concurrent(REQUESTS, |request| self.answer(request)).await;
    }

    async fn answer(&self, request: Message) {
        if !self.has_name().await {
            return;
        }
        let reply = self.control(&request).await;
        let Some(inbox) = request.reply else { return };
        if let Err(error) = self.fleet.nats.publish(inbox, reply).await {
            tracing::warn!(node = &*self.settings.node, %error, "cannot reply to a request");
        }
    }

    async fn control(&self, request: &Message) -> Bytes {
        match serde_json::from_slice(&request.payload) {
            Ok(Control::Attach { lane, token }) => match self.attach(&lane, &token).await {
                Ok(attached) => json(&attached),
                Err(refusal) => json(&refusal),
            },
            Ok(Control::Drain { on }) => {
                self.settings.draining.store(on, Ordering::Relaxed);
                self.changed.notify_one();
                tracing::info!(node = &*self.settings.node, on, "draining");
                json(&self.announcement())
            }
            Ok(Control::Status) => json(&self.announcement()),
            Err(error) => json(&Refusal { error: format!("the request is not understood: {error}"), fenced: false }),
        }
    }

    async fn attach(&self, lane: &Lane, token: &str) -> Result<Attached, Refusal> {
        let app = self.settings.apps.iter().find(|app| ***app == *lane.app);
        if app.is_none() {
            let error = format!("the gateway of {} does not hold the application {}", self.settings.node, lane.app);
            return Err(Refusal { error, fenced: false });
        }
        match self.verdict(lane, token).await {
            Verdict::Accepted => {
                Ok(Attached { up: self.is_up(), boot: self.boot.to_string(), seq: self.outbox.last_number(lane) })
            }
            Verdict::Fenced => {
                Err(Refusal { error: format!("the token is not that of the pin of lane {lane}"), fenced: true })
            }
            Verdict::Unknown(reason) => {
                Err(Refusal { error: format!("who owns lane {lane} cannot be asked: {reason}"), fenced: false })
            }
        }
    }
}

fn json(reply: &impl Serialize) -> Bytes {
    // These types have no maps with other keys than text.
    serde_json::to_vec(reply).unwrap_or_default().into()
}
