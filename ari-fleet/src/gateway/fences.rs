//! Which worker may send commands in the name of a lane.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use async_nats::jetstream;
use async_nats::jetstream::consumer::Info;
use async_nats::jetstream::response::Response;

use crate::gateway::lock;
use crate::wire::{Lane, Subjects};

/// How many replaced tokens of a lane are remembered. JetStream does not give one out twice; remembering them saves the
/// question.
const REPLACED: usize = 32;

/// Whether a token is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    /// Another worker owns the lane, or nobody.
    Fenced,
    /// JetStream gives no answer.
    Unknown(String),
}

/// The accepted tokens of all lanes.
#[derive(Debug, Default)]
pub(super) struct Fences(Mutex<HashMap<Lane, Fence>>);

#[derive(Debug, Default)]
struct Fence {
    current: Option<String>,
    replaced: VecDeque<String>,
}

impl Fences {
    /// Whether a token is that of the lane's pin. Asks JetStream for a token that it has not seen.
    pub(super) async fn check(
        &self,
        jetstream: &jetstream::Context,
        subjects: &Subjects,
        lane: &Lane,
        token: &str,
    ) -> Verdict {
        if token.is_empty() {
            return Verdict::Fenced;
        }
        if let Some(verdict) = self.known(lane, token) {
            return verdict;
        }
        match pin(jetstream, subjects, lane).await {
            Ok(pin) => self.pinned(lane, token, pin.as_deref()),
            Err(reason) => Verdict::Unknown(reason),
        }
    }

    fn known(&self, lane: &Lane, token: &str) -> Option<Verdict> {
        let fences = lock(&self.0);
        let fence = fences.get(lane)?;
        if fence.current.as_deref() == Some(token) {
            return Some(Verdict::Accepted);
        }
        fence.replaced.iter().any(|replaced| replaced == token).then_some(Verdict::Fenced)
    }

    /// Judges a token by the pin that JetStream names.
    fn pinned(&self, lane: &Lane, token: &str, pin: Option<&str>) -> Verdict {
        if pin != Some(token) {
            return Verdict::Fenced;
        }
        let mut fences = lock(&self.0);
        let fence = fences.entry(lane.clone()).or_default();
        if fence.replaced.iter().any(|replaced| replaced == token) {
            return Verdict::Fenced;
        }
        if let Some(replaced) = fence.current.replace(token.to_owned()).filter(|replaced| replaced != token) {
            tracing::info!(%lane, "another worker owns the lane");
            fence.replaced.push_back(replaced);
            if fence.replaced.len() > REPLACED {
                fence.replaced.pop_front();
            }
        }
        Verdict::Accepted
    }
}

/// The id of a lane's pin.
async fn pin(jetstream: &jetstream::Context, subjects: &Subjects, lane: &Lane) -> Result<Option<String>, String> {
    let subject = format!("CONSUMER.INFO.{}.{}", subjects.stream(), lane.consumer());
    match jetstream.request(subject, &serde_json::json!({})).await {
        Ok(Response::Ok::<Info>(info)) => Ok(info.priority_groups.into_iter().find_map(|group| group.pinned_client_id)),
        Ok(Response::Err { error }) if error.code() == 404 => Ok(None),
        Ok(Response::Err { error }) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane() -> Lane {
        Lane { app: "a".to_owned(), number: 0 }
    }

    #[test]
    fn replaced_tokens_are_refused_for_good() {
        let fences = Fences::default();
        assert_eq!(fences.known(&lane(), "one"), None);
        assert_eq!(fences.pinned(&lane(), "one", Some("one")), Verdict::Accepted);
        assert_eq!(fences.known(&lane(), "one"), Some(Verdict::Accepted));
        assert_eq!(fences.pinned(&lane(), "two", Some("two")), Verdict::Accepted);
        assert_eq!(fences.known(&lane(), "one"), Some(Verdict::Fenced));
        assert_eq!(fences.known(&lane(), "two"), Some(Verdict::Accepted));
        // The answer to an earlier question comes late.
        assert_eq!(fences.pinned(&lane(), "one", Some("one")), Verdict::Fenced);
        assert_eq!(fences.known(&lane(), "two"), Some(Verdict::Accepted));
    }

    #[test]
    fn token_of_nobody_is_refused() {
        let fences = Fences::default();
        assert_eq!(fences.pinned(&lane(), "one", None), Verdict::Fenced);
        assert_eq!(fences.pinned(&lane(), "one", Some("two")), Verdict::Fenced);
        assert_eq!(fences.known(&lane(), "one"), None, "it may be pinned later");
    }
}
