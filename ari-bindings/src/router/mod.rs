//! Events by channel and bridge, for the tasks that handle them.

mod route;
mod stream;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::Value;

use self::route::Route;
pub use self::stream::RoutedEvents;
use crate::Event;

/// Distributes events to one stream for each channel or bridge, so that each call can have a task.
///
/// The program's only loop over [`Events`](crate::Events) passes each event to [`EventRouter::route`], which puts it into
/// the streams it concerns, or returns it if there are none. Clones share the same streams.
///
/// ```no_run
/// use ari_bindings::handles::ChannelHandle;
/// use ari_bindings::{Client, Error, Event, EventRouter, RoutedEvents};
///
/// async fn serve(ari: Client) -> Result<(), Error> {
///     let mut events = ari.events("echo-keys").resync(true).await?;
///     let router = EventRouter::new();
///     while let Some(event) = events.next().await {
///         let event = event?;
///         if let Event::StasisStart(start) = &event {
///             if let Some(events) = router.channel(&start.channel.id) {
///                 tokio::spawn(echo_keys(ari.channel(&start.channel), events));
///             }
///         }
///         if let Some(event) = router.route(event) {
///             println!("not about a call: {}", event.kind());
///         }
///     }
///     Ok(())
/// }
///
/// /// Says every key that the caller presses, until the call is over.
/// async fn echo_keys(channel: ChannelHandle, mut events: RoutedEvents) -> Result<(), Error> {
///     channel.answer().await?;
///     while let Some(event) = events.next().await {
///         if let Event::ChannelDtmfReceived(dtmf) = event {
///             channel.play(format!("digits:{}", dtmf.digit)).await?;
///         }
///     }
///     Ok(())
/// }
/// ```
///
/// # Transfers
///
/// When a telephone transfers its call, Asterisk puts another channel into the bridge in its place and reports that
/// with a [`StasisStart`](crate::events::StasisStart) whose `replace_channel` is the telephone's channel. It is no new
/// call. The event goes into the streams of both channels; a program that starts a task for each call checks
/// `replace_channel` first.
#[derive(Clone, Default)]
pub struct EventRouter {
    routes: Arc<Mutex<Routes>>,
}

/// The open streams, by the ids of their channels and bridges.
#[derive(Default)]
struct Routes {
    channels: HashMap<Box<str>, Route>,
    bridges: HashMap<Box<str>, Route>,
}

/// What a stream belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Channel,
    Bridge,
}

impl EventRouter {
    /// Creates a router without streams.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the stream of a channel; `None` if there is one already.
    ///
    /// The stream contains what is routed from then on: the events of the channel, and of the playbacks and recordings
    /// on it. To miss no event of a channel that the program originates, choose the channel's id and open the stream
    /// before the request, since events may arrive before the reply. Its `StasisStart` then finds the stream open.
    #[must_use = "dropping the stream closes it"]
    pub fn channel(&self, id: impl AsRef<str>) -> Option<RoutedEvents> {
        self.open(Kind::Channel, id.as_ref())
    }

    /// Opens the stream of a bridge; `None` if there is one already.
    ///
    /// The stream contains what is routed from then on: the events of the bridge, of channels that enter and leave it,
    /// and of the playbacks and recordings on it.
    #[must_use = "dropping the stream closes it"]
    pub fn bridge(&self, id: impl AsRef<str>) -> Option<RoutedEvents> {
        self.open(Kind::Bridge, id.as_ref())
    }

    fn open(&self, kind: Kind, id: &str) -> Option<RoutedEvents> {
        let mut routes = lock(&self.routes);
        let routes = routes.of(kind);
        if routes.get(id).is_some_and(|route| !route.is_over()) {
            return None;
        }
        let (route, events, left) = Route::new(kind);
        routes.insert(id.into(), route);
        Some(RoutedEvents::new(kind, id, events, left, Arc::downgrade(&self.routes)))
    }

    /// Puts an event into every stream that it concerns, and ends those streams for which it is the last one; see
    /// [`RoutedEvents`]. Returns the event if no stream has taken it.
    ///
    /// Notices about gaps concern every stream: each gets a copy, and the notice is returned as well. A gap ends the
    /// streams of what is gone: all of them after a restart of Asterisk ([`Reconnected`](crate::Reconnected)),
    /// otherwise those that [`Event::Resynced`] shows to be gone.
    #[must_use = "the event is returned if no stream has taken it"]
    pub fn route(&self, event: Event) -> Option<Event> {
        let mut routes = lock(&self.routes);
        if is_notice(&event) {
            let Routes { channels, bridges } = &mut *routes;
            for routes in [channels, bridges] {
                routes.retain(|id, route| route.put(event.clone()).is_ok() && !route.ends_with_gap(id, &event));
            }
            return Some(event);
        }
        if routes.channels.is_empty() && routes.bridges.is_empty() {
            return Some(event);
        }
        let members = members(&event);
        let concerned = channels(&event, &members).map(|id| (Kind::Channel, id));
        let concerned = concerned.chain(bridges(&event, &members).map(|id| (Kind::Bridge, id)));
        let concerned = concerned.filter(|(kind, id)| routes.of(*kind).contains_key(*id));
        let mut concerned: Vec<(Kind, Box<str>)> = concerned.map(|(kind, id)| (kind, id.into())).collect();
        let Some((kind, id)) = concerned.pop() else { return Some(event) };
        let mut taken = false;
        for (kind, id) in concerned {
            taken |= put(routes.of(kind), &id, event.clone()).is_ok();
        }
        put(routes.of(kind), &id, event).err().filter(|_| !taken)
    }

