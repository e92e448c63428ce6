//! Which call, and so which lane, an event of an application belongs to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::facts::{Facts, Name};
use super::prefixes::Prefixes;

/// How long what has ended is still known: its last events come after its end.
const AFTERLIFE: Duration = Duration::from_secs(30);

/// How many playbacks and recordings of no call are known: the ends of some are not reported.
const MOST_LOOSE: usize = 10_000;

/// Where an event goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// To a lane; the call is absent if it is not known.
    Lane(u16, Option<Arc<str>>),
    /// To a call that has no lane yet.
    Waiting(Arc<str>),
    /// To a call that begins with this event.
    New(Arc<str>),
    /// To no call.
    Nobody,
}

/// What belongs where, of one application.
#[derive(Debug)]
pub(super) struct Routing {
    prefixes: Prefixes,
    /// Channels and bridges, whose ids share a namespace in Asterisk.
    objects: HashMap<Box<str>, Entry>,
    playbacks: HashMap<Box<str>, Entry>,
    recordings: HashMap<Box<str>, Entry>,
    calls: HashMap<Arc<str>, Call>,
}

#[derive(Debug, Clone)]
struct Entry {
    call: Option<Arc<str>>,
    /// That of what belongs to no call.
    lane: Option<u16>,
    is_channel: bool,
    /// Whether it is a channel that keeps its call going: one whose end is reported.
    counts: bool,
    ended: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Call {
    lane: Option<u16>,
    /// How many of its channels live that count.
    channels: usize,
    ended: Option<Instant>,
}

/// What owns something: a call, or a lane alone.
type Owner = (Option<Arc<str>>, Option<u16>);

impl Routing {
    pub(super) fn new(prefixes: Prefixes) -> Self {
        Self {
            prefixes,
            objects: HashMap::new(),
            playbacks: HashMap::new(),
            recordings: HashMap::new(),
            calls: HashMap::new(),
        }
    }

    /// Where an event goes. Takes note of what it names, begins and ends.
    pub(super) fn route(&mut self, facts: &Facts<'_>, now: Instant) -> Route {
        if facts.kind == "StasisStart" {
            return self.start(facts);
        }
        let names = facts.names();
        let owner = names.iter().find_map(|name| self.owner(*name));
        let owner = owner.or_else(|| names.iter().find_map(|name| self.owner_by_prefix(*name)));
        let Some(owner) = owner else { return Route::Nobody };
        for name in &names {
            match name {
                Name::Channel(id) if self.prefixes.lane(id).is_some() => self.enter(id, owner.clone(), false),
                name => self.learn(*name, owner.clone()),
            }
        }
        let route = self.route_to(owner);
        self.end(facts, &names, now);
        route
    }

    /// Where the start of a channel goes: to the call that it joins, or to a new one.
    fn start(&mut self, facts: &Facts<'_>) -> Route {
        let Some(id) = facts.channel_id() else { return Route::Nobody };
        let channel = Name::Channel(id);
        if let Some(replaced) = facts.replace_channel.as_ref().filter(|replaced| !replaced.id.is_empty()) {
            let Some(owner) = self.owner(Name::Channel(&replaced.id)) else { return Route::Nobody };
            self.enter(id, owner.clone(), true);
            return self.route_to(owner);
        }
        let token = facts.args.first().map(|token| Name::Channel(token)).filter(|token| {
            let lane = self.prefixes.lane(token.text());
            lane.is_some()
        });
        let joined = token.and_then(|token| self.owner(token).or_else(|| self.owner_by_prefix(token)));
        let known = || self.is_live(id).then(|| self.owner(channel)).flatten();
        let half = || id.strip_suffix(";2").and_then(|first| self.owner(Name::Channel(first)));
        if let Some(owner) = joined.or_else(known).or_else(|| self.owner_by_prefix(channel)).or_else(half) {
            self.enter(id, owner.clone(), true);
            return self.route_to(owner);
        }
        let call: Arc<str> = id.into();
        self.objects.remove(id);
        self.calls.remove(&call);
        self.enter(id, (Some(Arc::clone(&call)), None), true);
        Route::New(call)
    }

    fn route_to(&self, (call, lane): Owner) -> Route {
        match call {
            Some(call) => match self.calls.get(&call).and_then(|known| known.lane) {
                Some(lane) => Route::Lane(lane, Some(call)),
                None => Route::Waiting(call),
            },
            None => lane.map_or(Route::Nobody, |lane| Route::Lane(lane, None)),
        }
    }

    /// Gives a call its lane.
    pub(super) fn assign(&mut self, call: &Arc<str>, lane: u16) {
        if let Some(known) = self.calls.get_mut(call) {
            known.lane = Some(lane);
        }
    }

