//! Rooms, in which any number of calls are connected.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ari_bindings::handles::BridgeHandle;
#[cfg(feature = "media")]
use ari_bindings::ids::ChannelId;
use ari_bindings::{Error, IntoList};
use tokio::sync::OnceCell;

use crate::context::{Context, Pending};
use crate::error::CallError;
use crate::ids::Kind;
use crate::media;
use crate::progress::PlaybackEnd;
use crate::session::Session;
use crate::verbs::playback::{Played, Target, play};
use crate::verbs::say::Said;
use crate::{Call, state};

/// The rooms of an application that somebody is in, by name.
#[derive(Default)]
pub(crate) struct Rooms(Mutex<HashMap<Box<str>, Weak<Occupied>>>);

impl Rooms {
    /// The room of this name, which exists for as long as it is referred to.
    pub(crate) fn enter(&self, context: &Arc<Context>, name: &str) -> Arc<Occupied> {
        let mut rooms = self.lock();
        if let Some(room) = rooms.get(name).and_then(Weak::upgrade) {
            return room;
        }
        rooms.retain(|_, room| room.strong_count() > 0);
        // Another bridge than the time before, which may be about to be destroyed.
        let room = Arc::new(Occupied::new(Arc::clone(context)));
        rooms.insert(name.into(), Arc::downgrade(&room));
        room
    }

    fn find(&self, name: &str) -> Option<Arc<Occupied>> {
        self.lock().get(name).and_then(Weak::upgrade)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Weak<Occupied>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A room that somebody is in. Its bridge is destroyed when it is dropped.
pub(crate) struct Occupied {
    context: Arc<Context>,
    pub(crate) id: Box<str>,
    created: OnceCell<()>,
    pending: Pending,
    members: Mutex<Vec<Member>>,
    /// Whether music plays; locked while that changes.
    music: tokio::sync::Mutex<bool>,
    /// Whether the bridge outlives the room, because a member was detached.
    is_kept: AtomicBool,
}

#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) call: Call,
    /// Whether music plays while this one is alone.
    pub(crate) music: bool,
}

impl Occupied {
    fn new(context: Arc<Context>) -> Self {
        Self {
            id: context.ids.next(Kind::Bridge),
            context,
            created: OnceCell::new(),
            pending: Pending::default(),
            members: Mutex::default(),
            music: tokio::sync::Mutex::default(),
            is_kept: AtomicBool::new(false),
        }
    }

    /// Creates the bridge, unless it exists.
    pub(crate) async fn create(&self) -> Result<(), Error> {
        let create = || async {
            // Repeating this is harmless: Asterisk returns a bridge of this id that exists.
            let request = self.bridge().create_with_id().r#type("mixing,dtmf_events");
            self.context.send(&self.pending, request.into_future()).await.map(drop)
        };
        self.created.get_or_try_init(create).await.map(drop)
    }

    pub(crate) fn bridge(&self) -> BridgeHandle {
        self.context.ari.bridge(&*self.id)
    }

    pub(crate) fn add(&self, member: Member) {
        self.members().push(member);
    }

    pub(crate) fn remove(&self, session: &Arc<Session>) {
        self.members().retain(|member| !Arc::ptr_eq(&member.call.session, session));
    }

    /// Leaves the bridge as it is when the room is dropped.
    pub(crate) fn keep(&self) {
        self.is_kept.store(true, Ordering::Relaxed);
    }

    /// Starts the music for one who is alone, or stops it.
    pub(crate) async fn tune(&self) {
        let mut is_playing = self.music.lock().await;
        let wanted = match self.members().as_slice() {
            [alone] => alone.music,
            // The bridge and its music are about to end.
            [] => *is_playing,
            _ => false,
        };
        if wanted == *is_playing {
            return;
        }
        let bridge = self.bridge();
        let done = if wanted { bridge.start_moh().await } else { bridge.stop_moh().await };
        match done {
            Ok(()) => *is_playing = wanted,
            Err(error) => {
                tracing::info!(error = &error as &dyn std::error::Error, "cannot start or stop the music of a room");
            }
        }
    }