    /// Ends all streams, after what they still contain.
    pub fn close(&self) {
        *lock(&self.routes) = Routes::default();
    }
}

impl Routes {
    fn of(&mut self, kind: Kind) -> &mut HashMap<Box<str>, Route> {
        match kind {
            Kind::Channel => &mut self.channels,
            Kind::Bridge => &mut self.bridges,
        }
    }
}

/// The members of an event that concerns more than one channel or bridge, or names one inside of a URI.
///
/// They are found by name because the bindings also build from releases that do not declare them. Such events are few.
/// So are unknown and undecodable ones, which have no other members.
fn members(event: &Event) -> Value {
    if matches!(event, Event::Unknown(_) | Event::Undecodable(_)) {
        return serde_json::to_value(event).unwrap_or_default();
    }
    match event.kind() {
        "BridgeAttendedTransfer"
        | "BridgeMerged"
        | "PlaybackContinuing"
        | "PlaybackFinished"
        | "PlaybackStarted"
        | "RecordingFailed"
        | "RecordingFinished"
        | "RecordingStarted"
        | "StasisStart" => serde_json::to_value(event).unwrap_or_default(),
        _ => Value::Null,
    }
}

fn id<'a>(members: &'a Value, name: &str) -> Option<&'a str> {
    members[name]["id"].as_str()
}

/// What a playback or recording is on.
fn target(members: &Value) -> Option<&str> {
    ["playback", "recording"].into_iter().find_map(|name| members[name]["target_uri"].as_str())
}

/// The channels whose streams get an event, each once.
fn channels<'a>(event: &'a Event, members: &'a Value) -> impl Iterator<Item = &'a str> {
    let first = id(members, "transferer_first_leg")
        .or_else(|| event.channel_id())
        .or_else(|| id(members, "channel"))
        .or_else(|| id(members, "peer"))
        .or_else(|| target(members)?.strip_prefix("channel:"));
    let second = id(members, "transferer_second_leg").or_else(|| id(members, "replace_channel"));
    first.into_iter().chain(second.filter(move |second| first != Some(second)))
}

/// The distinct bridges whose streams receive an event.
fn bridges<'a>(event: &'a Event, members: &'a Value) -> impl Iterator<Item = &'a str> {
    let first = event
        .bridge()
        .map(|bridge| bridge.id.as_str())
        .or_else(|| id(members, "bridge"))
        .or_else(|| id(members, "transferer_first_leg_bridge"))
        .or_else(|| target(members)?.strip_prefix("bridge:"));
    let second = id(members, "bridge_from").or_else(|| id(members, "transferer_second_leg_bridge"));
    first.into_iter().chain(second.filter(move |second| first != Some(second)))
}

/// Puts an event into a stream, or returns it if the stream has ended.
fn put(routes: &mut HashMap<Box<str>, Route>, id: &str, event: Event) -> Result<(), Event> {
    let Some(route) = routes.get_mut(id) else { return Err(event) };
    let Some(is_last) = route.note(id, &event) else {
        routes.remove(id);
        return Err(event);
    };
    let result = route.put(event);
    if is_last || result.is_err() {
        routes.remove(id);
    }
    result
}

/// Removes the route of a stream that is dropped.
fn forget(routes: &Weak<Mutex<Routes>>, kind: Kind, id: &str) {
    let Some(routes) = routes.upgrade() else { return };
    let mut routes = lock(&routes);
    // The route may be that of a later stream.
    if routes.of(kind).get(id).is_some_and(Route::is_closed) {
        routes.of(kind).remove(id);
    }
}

fn lock(routes: &Mutex<Routes>) -> MutexGuard<'_, Routes> {
    routes.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_notice(event: &Event) -> bool {
    matches!(event, Event::Disconnected(_) | Event::Reconnected(_) | Event::Resynced(_) | Event::Dropped(_))
}

impl fmt::Debug for EventRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes = lock(&self.routes);
        f.debug_struct("EventRouter")
            .field("channels", &routes.channels.keys().collect::<Vec<_>>())
            .field("bridges", &routes.bridges.keys().collect::<Vec<_>>())
            .finish()
    }
}