    /// Forgets a call that gets no lane.
    pub(super) fn forget(&mut self, call: &str) {
        self.calls.remove(call);
        for entries in [&mut self.objects, &mut self.playbacks, &mut self.recordings] {
            entries.retain(|_, entry| entry.call.as_deref() != Some(call));
        }
    }

    /// Whether a call has not ended.
    pub(super) fn is_call_live(&self, call: &str) -> bool {
        self.calls.get(call).is_some_and(|call| call.ended.is_none())
    }

    /// The lane that a channel or bridge belongs to.
    pub(super) fn lane_of(&self, id: &str) -> Option<u16> {
        let Some(entry) = self.objects.get(id) else { return self.prefixes.lane(id) };
        match &entry.call {
            Some(call) => self.calls.get(call).and_then(|call| call.lane),
            None => entry.lane,
        }
    }

    /// The lanes that have anything here.
    pub(super) fn lanes(&self) -> BTreeSet<u16> {
        let objects = self.objects.values().filter(|entry| entry.ended.is_none()).filter_map(|entry| entry.lane);
        self.live_calls().filter_map(|call| call.lane).chain(objects).collect()
    }

    /// How many calls there are, those included that have no lane yet.
    pub(super) fn calls(&self) -> u64 {
        self.live_calls().count() as u64
    }

    /// How many calls each lane has.
    pub(super) fn calls_by_lane(&self) -> BTreeMap<u16, u64> {
        let mut lanes = BTreeMap::new();
        for lane in self.live_calls().filter_map(|call| call.lane) {
            *lanes.entry(lane).or_default() += 1;
        }
        lanes
    }

    fn live_calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.values().filter(|call| call.ended.is_none())
    }

    /// Takes note of what a lane creates. It belongs to the call of another thing, or else to no call, except for a channel,
    /// which is one.
    pub(super) fn create(&mut self, lane: u16, name: Name<'_>, of: Option<Name<'_>>) {
        let owner = of.and_then(|of| self.owner(of)).or_else(|| self.owner_by_prefix(name));
        let owner = owner.unwrap_or_else(|| match name {
            Name::Channel(id) => (Some(id.into()), Some(lane)),
            _ => (None, Some(lane)),
        });
        match name {
            Name::Channel(id) => self.enter(id, owner, false),
            name => self.learn(name, owner),
        }
    }

    /// Makes a bridge without a call that of a channel's call.
    pub(super) fn join(&mut self, bridge: &str, channel: &str) {
        let Some(owner) = self.owner(Name::Channel(channel)) else { return };
        if let Some(entry) = self.objects.get_mut(bridge).filter(|entry| entry.call.is_none() && !entry.is_channel) {
            (entry.call, entry.lane) = owner;
        }
    }

    /// Takes note of a channel of the application that a listing shows. Returns the call if it has no lane.
    pub(super) fn found(&mut self, channel: &str, lane: Option<u16>) -> Option<Arc<str>> {
        let owner = self.is_live(channel).then(|| self.owner(Name::Channel(channel))).flatten();
        let owner = owner.or_else(|| self.owner_by_prefix(Name::Channel(channel)));
        let (call, lane) = owner.unwrap_or_else(|| (Some(channel.into()), lane));
        self.enter(channel, (call.clone(), lane), true);
        let call = call?;
        match self.calls.get_mut(&call) {
            Some(Call { lane: known @ None, .. }) => *known = lane,
            _ => return None,
        }
        lane.is_none().then_some(call)
    }

