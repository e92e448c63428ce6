//! Finding out from Asterisk what belongs where: at the start, and after a gap in the events.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ari_bindings::Error;
use ari_bindings::ids::ChannelId;
use ari_bindings::models::{Bridge, Channel};
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;

use super::arrivals::Arrival;
use super::facts::Name;
use super::node::{Node, State, VARIABLE};
use crate::error::BoxError;
use crate::gateway::lock;
use crate::wire::Lane;

/// How many variables are asked for at once.
const REQUESTS: usize = 16;
/// The pause before Asterisk is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// What Asterisk has.
struct Listing {
    /// The channels and bridges that were known before it was asked.
    known: HashMap<Arc<str>, Vec<Box<str>>>,
    channels: HashSet<String>,
    bridges: Vec<Bridge>,
    /// The channels in each application, with their lanes.
    apps: Vec<(Arc<str>, Vec<Found>)>,
}

/// A channel, and the lane that an earlier run has given it.
type Found = (String, Option<u16>);

impl Node {
    /// Brings the routing up to date with Asterisk, and lets the owners of lanes look. Tries until it succeeds.
    pub(super) async fn rebuild(self: &Arc<Self>) {
        loop {
            match self.list().await {
                Ok(listing) => return self.apply(&listing),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(node = &*self.settings.node, error, "cannot find out which calls there are");
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn list(&self) -> Result<Listing, Error> {
        // Asked for each time, because Asterisk may have been started again in another release.
        let info = self.ari.asterisk().get_info().only(["system"]).await?;
        *lock(&self.release) = info.system.map(|system| system.version).unwrap_or_default();
        let before = lock(&self.state).apps.iter().map(|(app, routing)| (Arc::clone(app), routing.known())).collect();
        let channels = self.ari.channels().list().await?;
        let bridges = self.ari.bridges().list().await?;
        let known: HashMap<_, _> = channels.iter().map(|channel| (channel.id.as_str(), channel)).collect();
        let mut apps = Vec::new();
        for app in &self.settings.apps {
            let holds = self.ari.application(&**app).get().await?;
            let members = holds.channel_ids.iter().filter_map(|id| known.get(id.as_str()));
            let members = members.filter(|channel| may_be_in_stasis(channel)).map(|channel| channel.id.to_string());
            let lanes = stream::iter(members).map(|id| self.with_lane(app, id)).buffer_unordered(REQUESTS);
            apps.push((Arc::clone(app), lanes.try_collect().await?));
        }
        Ok(Listing {
            known: before,
            channels: channels.iter().map(|channel| channel.id.to_string()).collect(),
            bridges,
            apps,
        })
    }

    /// The lane that an earlier run has given a channel.
    async fn with_lane(&self, app: &str, id: String) -> Result<Found, Error> {
        let known = lock(&self.state).apps.get(app).and_then(|routing| routing.lane_of(&id));
        if known.is_some() {
            return Ok((id, known));
        }
        let lane = match self.ari.channel(&*id).get_channel_var(VARIABLE).await {
            Ok(variable) => Lane::from_token(&variable.value).filter(|lane| lane.app == app),
            // It is not set, or the channel is gone.
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        let number = match lane {
            Some(lane) => Some(lane.number),
            None => self.published_lane(app, &id).await,
        };
        Ok((id, number))
    }

    /// The lane to which an earlier run has published the start of a call, before it could write the variable.
    async fn published_lane(&self, app: &str, call: &str) -> Option<u16> {
        let subjects = self.fleet.subjects();
        let starts = subjects.call_events(&self.settings.node, call, "StasisStart");
        let last = async {
            let stream = self.fleet.jetstream.get_stream_no_info(subjects.stream()).await?;
            Ok::<_, BoxError>(stream.get_last_raw_message_by_subject(&starts).await)
        };
        match last.await {
            Ok(Ok(message)) => {
                let lane = subjects.parse_event(&message.subject).and_then(|event| event.lane);
                lane.filter(|lane| lane.app == app).map(|lane| lane.number)
            }
            Ok(Err(error)) if error.kind() == LastRawMessageErrorKind::NoMessageFound => None,
            Ok(Err(error)) => self.unknown_lane(call, &error),
            Err(error) => self.unknown_lane(call, &*error),
        }
    }

    fn unknown_lane(&self, call: &str, error: &(dyn std::error::Error + 'static)) -> Option<u16> {
        tracing::warn!(node = &*self.settings.node, call, error, "cannot find out whether a call has a lane");
        None
    }

    fn apply(self: &Arc<Self>, listing: &Listing) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        let mut lanes = state.lanes_in_use();
        let mut new = Vec::new();
        let exists: HashSet<_> = listing.bridges.iter().map(|bridge| bridge.id.as_str()).collect();
        for (app, channels) in &listing.apps {
            let Some(routing) = state.apps.get_mut(app) else { continue };
            let known = listing.known.get(app).into_iter().flatten();
            for gone in known.filter(|id| !listing.channels.contains(&***id) && !exists.contains(&***id)) {
                routing.gone(Name::Channel(gone), now);
            }
            for (channel, lane) in channels {
                new.extend(routing.found(channel, *lane).map(|call| (Arc::clone(app), call)));
            }
            for bridge in &listing.bridges {
                routing.found_bridge(bridge.id.as_str(), bridge.channels.iter().map(ChannelId::as_str));
            }
        }
        lanes.append(&mut state.lanes_in_use());
        self.up.store(true, Ordering::Relaxed);
        self.changed.notify_one();
        tracing::info!(
            node = &*self.settings.node,
            boot = &*self.boot,
            lanes = lanes.len(),
            new = new.len(),
            "events come"
        );
        self.notify("GatewayUp", &json!({}), &lanes);
        for (app, call) in new {
            if !state.arrivals.has(&call) {
                self.arrive(&mut state, Arrival::found(&app, &call));
            }
        }
        let State { apps, arrivals, .. } = &mut *state;
        arrivals.retain(|app, call| apps.get(app).is_some_and(|routing| routing.is_call_live(call)));
    }
}

/// Whether a channel may be in an application. Releases before 16.4 do not say.
fn may_be_in_stasis(channel: &Channel) -> bool {
    let name = &channel.dialplan.app_name;
    name.is_empty() || name.eq_ignore_ascii_case("Stasis")
}
