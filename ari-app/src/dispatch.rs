//! From the one stream of events to the calls they belong to.

use std::sync::Arc;

use ari_bindings::models::Channel;
use ari_bindings::{Event, events};

use crate::context::{Context, recording_key};
use crate::error::{End, EndReason};
use crate::ids;
use crate::session::{LegStatus, PlaybackEnd, Progress, RecordingEnd, Session};

/// Hands an event to its call. Returns the start of a call that is new.
pub(crate) fn dispatch(context: &Arc<Context>, event: &Event) -> Option<Arc<events::StasisStart>> {
    match event {
        Event::StasisStart(start) => return started(context, start, event),
        Event::Reconnected(gap) => reconnected(context, gap.restarted == Some(true)),
        _ => {
            if let Some(session) = subject(context, event) {
                session.apply(event);
            }
        }
    }
    None
}

fn started(context: &Arc<Context>, start: &events::StasisStart, event: &Event) -> Option<Arc<events::StasisStart>> {
    let channel = start.channel.id.as_str();
    if let Some(replaced) = &start.replace_channel {
        if let Some(session) = context.find(replaced.id.as_str()) {
            context.route(channel, &session);
            session.change(|state| state.replace(replaced.id.as_str(), channel));
            session.apply(event);
            return None;
        }
    }
    if let Some(session) = context.find(channel) {
        session.apply(event);
        return None;
    }
    // The arguments of a leg are its token: another channel that comes with it has picked the call up.
    if let Some(token) = start.args.first().filter(|argument| ids::is_own(argument)) {
        if let Some(session) = context.find(token) {
            context.route(channel, &session);
            session.change(|state| state.pick_up(token, channel));
            session.apply(event);
        } else {
            // The call that dialled it is over, so the answered leg has no counterpart.
            let leg = context.ari.channel(channel);
            tokio::spawn(async move { leg.hangup().await });
        }
        return None;
    }
    Some(Arc::new(start.clone()))
}

/// The call that an event belongs to.
fn subject(context: &Context, event: &Event) -> Option<Arc<Session>> {
    match event {
        Event::PlaybackStarted(started) => context.find(started.playback.id.as_str()),
        Event::PlaybackContinuing(continuing) => context.find(continuing.playback.id.as_str()),
        Event::PlaybackFinished(finished) => context.find(finished.playback.id.as_str()),
        Event::RecordingStarted(started) => context.find(&recording_key(started.recording.name.as_str())),
        Event::RecordingFinished(finished) => context.find(&recording_key(finished.recording.name.as_str())),
        Event::RecordingFailed(failed) => context.find(&recording_key(failed.recording.name.as_str())),
        Event::Dial(dial) => context.find(dial.peer.id.as_str()),
        event => context.find(event.channel_id()?),
    }
}

/// Ends the calls of a server that was restarted, and looks up the others: what ended in the gap sent no event.
fn reconnected(context: &Arc<Context>, restarted: bool) {
    for session in context.sessions() {
        if restarted {
            session.end(End::new(EndReason::Restarted, None));
        } else {
            tokio::spawn(reconcile(session));
        }
    }
}

async fn reconcile(session: Arc<Session>) {
    let ari = &session.context.ari;
    let channel = session.read(|state| state.channel.clone());
    match ari.channel(&*channel).get().await {
        Err(error) if error.is_not_found() => return session.end(End::new(EndReason::Gone, None)),
        Ok(channel) => session.change(|state| note_state(state, &channel)),
        Err(_) => {}
    }
    let (legs, playbacks, recordings) = session.read(|state| {
        let legs = state.legs.iter().filter(|leg| !leg.is_over()).map(|leg| leg.channel.clone());
        (legs.collect::<Vec<_>>(), pending(&state.playbacks), pending(&state.recordings))
    });
    for leg in legs {
        match ari.channel(&*leg).get().await {
            Err(error) if error.is_not_found() => {
                session.change(|state| state.set_leg_status(&leg, LegStatus::Ended { cause: None }));
            }
            Ok(channel) if channel.dialplan.app_name.eq_ignore_ascii_case("Stasis") => {
                session.change(|state| state.set_leg_status(&leg, LegStatus::Answered));
            }
            _ => {}
        }
    }
    for id in playbacks {
        if ari.playback(&*id).get().await.is_err_and(|error| error.is_not_found()) {
            session.change(|state| state.playback_ended(&id, PlaybackEnd::Finished));
        }
    }
    for name in recordings {
        if ari.live_recording(&*name).get_live().await.is_err_and(|error| error.is_not_found()) {
            let end = RecordingEnd::Finished { duration: None, talking: None };
            session.change(|state| state.recording_ended(&name, end));
        }
    }
}

fn note_state(state: &mut crate::session::State, channel: &Channel) {
    if channel.state.as_str() == "Up" {
        state.answered.get_or_insert_with(std::time::Instant::now);
    }
}

fn pending<T>(all: &[(Box<str>, Progress<T>)]) -> Vec<Box<str>> {
    all.iter().filter(|(_, progress)| matches!(progress, Progress::Pending)).map(|(id, _)| id.clone()).collect()
}
