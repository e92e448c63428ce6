//! What an operator sees of calls: spans of their verbs, and counters.

use std::future::Future;
use std::pin::Pin;

use futures_util::FutureExt as _;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::error::CallError;
#[cfg(feature = "metrics")]
use crate::session::Session;
#[cfg(feature = "metrics")]
use crate::summary::CallSummary;

/// Runs a verb in its own span, and counts how it ended.
pub(crate) fn verb<'verb, T>(
    name: &'static str,
    work: impl Future<Output = Result<T, CallError>> + Send + 'verb,
) -> Pin<Box<dyn Future<Output = Result<T, CallError>> + Send + 'verb>> {
    let span = tracing::info_span!("verb", otel.name = name, verb = name, outcome = Empty);
    let mut observed = Observed {
        #[cfg(feature = "metrics")]
        name,
        span: span.clone(),
        outcome: "dropped",
    };
    let work = work.instrument(span);
    // Unlike an async block, this does not hold the future twice.
    Box::pin(work.inspect(move |result| observed.over(result.as_ref().err())))
}

/// Reports the outcome of a verb when it is over, or was dropped.
struct Observed {
    #[cfg(feature = "metrics")]
    name: &'static str,
    span: Span,
    outcome: &'static str,
}

impl Observed {
    fn over(&mut self, error: Option<&CallError>) {
        self.outcome = match error {
            None => "ok",
            Some(CallError::Ended(_)) => "ended",
            #[cfg(feature = "media")]
            Some(CallError::Media(error)) if error.is_ended() => "ended",
            Some(CallError::Invalid { .. }) => "invalid",
            Some(_) => "failed",
        };
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.span.record("outcome", self.outcome);
        #[cfg(feature = "metrics")]
        metrics::counter!("ari_app_verbs_total", "verb" => self.name, "outcome" => self.outcome).increment(1);
    }
}

/// Counts a call that a handler gets.
#[cfg(feature = "metrics")]
pub(crate) fn call_started(session: &Session) {
    session.change(|state| state.is_counted = true);
    metrics::counter!("ari_app_calls_started_total").increment(1);
    metrics::gauge!("ari_app_calls_active").increment(1.0);
}

/// Counts the end of a call, if [`call_started`] has counted it.
#[cfg(feature = "metrics")]
pub(crate) fn call_ended(session: &Session, summary: &CallSummary) {
    if !session.change(|state| std::mem::take(&mut state.is_counted)) {
        return;
    }
    let reason = summary.end.as_ref().map_or("detached", |end| end.reason.name());
    let failed = if summary.failure.is_some() { "true" } else { "false" };
    metrics::counter!("ari_app_calls_ended_total", "reason" => reason, "failed" => failed).increment(1);
    metrics::gauge!("ari_app_calls_active").decrement(1.0);
    metrics::histogram!("ari_app_call_duration_seconds").record(summary.duration);
}

/// Counts a call that was turned away.
#[cfg(feature = "metrics")]
pub(crate) fn call_refused() {
    metrics::counter!("ari_app_calls_refused_total").increment(1);
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fmt::Debug;
    use std::future::{pending, ready};
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;
    use crate::error::{End, EndReason};

    /// Notes the fields of spans.
    #[derive(Clone, Default)]
    struct Fields(Arc<Mutex<Vec<String>>>);

    impl Visit for Fields {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            self.0.lock().unwrap().push(format!("{}={value:?}", field.name()));
        }
    }

    impl Subscriber for Fields {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, attributes: &Attributes<'_>) -> Id {
            attributes.record(&mut self.clone());
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, values: &Record<'_>) {
            values.record(&mut self.clone());
        }

        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, _: &Event<'_>) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn verb_has_a_span_with_its_name_and_outcome() {
        let ended = CallError::Ended(End::new(EndReason::HungUp, None));
        let fields = Fields::default();
        tracing::subscriber::with_default(fields.clone(), || {
            verb("call.say", ready(Ok(()))).now_or_never().unwrap().unwrap();
            assert!(verb("call.ask", ready(Err::<(), _>(ended))).now_or_never().unwrap().is_err());
            assert!(verb("call.dial", pending::<Result<(), CallError>>()).now_or_never().is_none());
        });
        let outcome = |name: &str, outcome: &str| {
            [format!("otel.name={name:?}"), format!("verb={name:?}"), format!("outcome={outcome:?}")]
        };
        let expected = [outcome("call.say", "ok"), outcome("call.ask", "ended"), outcome("call.dial", "dropped")];
        assert_eq!(*fields.0.lock().unwrap(), expected.concat());
    }

    #[cfg(feature = "media")]
    #[test]
    fn end_of_a_medium_is_an_end() {
        let ended = Err::<(), _>(CallError::Media(ari_media::MediaError::Ended));
        let fields = Fields::default();
        tracing::subscriber::with_default(fields.clone(), || drop(verb("call.media", ready(ended)).now_or_never()));
        assert_eq!(fields.0.lock().unwrap()[2], r#"outcome="ended""#);
    }

    #[cfg(feature = "metrics")]
    #[test]
    fn verbs_are_counted_by_name_and_outcome() {
        use metrics_util::debugging::DebuggingRecorder;

        let recorder = DebuggingRecorder::new();
        metrics::with_local_recorder(&recorder, || {
            for _ in 0..2 {
                verb("call.say", ready(Err::<(), _>(CallError::invalid("media", "empty")))).now_or_never();
            }
            verb("call.say", ready(Ok(()))).now_or_never();
            verb("call.ask", ready(Err::<(), _>(CallError::NotServing))).now_or_never();
            verb("call.dial", pending::<Result<(), CallError>>()).now_or_never();
            call_refused();
        });
        let expected = [
            "ari_app_calls_refused_total Counter(1)",
            "ari_app_verbs_total outcome=dropped verb=call.dial Counter(1)",
            "ari_app_verbs_total outcome=failed verb=call.ask Counter(1)",
            "ari_app_verbs_total outcome=invalid verb=call.say Counter(2)",
            "ari_app_verbs_total outcome=ok verb=call.say Counter(1)",
        ];
        assert_eq!(measured(&recorder), expected);
    }

    /// What was measured, each with its labels, in the order of the names. Of a histogram, the number of its values.
    #[cfg(feature = "metrics")]
    pub(crate) fn measured(recorder: &metrics_util::debugging::DebuggingRecorder) -> Vec<String> {
        use metrics_util::debugging::DebugValue;

        let all = recorder.snapshotter().snapshot().into_vec().into_iter();
        // The bindings measure requests, where another package asks for that.
        let own = all.filter(|(key, ..)| key.key().name().starts_with("ari_app_"));
        let own = own.map(|(key, _, _, value)| {
            let mut labels: Vec<_> =
                key.key().labels().map(|label| format!("{}={} ", label.key(), label.value())).collect();
            labels.sort();
            let value = match value {
                DebugValue::Histogram(values) => format!("Histogram({})", values.len()),
                DebugValue::Gauge(value) => format!("Gauge({value})"),
                counter @ DebugValue::Counter(_) => format!("{counter:?}"),
            };
            format!("{} {}{value}", key.key().name(), labels.concat())
        });
        let mut own: Vec<_> = own.collect();
        own.sort();
        own
    }
}
