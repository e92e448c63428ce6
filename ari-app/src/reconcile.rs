//! What became of a call in a gap of the events.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ari_bindings::Error;
use ari_bindings::models::Channel;
use tokio::time::sleep;

use crate::error::{End, EndReason};
use crate::session::Session;
use crate::state::{Leg, LegStatus, PlaybackEnd, Progress, RecordingEnd, State};

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

/// Brings a call up to date with the server.
pub(crate) async fn reconcile(session: Arc<Session>) {
    reconcile_caller(&session).await;
    let (legs, playbacks, recordings) = session.change(|state| {
        // Their verbs look at them then.
        state.bridges.iter_mut().for_each(|bridge| bridge.is_disturbed = true);
        let legs = state.legs.iter().filter(|leg| matches!(leg.status, LegStatus::Dialling | LegStatus::Answered));
        (legs.cloned().collect::<Vec<_>>(), pending(&state.playbacks), pending(&state.recordings))
    });
    for leg in legs {
        reconcile_leg(&session, &leg).await;
    }
    let ari = &session.context.ari;
    for id in playbacks {
        if let Ok(None) = look_up(|| async { ari.playback(&*id).get().await }).await {
            session.change(|state| state.playback_ended(&id, PlaybackEnd::Finished));
        }
    }
    for name in recordings {
        if let Ok(None) = look_up(|| async { ari.live_recording(&*name).get_live().await }).await {
            let end = RecordingEnd::Finished { duration: None, talking: None };
            session.change(|state| state.recording_ended(&name, end));
        }
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
            Ok(Some(channel)) if known.status == LegStatus::Dialling && is_in_stasis(&channel) => {
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

fn pending<T>(all: &[(Box<str>, Progress<T>)]) -> Vec<Box<str>> {
    all.iter().filter(|(_, progress)| matches!(progress, Progress::Pending)).map(|(id, _)| id.clone()).collect()
}
