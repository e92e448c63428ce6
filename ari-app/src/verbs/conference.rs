use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;

use ari_bindings::IntoList;
use tokio::task::JoinHandle;

use super::say::check_keys;
use crate::context::Pending;
use crate::error::CallError;
use crate::room::{Member, Occupied, announce};
use crate::session::{EXPLANATION, Session};
use crate::telemetry::verb;
use crate::{Call, media, state};

/// Joins a room; see [`Call::conference`]. Awaiting it returns when the caller leaves the room without hanging up.
#[must_use = "no room is joined until it is awaited"]
pub struct Conference<'call> {
    call: &'call Call,
    room: String,
    announce: Vec<String>,
    keys: Option<Box<str>>,
    music: bool,
    muted: bool,
}

/// How the caller has left a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Departure {
    /// The caller pressed this key.
    Key(char),
    /// Something else removed the caller, such as [`Room::remove`](crate::Room::remove).
    Removed,
}

impl<'call> Conference<'call> {
    pub(crate) fn new(call: &'call Call, room: String) -> Self {
        Self { call, room, announce: Vec::new(), keys: None, music: false, muted: false }
    }

    /// What all in the room hear when the caller has joined, unless the caller is alone.
    pub fn announce(mut self, media: impl IntoList<String>) -> Self {
        self.announce = media.into_list();
        self
    }

    /// Plays music on hold while the caller is alone in the room.
    pub fn music_while_alone(mut self) -> Self {
        self.music = true;
        self
    }

    /// Lets the caller listen only.
    pub fn muted(mut self) -> Self {
        self.muted = true;
        self
    }

    /// Leaves the room when the caller presses one of these keys. Keys pressed before do not count.
    pub fn until(mut self, keys: impl AsRef<str>) -> Self {
        self.keys = Some(keys.as_ref().into());
        self
    }

    fn check(&self) -> Result<(), CallError> {
        if self.room.is_empty() {
            return Err(CallError::invalid("room", "empty; name the room"));
        }
        if !self.announce.is_empty() {
            media::check(&self.announce, false)?;
        }
        self.keys.as_ref().map_or(Ok(()), |keys| check_keys("until", keys))
    }

    async fn run(self) -> Result<Departure, CallError> {
        self.check()?;
        let session = &self.call.session;
        session.check()?;
        session.change(|state| state.digits.clear());
        let room = session.context.rooms.enter(&session.context, &self.room);
        if let Err(error) = room.create().await {
            return Err(session.explain(error).await);
        }
        let joined = Joined::join(self.call, room, &self).await?;
        joined.room.tune().await;
        let announcing = async {
            if !self.announce.is_empty() && joined.room.members().len() > 1 {
                if let Err(error) = announce(session, &joined.room, &self.announce).await {
                    tracing::info!(error = &error as &dyn std::error::Error, "cannot announce to a room");
                }
            }
            std::future::pending().await
        };
        let departed = tokio::select! {
            departed = joined.stay(self.keys.as_deref()) => departed,
            departed = announcing => departed,
        };
        joined.leave().await;
        departed
    }
}

impl<'call> IntoFuture for Conference<'call> {
    type Output = Result<Departure, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        verb("call.conference", self.run())
    }
}

/// A call in a room, which it leaves when this is dropped.
struct Joined {
    session: Arc<Session>,
    room: Arc<Occupied>,
    pending: Pending,
    has_left: bool,
}

impl Joined {
    async fn join(call: &Call, room: Arc<Occupied>, options: &Conference<'_>) -> Result<Self, CallError> {
        let session = &call.session;
        room.add(Member { call: call.clone(), music: options.music });
        session.change(|state| state.bridges.push(state::Bridge::new(room.id.clone(), state::Parties::Calls)));
        let joined = Self { session: Arc::clone(session), room, pending: Pending::default(), has_left: false };
        let channel = session.channel().channel_id().clone();
        let request = joined.room.bridge().add_channel([channel]).mute(options.muted);
        match session.context.send(&joined.pending, request.into_future()).await {
            Ok(()) => Ok(joined),
            Err(error) => Err(session.explain(error).await),
        }
    }

    /// Waits until the caller is to leave the room, or has left it.
    async fn stay(&self, keys: Option<&str>) -> Result<Departure, CallError> {
        let session = &self.session;
        loop {
            let find = |state: &state::State| {
                let pressed = state.digits.iter().position(|digit| keys.is_some_and(|keys| keys.contains(*digit)));
                pressed.map(Some).or_else(|| state.is_disturbed(&self.room.id).then_some(None))
            };
            if let Some(position) = session.wait(find).await? {
                let key = session.change(|state| state.digits.drain(..=position).next_back());
                return Ok(key.map_or(Departure::Removed, Departure::Key));
            }
            session.change(|state| state.calm(&self.room.id));
            // A channel that hangs up leaves the bridge first.
            if let Some(end) = session.wait_for(EXPLANATION, |state| state.end.clone()).await {
                return Err(CallError::Ended(end));
            }
            let own = session.channel();
            match self.room.bridge().get().await {
                // The channel that left was replaced by another.
                Ok(bridge) if bridge.channels.contains(own.channel_id()) => {}
                Ok(_) => return Ok(Departure::Removed),
                Err(error) if error.is_not_found() => return Ok(Departure::Removed),
                Err(error) => return Err(session.explain(error).await),
            }
        }
    }

    /// Leaves, and waits for that.
    async fn leave(mut self) {
        // In a task, so that it goes on when the handler is dropped meanwhile.
        if let Some(leaving) = self.begin_to_leave() {
            let _ = leaving.await;
        }
    }

    fn begin_to_leave(&mut self) -> Option<JoinHandle<()>> {
        if std::mem::replace(&mut self.has_left, true) {
            return None;
        }
        let (session, room) = (&self.session, Arc::clone(&self.room));
        room.remove(session);
        session.change(|state| state.bridges.retain(|bridge| bridge.id != room.id));
        if session.is_detached() {
            room.keep();
            return None;
        }
        let channel = session.read(|state| state.end.is_none().then(|| state.channel.clone()));
        let pending = self.pending.clone();
        let context = Arc::clone(&session.context);
        Some(session.context.spawn(async move {
            pending.over().await;
            if let Some(channel) = channel {
                let bridge = room.bridge();
                let remove = move || {
                    let request = bridge.remove_channel([channel.to_string()]);
                    async move {
                        match request.await {
                            // It is not in the bridge any more.
                            Err(error) if error.status().is_some_and(|status| status < 500) => Ok(()),
                            done => done,
                        }
                    }
                };
                let _ = context.clean_up("remove a channel from a room", remove).await;
            }
            room.tune().await;
        }))
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        drop(self.begin_to_leave());
    }
}
