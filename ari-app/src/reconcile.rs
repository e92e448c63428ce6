//! What became of a call in a gap of the events.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ari_bindings::Error;
use ari_bindings::ids::ChannelId;
use ari_bindings::models::Channel;
use ari_bindings::values::LiveRecordingState;
use futures_util::future::join_all;
use tokio::time::sleep;

use crate::context::Context;
use crate::error::{End, EndReason};
use crate::progress::{PlaybackEnd, RecordingEnd};
use crate::session::{IN_FLIGHT, Session};
use crate::state::{Leg, LegStatus, Parties, State, Transfers};

/// How often something is looked up when the server gives no answer.
const ATTEMPTS: u32 = 5;

/// How long to wait between two attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks something up: `None` if it does not exist. Fails if the server gives no answer.
pub(crate) async fn look_up<T, Reply>(request: impl Fn() -> Reply) -> Result<Option<T>, Error>
where
    Reply: Future<Output = Result<T, Error>>,
{
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        match request().await {
            Ok(found) => return Ok(Some(found)),
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) if left == 0 => {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot find out what became of a call");
                return Err(error);
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// Brings all calls up to date with the server, in the background. Returns as soon as it is known which channels have taken
/// the places of others.
pub(crate) async fn reconcile_all(context: &Arc<Context>) {
    let sessions: Vec<_> = context.sessions().into_iter().filter(|session| session.check().is_ok()).collect();
    join_all(sessions.iter().map(find_replacements)).await;
    for session in sessions {
        context.spawn(reconcile(session));
    }
}

/// Finds out which channels have taken the places of parties in the call's bridges, by transfers of their phones: what is in
/// such a bridge without the program's doing.
async fn find_replacements(session: &Arc<Session>) {
    let bridges = session.read(|state| {
        let own = state.bridges.iter().filter(|bridge| bridge.parties != Parties::Calls);
        own.map(|bridge| (bridge.id.clone(), state.members(bridge))).collect::<Vec<_>>()
    });
    join_all(bridges.iter().map(|(id, members)| find_replacement(session, id, members))).await;
}

async fn find_replacement(session: &Arc<Session>, bridge: &str, members: &[Box<str>]) {
    let context = &session.context;
    let Ok(Some(bridge)) = look_up(|| async { context.ari.bridge(bridge).get().await }).await else { return };
    let present: Vec<_> = bridge.channels.iter().map(ChannelId::as_str).collect();
    let mut new = present.iter().copied().filter(|id| context.find(id).is_none() && !context.ids.is_own(id));
    let mut absent = members.iter().filter(|id| !present.contains(&&***id));
    // With several transfers in one gap, who has replaced whom cannot be seen.
    let (Some(channel), None) = (new.next(), new.next()) else { return };
    let (Some(replaced), None) = (absent.next(), absent.next()) else { return };
    tracing::info!(call = &*session.id, channel, replaced = &**replaced, "a transfer fell into the gap in the events");
    context.route(channel, session);
    session.change(|state| state.replace(replaced, channel));
}

/// Brings a call up to date with the server.
async fn reconcile(session: Arc<Session>) {
    // An outgoing call has no caller yet.
    if session.placing.is_none() {
        reconcile_caller(&session).await;
    }
    let (legs, playbacks, recordings) = session.change(|state| {
        // Their verbs look at them then.
        state.bridges.iter_mut().for_each(|bridge| bridge.is_disturbed = true);
        state.inside = None;
        let legs = state.legs.iter().filter(|leg| matches!(leg.status, LegStatus::Dialling | LegStatus::Answered));
        let media = &state.media;
        (legs.cloned().collect::<Vec<_>>(), media.playbacks_under_way(), media.recordings_under_way())
    });
    for leg in legs {
        reconcile_leg(&session, &leg).await;
    }
    refuse_lost_transfers(&session);
    for id in playbacks {
        reconcile_playback(&session, &id).await;
    }
    for name in recordings {
        reconcile_recording(&session, &name).await;
    }
}

/// Ends a playback that the server does not know any more, and of whose end no event is on the way.
pub(crate) async fn reconcile_playback(session: &Session, id: &str) {
    let ari = &session.context.ari;
    let Ok(None) = look_up(|| async { ari.playback(id).get().await }).await else { return };
    let ended = |state: &State| state.media.playback(id).is_none_or(|known| known.progress.ended().is_some());
    if session.wait_for(IN_FLIGHT, |state| ended(state).then_some(())).await.is_some() {
        return;
    }
    let last = session.read(|state| state.media.playback(id).and_then(|known| known.last_recording.clone()));
    let is_missing = match last {
        Some(name) => matches!(look_up(|| async { ari.stored_recording(&*name).get_stored().await }).await, Ok(None)),
        None => false,
    };
    let end = if is_missing { PlaybackEnd::Failed } else { PlaybackEnd::Unknown };
    session.change(|state| state.media.playback_ended(id, end));
}

/// Ends a recording that the server does not know any more, and of whose end no event is on the way. Returns its state if
/// the server knows it.
pub(crate) async fn reconcile_recording(session: &Session, name: &str) -> Option<LiveRecordingState> {
    let ari = &session.context.ari;
    match look_up(|| async { ari.live_recording(name).get_live().await }).await {
        Ok(Some(live)) => return Some(live.state),
        Ok(None) => {}
        Err(_) => return None,
    }
    let ended = |state: &State| state.media.recording(name).is_none_or(|known| known.progress.ended().is_some());
    if session.wait_for(IN_FLIGHT, |state| ended(state).then_some(())).await.is_some() {
        return None;
    }
    let end = match look_up(|| async { ari.stored_recording(name).get_stored().await }).await {
        Ok(None) => RecordingEnd::Failed { cause: "its end was not reported, and nothing is stored".into() },
        _ => RecordingEnd::Unknown,
    };
    session.change(|state| state.media.recording_ended(name, end));
    None
}

/// Refuses the transfers that phones have asked for in the gap, which nothing reports any more, so that they can ask again.
fn refuse_lost_transfers(session: &Session) {
    let phones = session.read(|state| match state.transfers {
        Transfers::Awaited => {
            let legs = state.legs.iter().filter(|leg| leg.status == LegStatus::Answered).map(|leg| &leg.channel);
            legs.chain([&state.channel]).map(|channel| ChannelId::from(&**channel)).collect()
        }
        Transfers::Ignored | Transfers::Refused | Transfers::Requested(_) => Vec::new(),
    });
    for phone in &phones {
        session.refuse_transfer(phone);
    }
}

async fn reconcile_caller(session: &Session) {
    loop {
        let id = session.read(|state| state.channel.clone());
        let Ok(found) = look_up(|| async { session.context.ari.channel(&*id).get().await }).await else { return };
        // A transfer may have replaced it meanwhile.
        let is_current = |state: &State| state.channel == id;
        match found {
            _ if !session.read(is_current) => {}
            None => return session.end(End::new(EndReason::Gone, None)),
            Some(channel) if has_left(&channel) => return session.end(End::new(EndReason::Left, None)),
            Some(channel) => {
                if channel.state.as_str() == "Up" {
                    session.change(|state| state.answered.get_or_insert_with(std::time::Instant::now).elapsed());
                }
                return;
            }
        }
    }
}

async fn reconcile_leg(session: &Session, leg: &Leg) {
    let found = look_up(|| async { session.context.ari.channel(&*leg.channel).get().await }).await;
    session.change(|state| {
        // By its channel: one that a transfer or pickup has replaced meanwhile is not meant.
        let Some(known) = state.leg_mut(&leg.channel) else { return };
        match found {
            Ok(None) if !known.is_over() => known.status = LegStatus::Ended { cause: None },
            Ok(Some(channel)) if known.status == LegStatus::Answered && has_left(&channel) => {
                known.status = LegStatus::Ended { cause: None };
            }
            Ok(Some(channel))
                if known.status == LegStatus::Dialling
                    && is_in_stasis(&channel)
                    && channel.state.as_str() == "Up"
                    && session.placing.is_none() =>
            {
                known.status = LegStatus::Answered;
            }
            _ => {}
        }
    });
    session.sweep();
}

fn is_in_stasis(channel: &Channel) -> bool {
    channel.dialplan.app_name.eq_ignore_ascii_case("Stasis")
}

/// Whether a channel is back in the dialplan. Releases before 16.4 do not say.
fn has_left(channel: &Channel) -> bool {
    !channel.dialplan.app_name.is_empty() && !is_in_stasis(channel)
}