    /// Takes note of a bridge that a listing shows, with the channels in it.
    pub(super) fn found_bridge<'a>(&mut self, bridge: &str, channels: impl Iterator<Item = &'a str>) {
        let members = channels.filter_map(|channel| self.owner(Name::Channel(channel)));
        // What the lane has made itself shows less of the call than a caller does.
        let owner =
            members.min_by_key(|(call, _)| call.as_deref().is_some_and(|call| self.prefixes.lane(call).is_some()));
        if let Some(owner) = owner.or_else(|| self.owner_by_prefix(Name::Bridge(bridge))) {
            self.learn(Name::Bridge(bridge), owner);
        }
    }

    /// The channels and bridges that are known.
    pub(super) fn known(&self) -> Vec<Box<str>> {
        self.objects.iter().filter(|(_, entry)| entry.ended.is_none()).map(|(id, _)| id.clone()).collect()
    }

    /// Takes note that a bridge has been destroyed, or that it was never created.
    pub(super) fn gone(&mut self, name: Name<'_>, now: Instant) {
        match name {
            Name::Channel(id) | Name::Bridge(id) => self.end_object(id, now),
            Name::Playback(id) => end(self.playbacks.get_mut(id), now),
            Name::Recording(id) => end(self.recordings.get_mut(id), now),
        }
    }

    /// Forgets what ended a while ago.
    pub(super) fn sweep(&mut self, now: Instant) {
        let is_over = |ended: Option<Instant>| ended.is_some_and(|at| now.duration_since(at) > AFTERLIFE);
        self.calls.retain(|_, call| !is_over(call.ended));
        let calls = &self.calls;
        let has_owner = |entry: &Entry| entry.call.as_ref().is_none_or(|call| calls.contains_key(call));
        self.objects.retain(|_, entry| !is_over(entry.ended) && (has_owner(entry) || !entry.is_channel));
        // Their ends are not always reported.
        for entries in [&mut self.playbacks, &mut self.recordings] {
            entries.retain(|_, entry| !is_over(entry.ended) && has_owner(entry));
            if entries.values().filter(|entry| entry.call.is_none()).count() > MOST_LOOSE {
                entries.retain(|_, entry| entry.call.is_some());
            }
        }
    }

    fn entries(&self, name: Name<'_>) -> &HashMap<Box<str>, Entry> {
        match name {
            Name::Channel(_) | Name::Bridge(_) => &self.objects,
            Name::Playback(_) => &self.playbacks,
            Name::Recording(_) => &self.recordings,
        }
    }

    fn owner(&self, name: Name<'_>) -> Option<Owner> {
        let entry = self.entries(name).get(name.text())?;
        let Some(call) = &entry.call else { return Some((None, entry.lane)) };
        match self.calls.get(call) {
            Some(known) => Some((Some(Arc::clone(call)), known.lane)),
            None => entry.lane.map(|lane| (None, Some(lane))),
        }
    }

    /// The owner of what no event and no command has shown, but whose id a lane has made.
    fn owner_by_prefix(&self, name: Name<'_>) -> Option<Owner> {
        let lane = self.prefixes.lane(name.text())?;
        let call = matches!(name, Name::Channel(_)).then(|| name.text().trim_end_matches(";2").into());
        Some((call, Some(lane)))
    }

    fn is_live(&self, id: &str) -> bool {
        self.objects.get(id).is_some_and(|entry| entry.ended.is_none())
    }

    /// A channel comes into a call, where it counts. It comes again after its end only if that is certain.
    fn enter(&mut self, id: &str, owner: Owner, again: bool) {
        if again && !self.is_live(id) {
            self.objects.remove(id);
        }
        self.learn(Name::Channel(id), owner);
        let Some(entry) = self.objects.get_mut(id).filter(|entry| !entry.counts && entry.ended.is_none()) else {
            return;
        };
        (entry.counts, entry.is_channel) = (true, true);
        if let Some(call) = &entry.call {
            let known = self.calls.entry(Arc::clone(call));
            let known = known.or_insert(Call { lane: entry.lane, channels: 0, ended: None });
            known.channels += 1;
            known.ended = None;
        }
    }

    /// Takes note of the owner of something, unless it has one.
    fn learn(&mut self, name: Name<'_>, (call, lane): Owner) {
        let is_channel = matches!(name, Name::Channel(_));
        let entries = match name {
            Name::Channel(_) | Name::Bridge(_) => &mut self.objects,
            Name::Playback(_) => &mut self.playbacks,
            Name::Recording(_) => &mut self.recordings,
        };
        if !entries.contains_key(name.text()) {
            let entry = Entry { call, lane, is_channel, counts: false, ended: None };
            entries.insert(name.text().into(), entry);
        }
    }

    /// Takes note of what ends with an event.
    fn end(&mut self, facts: &Facts<'_>, names: &[Name<'_>], now: Instant) {
        let ended = |name: &&Name<'_>| match &*facts.kind {
            "StasisEnd" | "ChannelDestroyed" => matches!(name, Name::Channel(_)),
            "BridgeDestroyed" => matches!(name, Name::Bridge(_)),
            "PlaybackFinished" => matches!(name, Name::Playback(_)),
            "RecordingFinished" | "RecordingFailed" => matches!(name, Name::Recording(_)),
            _ => false,
        };
        if let Some(name) = names.iter().find(ended) {
            self.gone(*name, now);
        }
    }

    fn end_object(&mut self, id: &str, now: Instant) {
        let Some(entry) = self.objects.get_mut(id).filter(|entry| entry.ended.is_none()) else { return };
        entry.ended = Some(now);
        if !entry.counts {
            return;
        }
        if let Some(call) = entry.call.as_ref().and_then(|call| self.calls.get_mut(call)) {
            call.channels = call.channels.saturating_sub(1);
            if call.channels == 0 {
                call.ended = Some(now);
            }
        }
    }
}

fn end(entry: Option<&mut Entry>, now: Instant) {
    if let Some(entry) = entry {
        entry.ended.get_or_insert(now);
    }
}

#[cfg(test)]
mod tests;
