use std::time::Instant;

use serde::Serialize;

use crate::call::Call;
use crate::error::End;

/// What became of a call; [`App::on_summary`](crate::App::on_summary) receives one at the end of each.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CallSummary {
    /// The id of the call: that of its first channel.
    pub id: String,
    /// The caller's number; empty if unknown.
    pub caller: String,
    /// The extension that the caller dialled, or the endpoint of an outgoing call.
    pub dialed: String,
    /// Whether the application has started the call.
    pub outgoing: bool,
    /// Seconds from the start of the call in the application to its end.
    pub duration: f64,
    /// Seconds from the answer to the end; `None` if the call was never answered.
    pub talked: Option<f64>,
    /// How many legs were dialled.
    pub legs: usize,
    /// How the call ended. `None` if the handler detached it.
    pub end: Option<End>,
    /// The error that the handler returned, `panicked`, or `cancelled` if it was aborted; `None` if it returned normally or
    /// with the end of the call.
    pub failure: Option<String>,
}

impl CallSummary {
    pub(crate) fn of(call: &Call, failure: Option<String>) -> Self {
        let started = call.session.started;
        call.session.read(|state| {
            let until = state.ended.unwrap_or_else(Instant::now);
            Self {
                id: call.id().to_owned(),
                caller: call.caller_number().to_owned(),
                dialed: call.dialed().to_owned(),
                outgoing: call.is_outgoing(),
                duration: until.duration_since(started).as_secs_f64(),
                talked: state.answered.map(|answered| until.duration_since(answered).as_secs_f64()),
                legs: state.dialled,
                end: state.end.clone(),
                failure,
            }
        })
    }
}
