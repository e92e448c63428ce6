use std::time::Duration;

use ari_bindings::outbound::Listener;
use ari_bindings::{Client, Event, Events};
use tokio::time::timeout;

use crate::OutboundGuard;

/// How long a test waits for something that the server does at once.
const SOON: Duration = Duration::from_secs(10);

/// The events of an application, and those of them that a test has seen.
#[derive(Debug)]
pub struct Recorder {
    events: Events,
    seen: Vec<Event>,
    outbound: Option<(OutboundGuard, Listener)>,
}

impl Recorder {
    /// Connects.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn open(client: &Client, app: &str) -> Self {
        Self::of(client.events([app]).await.unwrap_or_else(|error| panic!("events of {app}: {error}")))
    }

    /// Watches events.
    #[must_use]
    pub fn of(events: Events) -> Self {
        Self { events, seen: Vec::new(), outbound: None }
    }

    /// Watches events of a connection that the server has made, and will make again until it is told otherwise.
    pub(crate) fn outbound(events: Events, told: OutboundGuard, listener: Listener) -> Self {
        Self { outbound: Some((told, listener)), ..Self::of(events) }
    }

    /// The next event.
    ///
    /// # Panics
    ///
    /// If none comes within 10 s, or the connection ends.
    pub async fn next(&mut self) -> Event {
        let Ok(next) = timeout(SOON, self.events.next()).await else {
            panic!("no event for {SOON:?} after {:?}", self.kinds());
        };
        match next {
            Some(Ok(event)) => {
                self.seen.push(event.clone());
                event
            }
            end => panic!("the events end with {end:?} after {:?}", self.kinds()),
        }
    }

    /// The first event from here on of which `wanted` makes something.
    ///
    /// # Panics
    ///
    /// If there is none within 10 s.
    pub async fn until<T>(&mut self, what: &str, wanted: impl Fn(&Event) -> Option<T>) -> T {
        let search = async {
            loop {
                if let Some(found) = wanted(&self.next().await) {
                    return found;
                }
            }
        };
        let Ok(found) = timeout(SOON, search).await else {
            panic!("no {what} within {SOON:?}, but {:?}", self.kinds());
        };
        found
    }

    /// The first event from here on of this type about this channel.
    ///
    /// # Panics
    ///
    /// If there is none within 10 s.
    pub async fn until_channel(&mut self, kind: &str, channel: &str) -> Event {
        let of = |event: &Event| event.kind() == kind && event.channel().is_some_and(|it| it.id == *channel);
        self.until(&format!("{kind} of {channel}"), |event| of(event).then(|| event.clone())).await
    }

    /// The first event from here on of this type.
    ///
    /// # Panics
    ///
    /// If there is none within 10 s.
    pub async fn until_kind(&mut self, kind: &str) -> Event {
        self.until(kind, |event| (event.kind() == kind).then(|| event.clone())).await
    }

    /// The value that this variable of this channel has got, from here on.
    ///
    /// Only with this event it has it: older releases answer the request before.
    ///
    /// # Panics
    ///
    /// If there is none within 10 s.
    pub async fn until_set(&mut self, channel: &str, variable: &str) -> String {
        let set = |event: &Event| match event {
            Event::ChannelVarset(set) if set.variable == variable => {
                set.channel.as_ref().filter(|it| it.id == *channel).map(|_| set.value.clone())
            }
            _ => None,
        };
        self.until(&format!("{variable} of {channel}"), set).await
    }

    /// What has been seen so far.
    #[must_use]
    pub fn seen(&self) -> &[Event] {
        &self.seen
    }

    /// The types of what has been seen so far.
    #[must_use]
    pub fn kinds(&self) -> Vec<&str> {
        self.seen.iter().map(Event::kind).collect()
    }

    /// The connection itself.
    pub fn events(&mut self) -> &mut Events {
        &mut self.events
    }

    /// Takes events up to the end that the server makes.
    ///
    /// # Panics
    ///
    /// If there is none within 10 s after an event, or it is another one.
    pub async fn until_closed_by_server(&mut self) {
        loop {
            let Ok(next) = timeout(SOON, self.events.next()).await else {
                panic!("no end for {SOON:?} after {:?}", self.kinds());
            };
            match next {
                Some(Ok(event)) => self.seen.push(event),
                None => return,
                end => panic!("the events end with {end:?} after {:?}", self.kinds()),
            }
        }
    }

    /// Closes the connection, after which no event may have been left undecoded.
    ///
    /// One that the server has made is closed by the server: otherwise it would make it again.
    ///
    /// # Panics
    ///
    /// If one was, or the connection does not end as it should.
    pub async fn close(mut self) {
        match self.outbound.take() {
            None => self.events.close().await,
            Some((told, _listener)) => {
                told.remove().await;
                self.until_closed_by_server().await;
            }
        }
        while let Some(event) = self.events.next().await {
            self.seen.push(event.expect("closing is no error"));
        }
        for event in &self.seen {
            assert!(!matches!(event, Event::Unknown(_) | Event::Undecodable(_)), "{event:?}");
        }
    }
}

/// Asks again until it is so: for what the server does a moment later and tells in no event.
///
/// # Panics
///
/// If it is not so after 10 s.
pub async fn eventually<Answer: Future<Output = bool>>(is_so: impl Fn() -> Answer) {
    let asking = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, asking).await.expect("it never became so");
}

/// Waits until the server has forgotten an application.
///
/// # Panics
///
/// If it still has it after 10 s.
pub async fn until_gone(client: &Client, app: &str) {
    eventually(|| async { client.application(app).get().await.is_err_and(|error| error.is_not_found()) }).await;
}
