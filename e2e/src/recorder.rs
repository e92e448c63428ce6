use std::collections::VecDeque;
use std::mem::take;
use std::time::Duration;

use ari_bindings::outbound::Listener;
use ari_bindings::{Client, Event, Events};
use tokio::time::timeout;

use crate::OutboundGuard;

/// How long a test waits for something that the server does immediately.
const SOON: Duration = Duration::from_secs(10);

/// The events of an application, including a record of those received so far.
#[derive(Debug)]
pub struct Recorder {
    events: Events,
    seen: Vec<Event>,
    /// Those that are returned once more.
    again: VecDeque<Event>,
    outbound: Option<(OutboundGuard, Listener)>,
}

impl Recorder {
    /// Opens an event connection.
    ///
    /// # Panics
    ///
    /// If it cannot be opened.
    pub async fn open(client: &Client, app: &str) -> Self {
        Self::of(client.events([app]).await.unwrap_or_else(|error| panic!("events of {app}: {error}")))
    }

    /// Records the events of an open connection.
    #[must_use]
    pub fn of(events: Events) -> Self {
        Self { events, seen: Vec::new(), again: VecDeque::new(), outbound: None }
    }

    /// Records the events of a connection that the server has opened, and reopens as long as the guard exists.
    pub(crate) fn outbound(events: Events, guard: OutboundGuard, listener: Listener) -> Self {
        Self { outbound: Some((guard, listener)), ..Self::of(events) }
    }

    /// The connection, and what makes the server open it on the outbound route.
    pub fn into_parts(self) -> (Events, Option<(OutboundGuard, Listener)>) {
        (self.events, self.outbound)
    }

    /// Returns the events received so far once more: the order of those of several channels is not fixed.
    pub fn rewind(&mut self) {
        let mut again = VecDeque::from(take(&mut self.seen));
        again.append(&mut self.again);
        self.again = again;
    }

    /// The next event.
    ///
    /// # Panics
    ///
    /// If none comes within 10 s, or the connection ends.
    pub async fn next(&mut self) -> Event {
        if let Some(event) = self.again.pop_front() {
            self.seen.push(event.clone());
            return event;
        }
        let Ok(next) = timeout(SOON, self.events.next()).await else {
            panic!("no event for {SOON:?} after {:?}", self.trail());
        };
        match next {
            Some(Ok(event)) => {
                self.seen.push(event.clone());
                event
            }
            end => panic!("the events end with {end:?} after {:?}", self.trail()),
        }
    }

    /// Takes events until `wanted` returns `Some`, and returns its value.
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
            panic!("no {what} within {SOON:?}, but {:?}", self.trail());
        };
        found
    }

    /// Takes events until one of this type about this channel.
    ///
    /// # Panics
    ///
    /// If there is none within 10 s.
    pub async fn until_channel(&mut self, kind: &str, channel: &str) -> Event {
        let of = |event: &Event| event.kind() == kind && event.channel().is_some_and(|it| it.id == *channel);
        self.until(&format!("{kind} of {channel}"), |event| of(event).then(|| event.clone())).await
    }

    /// Takes events until one of this type.
    ///
    /// # Panics
    ///
    /// If there is none within 10 s.
    pub async fn until_kind(&mut self, kind: &str) -> Event {
        self.until(kind, |event| (event.kind() == kind).then(|| event.clone())).await
    }

    /// Takes events until a channel enters the application, and returns its id.
    ///
    /// # Panics
    ///
    /// If none does within 10 s.
    pub async fn until_started(&mut self) -> String {
        match self.until_kind("StasisStart").await {
            Event::StasisStart(start) => start.channel.id.to_string(),
            event => unreachable!("{event:?}"),
        }
    }

    /// Takes events until one reports that this variable of this channel has been set, and returns the value.
    ///
    /// Older releases reply to the request before they set the variable; only the event confirms it.
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

    /// The events received so far.
    #[must_use]
    pub fn seen(&self) -> &[Event] {
        &self.seen
    }

    /// The types of the events received so far.
    #[must_use]
    pub fn kinds(&self) -> Vec<&str> {
        self.seen.iter().map(Event::kind).collect()
    }

    /// What a failure shows of the events received so far: their types, and what was played.
    fn trail(&self) -> Vec<String> {
        let brief = |event: &Event| match event {
            Event::PlaybackStarted(it) => format!("PlaybackStarted {}", it.playback.media_uri),
            Event::PlaybackFinished(it) => format!("PlaybackFinished {}", it.playback.media_uri),
            event => event.kind().to_owned(),
        };
        self.seen.iter().map(brief).collect()
    }

    /// The underlying stream of events.
    pub fn events(&mut self) -> &mut Events {
        &mut self.events
    }

    /// Takes events until the server closes the connection.
    ///
    /// # Panics
    ///
    /// If no event and no close arrives within 10 s, or the connection ends with an error.
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

    /// Closes the connection and checks that all events were decoded.
    ///
    /// A connection that the server has opened is closed by the server, which would otherwise reconnect.
    ///
    /// # Panics
    ///
    /// If an event was unknown or undecodable, or the connection ends with an error.
    pub async fn close(mut self) {
        match self.outbound.take() {
            None => self.events.close().await,
            Some((guard, _listener)) => {
                guard.remove().await;
                self.until_closed_by_server().await;
            }
        }
        while let Some(event) = self.events.next().await {
            self.seen.push(event.expect("closing is no error"));
        }
        for event in self.seen.iter().chain(&self.again) {
            assert!(!matches!(event, Event::Unknown(_) | Event::Undecodable(_)), "{event:?}");
        }
    }
}

/// Polls until a condition holds, for changes that the server makes with a delay and reports in no event.
///
/// # Panics
///
/// If the condition does not hold after 10 s.
pub async fn eventually<Answer: Future<Output = bool>>(condition: impl Fn() -> Answer) {
    let polling = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, polling).await.expect("the condition never held");
}

/// Waits until the server has removed an application.
///
/// # Panics
///
/// If the application still exists after 10 s.
pub async fn until_gone(client: &Client, app: &str) {
    eventually(|| async { client.application(app).get().await.is_err_and(|error| error.is_not_found()) }).await;
}
