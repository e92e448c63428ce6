//! The end of a call: what it owns ends with it, whatever ended the handler.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::app::OnSummary;
use crate::call::Call;
use crate::error::{End, EndReason};
use crate::session::{CAUSE, Session};
use crate::state::Parties;
use crate::summary::CallSummary;

/// How long the end of a call may take: hanging up its legs and destroying its bridges.
pub(crate) const TEARDOWN: Duration = Duration::from_secs(5);

/// Ends a call when it is dropped, such as with the task of its handler.
pub(crate) struct Ending {
    parts: Option<Parts>,
    span: tracing::Span,
}

struct Parts {
    call: Call,
    on_summary: Option<Arc<OnSummary>>,
}

impl Ending {
    pub(crate) fn new(call: Call, on_summary: Option<Arc<OnSummary>>, span: tracing::Span) -> Self {
        Self { parts: Some(Parts { call, on_summary }), span }
    }

    /// Ends the call after its handler, with the failure of that.
    pub(crate) async fn finish(mut self, failure: Option<String>) {
        if let Some(ending) = self.begin(failure) {
            // A panic of `on_summary` has been reported already.
            let _ = ending.await;
        }
    }

    fn begin(&mut self, failure: Option<String>) -> Option<JoinHandle<()>> {
        let parts = self.parts.take()?;
        let context = Arc::clone(&parts.call.session.context);
        Some(context.spawn(end(parts, failure).instrument(self.span.clone())))
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        drop(self.begin(Some("cancelled".to_owned())));
    }
}

async fn end(Parts { call, on_summary }: Parts, failure: Option<String>) {
    let session = &call.session;
    if timeout(TEARDOWN, tear_down(session)).await.is_err() {
        tracing::warn!("not everything of the call could be ended in time");
    }
    if !session.is_detached() {
        // Unless that is known, the server has not reported it, and nothing more will arrive.
        session.end(End::new(EndReason::Disconnected, None));
    }
    let summary = CallSummary::of(&call, failure);
    #[cfg(feature = "metrics")]
    crate::telemetry::call_ended(session, &summary);
    forget(session);
    tracing::info!(duration = summary.duration, legs = summary.legs, "the call is over");
    if let Some(receive) = on_summary {
        receive(&summary);
    }
}

/// Ends what a call owns: its bridges, its legs, the caller.
async fn tear_down(session: &Session) {
    let context = &session.context;
    let (detached, bridges, legs, caller) = session.read(|state| {
        // The end of the event connection says nothing about the caller.
        let may_be_up = state.end.as_ref().is_none_or(|end| end.reason == EndReason::Disconnected);
        let own = state.bridges.iter().filter(|bridge| bridge.parties != Parties::Calls);
        let bridges: Vec<_> = own.map(|bridge| bridge.id.clone()).collect();
        let legs = state.legs.iter().filter(|leg| !leg.is_over()).map(|leg| leg.channel.clone());
        let legs: Vec<_> = legs.chain(state.replaced.iter().cloned()).collect();
        (state.detached, bridges, legs, may_be_up.then(|| state.channel.clone()))
    });
    if detached {
        return;
    }
    join_all(bridges.iter().map(|id| context.destroy_bridge(id))).await;
    let caller = async {
        let Some(caller) = &caller else { return };
        if context.hang_up(caller).await.unwrap_or(false) {
            session.wait_for(Duration::from_secs(1), |state| state.end.clone()).await;
            session.end(End::new(EndReason::HungUp, None));
        }
    };
    tokio::join!(join_all(legs.iter().map(|id| context.hang_up(id))), caller);
    // The cause comes with the last event of the channel.
    session.wait_for(CAUSE, |state| state.end.as_ref().and_then(End::settled)).await;
}

fn forget(session: &Session) {
    let living = session.read(|state| state.end.is_none().then(|| state.channel.clone()));
    session.context.forget(session);
    if session.is_detached() {
        if let Some(channel) = living {
            session.context.note_detached(&channel);
        }
        // Tasks that wait for the end must not wait indefinitely.
        session.end(End::new(EndReason::Left, None));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrival::Arrival;
    use crate::context::tests::context;

    #[tokio::test]
    async fn dropped_handler_ends_its_call() {
        let context = context();
        let session = Session::new(Arc::clone(&context), "1", false);
        context.route("1", &session);
        let call = Call { session, arrival: Arc::new(Arrival::default()) };
        drop(Ending::new(call.clone(), None, tracing::Span::none()));
        assert_eq!(call.ended().await.reason, EndReason::Disconnected);
        assert!(context.find("1").is_none());
    }

    #[tokio::test]
    async fn ended_resolves_after_a_detached_call_is_forgotten() {
        let context = context();
        let session = Session::new(Arc::clone(&context), "1", false);
        context.route("1", &session);
        let call = Call { session, arrival: Arc::new(Arrival::default()) };
        call.detach();
        Ending::new(call.clone(), None, tracing::Span::none()).finish(None).await;
        assert_eq!(call.ended().await.reason, EndReason::Left);
        assert!(context.find("1").is_none() && context.is_detached("1"));
    }

    #[cfg(feature = "metrics")]
    #[tokio::test]
    async fn every_call_that_was_counted_is_counted_out() {
        use metrics_util::debugging::DebuggingRecorder;

        let recorder = DebuggingRecorder::new();
        let _recording = metrics::set_default_local_recorder(&recorder);
        let context = context();
        for (id, is_counted) in [("finished", true), ("aborted", true), ("detached", true), ("in line", false)] {
            let session = Session::new(Arc::clone(&context), id, false);
            context.route(id, &session);
            let call = Call { session, arrival: Arc::new(Arrival::default()) };
            if is_counted {
                crate::telemetry::call_started(&call.session);
            }
            let ending = Ending::new(call.clone(), None, tracing::Span::none());
            match id {
                "aborted" => drop(ending),
                "detached" => {
                    call.detach();
                    ending.finish(None).await;
                }
                _ => {
                    call.session.end(End::new(EndReason::HungUp, Some(16)));
                    ending.finish(None).await;
                }
            }
            call.ended().await;
        }
        let expected = [
            "ari_app_call_duration_seconds Histogram(3)",
            "ari_app_calls_active Gauge(0)",
            "ari_app_calls_ended_total failed=false reason=detached Counter(1)",
            "ari_app_calls_ended_total failed=false reason=hung_up Counter(1)",
            "ari_app_calls_ended_total failed=true reason=disconnected Counter(1)",
            "ari_app_calls_started_total Counter(3)",
        ];
        assert_eq!(crate::telemetry::tests::measured(&recorder), expected);
    }
}
