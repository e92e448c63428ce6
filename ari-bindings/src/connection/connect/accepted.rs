//! An event connection that Asterisk has opened.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::super::recovery::{Pings, Supervisor};
use super::super::socket::Socket;
use super::super::subscribers::{Frame, Hub, Queue};
use crate::rest::RestClient;
use crate::resync::Tracker;
use crate::{Client, Events, OverflowPolicy};

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
    /// Starts the connection, of which these messages have come already. The permit is released at its end.
    pub(crate) fn start(
        self,
        socket: Socket,
        messages: VecDeque<Utf8Bytes>,
        permit: OwnedSemaphorePermit,
    ) -> (Client, Events, Weak<Hub>) {
        let rest = Arc::new(RestClient::new(std::slice::from_ref(&self.application)));
        rest.up();
        let client = Client::over(Arc::clone(&rest), self.base_url.into(), self.http.as_ref(), self.timeout);
        let hub = Arc::new(Hub::new(vec![self.application], Some(Arc::clone(&rest))));
        let queue = Queue::new(self.buffer_limit, self.overflow_policy);
        let events = Events::new(Arc::clone(&hub), queue, Tracker::new(client.clone(), false));
        let mut frames: VecDeque<_> = messages.into_iter().map(|text| Frame::text(&text, None)).collect();
        let bytes = frames.iter().map(|frame| frame.text_size() as u64).sum();
        hub.counters.received(frames.len() as u64, bytes);
        hub.push(&mut frames);
        let mut supervisor = Supervisor::new(client.clone(), Arc::clone(&hub), Some(rest), self.pings);
        supervisor.accepted = true;
        let running = supervisor.run(socket);
        tokio::spawn(async move {
            running.await;
            drop(permit);
        });
        (client, events, Arc::downgrade(&hub))
    }
}