    pub(crate) fn members(&self) -> MutexGuard<'_, Vec<Member>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Occupied {
    fn drop(&mut self) {
        if self.is_kept.load(Ordering::Relaxed) {
            return;
        }
        let (context, id, pending) = (Arc::clone(&self.context), self.id.clone(), self.pending.clone());
        self.context.spawn(async move {
            pending.over().await;
            context.destroy_bridge(&id).await
        });
    }
}

/// A room of [`Call::conference`] by its name; see [`Call::room`].
#[derive(Debug)]
pub struct Room<'call> {
    call: &'call Call,
    name: String,
}

impl<'call> Room<'call> {
    pub(crate) fn new(call: &'call Call, name: String) -> Self {
        Self { call, name }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The calls in the room, in the order in which they have joined.
    #[must_use]
    pub fn members(&self) -> Vec<Call> {
        let members = |room: Arc<Occupied>| room.members().iter().map(|member| member.call.clone()).collect();
        self.find().map(members).unwrap_or_default()
    }

    /// How many calls are in the room.
    #[must_use]
    pub fn count(&self) -> usize {
        self.find().map_or(0, |room| room.members().len())
    }

    /// Plays media to all in the room; returns at the end of the last medium, or `None` if the room is empty.
    ///
    /// Fails with [`CallError::Ended`] when the call that announces ends, whether or not it is in the room.
    pub async fn announce(&self, media: impl IntoList<String>) -> Result<Option<Said>, CallError> {
        let media = media.into_list();
        media::check(&media, false)?;
        let Some(room) = self.find() else { return Ok(None) };
        announce(&self.call.session, &room, &media).await.map(Some)
    }

    /// Removes a call from the room: its [`Call::conference`] returns [`Departure::Removed`](crate::Departure::Removed).
    /// Returns whether it was in the room.
    pub async fn remove(&self, member: &Call) -> Result<bool, CallError> {
        let Some(room) = self.find() else { return Ok(false) };
        let is_member = room.members().iter().any(|known| Arc::ptr_eq(&known.call.session, &member.session));
        if !is_member {
            return Ok(false);
        }
        match room.bridge().remove_channel(member.channel().channel_id()).await {
            Ok(()) => Ok(true),
            // It has just left.
            Err(error) if error.status().is_some_and(|status| status < 500) => Ok(false),
            Err(error) => Err(CallError::Ari(error)),
        }
    }

    #[cfg(feature = "media")]
    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.call.session
    }

    /// Puts another channel into the room. Returns whether the room has anybody.
    #[cfg(feature = "media")]
    pub(crate) async fn add(&self, channel: &ChannelId) -> Result<bool, CallError> {
        let Some(room) = self.find() else { return Ok(false) };
        let request = room.bridge().add_channel([channel.clone()]);
        // The bridge is not destroyed meanwhile.
        match room.context.send(&room.pending, request.into_future()).await {
            Ok(()) => Ok(true),
            // The last one has just left.
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(self.call.session.explain(error).await),
        }
    }

    fn find(&self) -> Option<Arc<Occupied>> {
        self.call.session.context.rooms.find(&self.name)
    }
}

/// Plays media to all in a room.
pub(crate) async fn announce(session: &Arc<Session>, room: &Occupied, media: &[String]) -> Result<Said, CallError> {
    let never = |_: &state::State| None::<()>;
    match play(session, Target::Bridge(&room.id), media, never).await? {
        Played::Over(PlaybackEnd::Failed) => Ok(Said::Failed),
        Played::Over(PlaybackEnd::Unknown) => Ok(Said::Unknown),
        _ => Ok(Said::Finished),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tests::context;

    #[tokio::test]
    async fn room_gets_another_bridge_once_it_was_empty() {
        let context = context();
        let room = context.rooms.enter(&context, "sales");
        let same = context.rooms.enter(&context, "sales");
        let other = context.rooms.enter(&context, "support");
        assert!(Arc::ptr_eq(&room, &same) && !Arc::ptr_eq(&room, &other));
        let id = room.id.clone();
        drop((room, same));
        assert!(context.rooms.find("sales").is_none());
        assert_ne!(context.rooms.enter(&context, "sales").id, id);
    }
}
