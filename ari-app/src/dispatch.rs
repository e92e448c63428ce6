//! From the one stream of events to the calls they belong to.

use std::sync::Arc;

use ari_bindings::models::Channel;
use ari_bindings::{Event, events};

use crate::context::{Context, recording_key};
use crate::session::Session;

/// Where a new call comes from.
pub(crate) enum Origin {
    /// Somebody has called the application.
    Caller,
    /// The leg of this token of an outgoing call has answered.
    Placed(Arc<Session>, Box<str>),
    /// An earlier run has left it.
    Left,
}

/// Hands an event to its call. Returns the start of a call that is new.
pub(crate) fn dispatch<'event>(
    context: &Arc<Context>,
    event: &'event Event,
) -> Option<(&'event events::StasisStart, Origin)> {
    // The connection may be that of several applications.
    if event.application().is_some_and(|app| *app != *context.app) {
        return None;
    }
    match event {
        Event::StasisStart(start) => return started(context, start, event).map(|origin| (&**start, origin)),
        _ => {
            if let Some(session) = subject(context, event) {
                session.apply(event);
            } else if let Event::StasisEnd(_) | Event::ChannelDestroyed(_) = event {
                let ended = event.channel_id().unwrap_or_default();
                context.retain_detached(|channel| channel != ended);
            }
        }
    }
    None
}

/// Returns where the call comes from if it is new.
fn started(context: &Arc<Context>, start: &events::StasisStart, event: &Event) -> Option<Origin> {
    let channel = start.channel.id.as_str();
    if let Some(replaced) = &start.replace_channel {
        let replaced = replaced.id.as_str();
        let session = context.find(replaced).filter(|session| session.read(|state| state.has(replaced)));
        if let Some(session) = session {
            context.route(channel, &session);
            session.change(|state| state.replace(replaced, channel));
            session.apply(event);
        } else {
            tracing::info!(channel, replaced, "replaces a channel of no call: it is left alone");
        }
        return None;
    }
    if let Some(session) = context.find(channel).filter(|session| session.serves(channel)) {
        session.apply(event);
        return None;
    }
    let origin = origin(context, &start.channel, &start.args);
    if origin.is_none() {
        if let Some(session) = context.find(channel) {
            session.apply(event);
        }
    }
    origin
}

/// Where a channel in the application comes from if it is a new call. One that answers for a leg is joined to its call.
pub(crate) fn origin(context: &Context, channel: &Channel, args: &[String]) -> Option<Origin> {
    let channel = channel.id.as_str();
    // The arguments of a leg are its token: another channel that comes with it has picked the call up.
    let token = args.first().filter(|argument| context.ids.is_own(argument));
    let Some(token) = token.map(String::as_str).or_else(|| Some(channel).filter(|id| context.ids.is_own(id))) else {
        return Some(Origin::Caller);
    };
    let session = context.find(token);
    if let Some(placing) = session.as_ref().filter(|session| session.placing.is_some()) {
        return Some(Origin::Placed(Arc::clone(placing), token.into()));
    }
    match session.filter(|session| session.change(|state| state.pick_up(token, channel))) {
        Some(session) => context.route(channel, &session),
        // It was cancelled, or the call that dialled it is over: the leg has no counterpart.
        None => drop(context.hang_up(channel)),
    }
    None
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
        Event::BridgeDestroyed(destroyed) => context.find(destroyed.bridge.id.as_str()),
        Event::Dial(dial) => context.find(dial.peer.id.as_str()),
        event => context.find(event.channel_id()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tests::context;
    use crate::error::{End, EndReason};
    use crate::ids::Kind;

    fn start(id: &str, application: &str, args: &[&str], replaces: Option<&str>) -> Event {
        let mut start = events::StasisStart::default();
        start.application = application.into();
        start.args = args.iter().map(ToString::to_string).collect();
        start.channel.id = id.into();
        start.replace_channel = replaces.map(|replaced| {
            let mut channel = Channel::default();
            channel.id = replaced.into();
            channel
        });
        Event::StasisStart(Box::new(start))
    }

    #[tokio::test]
    async fn dispatch_starts_only_new_calls_of_the_application() {
        let context = context();
        assert!(dispatch(&context, &start("1", "app", &[], None)).is_some());
        assert!(dispatch(&context, &start("1", "other", &[], None)).is_none());
        assert!(dispatch(&context, &start("1", "app", &[], Some("unknown"))).is_none());
        let token = context.ids.next(Kind::Leg);
        assert!(dispatch(&context, &start("1", "app", &[&token], None)).is_none());
        assert!(dispatch(&context, &start(&token, "app", &[], None)).is_none());
    }

    #[tokio::test]
    async fn channel_of_an_ended_call_starts_a_new_one() {
        let context = context();
        let session = Session::new(Arc::clone(&context), "1", true);
        context.route("1", &session);
        assert!(dispatch(&context, &start("1", "app", &[], None)).is_none());
        session.end(End::new(EndReason::Left, None));
        assert!(dispatch(&context, &start("1", "app", &[], None)).is_some());
    }

    #[tokio::test]
    async fn pickup_joins_the_call_of_its_token() {
        let context = context();
        let session = Session::new(Arc::clone(&context), "1", true);
        let token = context.ids.next(Kind::Leg);
        context.route(token.clone(), &session);
        session.change(|state| state.legs.push(crate::state::Leg::new(token.clone())));
        assert!(dispatch(&context, &start("2", "app", &[&token], None)).is_none());
        assert!(session.read(|state| state.has("2")));
        assert!(Arc::ptr_eq(&context.find("2").unwrap(), &session));
    }
}
