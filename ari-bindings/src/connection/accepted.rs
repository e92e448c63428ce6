//! An event connection that Asterisk has made.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::OverflowPolicy;
use super::events::Events;
use super::handshake::Socket;
use super::hub::Hub;
use super::link::Link;
use super::queue::{Frame, Queue};
use super::supervisor::{Pings, Supervisor};
use crate::Client;
use crate::resync::Follower;

/// A connection that is about to become a client and events.
pub(crate) struct Accepted {
    pub(crate) application: String,
    pub(crate) base_url: String,
    pub(crate) http: Option<Client>,
    pub(crate) timeout: Duration,
    pub(crate) pings: Pings,
    pub(crate) buffer_limit: usize,
    pub(crate) overflow_policy: OverflowPolicy,
}

impl Accepted {
    /// Starts the connection, of which these messages have come already. The permit is given back at its end.
    pub(crate) fn start(
        self,
        socket: Socket,
        messages: VecDeque<Utf8Bytes>,
        permit: OwnedSemaphorePermit,
    ) -> (Client, Events, Weak<Hub>) {
        let link = Arc::new(Link::new(std::slice::from_ref(&self.application)));
        link.up();
        let client = Client::of_link(self.base_url.into(), self.http.as_ref(), Arc::clone(&link), self.timeout);
        let hub = Arc::new(Hub::new(vec![self.application]));
        let queue = Queue::new(self.buffer_limit, self.overflow_policy);
        let events = Events::new(Arc::clone(&hub), queue, Follower::new(client.clone(), false));
        hub.push(&mut messages.into_iter().map(Frame::Text).collect());
        let supervisor = Supervisor {
            client: client.clone(),
            hub: Arc::clone(&hub),
            link: Some(link),
            pings: self.pings,
            accepted: true,
            again: None,
            hears_everything: false,
            startup: None,
            ended: false,
        };
        let running = supervisor.run(socket);
        tokio::spawn(async move {
            running.await;
            drop(permit);
        });
        (client, events, Arc::downgrade(&hub))
    }
}
