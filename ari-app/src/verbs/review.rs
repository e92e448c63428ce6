use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use ari_bindings::IntoList;
use serde::Serialize;

use super::menu::Menu;
use super::record::{Record, Recorded, Stopped};
use crate::Call;
use crate::error::CallError;
use crate::telemetry::verb;

/// How a caller decides what becomes of a message; see [`Record::review`].
///
/// The caller hears the message and then the prompt; a key interrupts either. By default `1` accepts the message, `2`
/// plays it again, `3` records another in its place and `*` discards it.
#[derive(Debug, Clone)]
#[must_use = "nothing is reviewed until it is passed to `Record::review`"]
pub struct Review {
    prompt: Vec<String>,
    invalid: Vec<String>,
    keys: [(Option<char>, Decision); 4],
    timeout: Duration,
    tries: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Accept,
    Listen,
    Again,
    Discard,
}

/// What has become of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reviewed {
    /// The caller has accepted it.
    Accepted(Recorded),
    /// The caller has discarded it; its file is deleted.
    Discarded,
    /// The caller has not decided after the last try. It is kept.
    Unanswered(Recorded),
    /// The caller has hung up while recording or deciding. It is kept.
    HungUp(Recorded),
}

impl Review {
    /// A review with this prompt, which names the keys, such as `sound:vm-review`.
    pub fn new(prompt: impl IntoList<String>) -> Self {
        Self {
            prompt: prompt.into_list(),
            invalid: Vec::new(),
            keys: [
                (Some('1'), Decision::Accept),
                (Some('2'), Decision::Listen),
                (Some('3'), Decision::Again),
                (Some('*'), Decision::Discard),
            ],
            timeout: Duration::from_secs(5),
            tries: 3,
        }
    }

    /// The key that accepts the message; `1` by default.
    pub fn accept(self, key: char) -> Self {
        self.key(Decision::Accept, Some(key))
    }

    /// The key that plays the message again, if any; `2` by default.
    pub fn listen(self, key: impl Into<Option<char>>) -> Self {
        self.key(Decision::Listen, key.into())
    }

    /// The key that records another message in the place of this one, if any; `3` by default.
    pub fn again(self, key: impl Into<Option<char>>) -> Self {
        self.key(Decision::Again, key.into())
    }

    /// The key that discards the message, if any; `*` by default.
    pub fn discard(self, key: impl Into<Option<char>>) -> Self {
        self.key(Decision::Discard, key.into())
    }

    /// What is played when the caller presses another key.
    pub fn invalid(mut self, media: impl IntoList<String>) -> Self {
        self.invalid = media.into_list();
        self
    }

    /// How long the caller has for a key after the prompt; 5 s by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often message and prompt are played before the outcome is [`Reviewed::Unanswered`]; 3 by default.
    pub fn tries(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    fn key(mut self, decision: Decision, key: Option<char>) -> Self {
        self.keys.iter_mut().filter(|(_, known)| *known == decision).for_each(|(known, _)| *known = key);
        self
    }

    fn menu<'call>(&self, call: &'call Call, message: &str) -> Menu<'call, Decision> {
        let mut media = vec![format!("recording:{message}")];
        media.extend(self.prompt.iter().cloned());
        let menu = call.menu(media).timeout(self.timeout).tries(self.tries).invalid(self.invalid.clone());
        let keys = self.keys.iter().filter_map(|(key, decision)| Some(((*key)?, *decision)));
        keys.fold(menu, |menu, (key, decision)| menu.choice(key, decision))
    }

    async fn decide(&self, call: &Call, message: &str) -> Result<Option<Decision>, CallError> {
        loop {
            match self.menu(call, message).run().await? {
                Some(Decision::Listen) => {}
                decision => return Ok(decision),
            }
        }
    }
}

/// Records a message until the caller accepts or discards it; see [`Record::review`].
#[must_use = "nothing is recorded until it is awaited"]
pub struct Reviewing<'call> {
    record: Record<'call>,
    review: Review,
}

impl<'call> Reviewing<'call> {
    pub(super) fn new(record: Record<'call>, review: Review) -> Self {
        Self { record, review }
    }

    async fn run(mut self) -> Result<Reviewed, CallError> {
        let call = self.record.call;
        self.review.menu(call, &self.record.name).check()?;
        loop {
            let recorded = self.record.run().await?;
            if recorded.stopped == Stopped::HungUp {
                return Ok(Reviewed::HungUp(recorded));
            }
            match self.review.decide(call, &recorded.name).await {
                Ok(Some(Decision::Again)) => self.record.overwrite = true,
                Ok(Some(Decision::Discard)) => return self.discard(&recorded.name).await,
                Ok(Some(_)) => return Ok(Reviewed::Accepted(recorded)),
                Ok(None) => return Ok(Reviewed::Unanswered(recorded)),
                Err(CallError::Ended(_)) => return Ok(Reviewed::HungUp(recorded)),
                Err(error) => return Err(error),
            }
        }
    }

    async fn discard(&self, message: &str) -> Result<Reviewed, CallError> {
        match self.record.call.client().stored_recording(message).delete_stored().await {
            Err(error) if !error.is_not_found() => Err(CallError::Ari(error)),
            _ => Ok(Reviewed::Discarded),
        }
    }
}

impl<'call> IntoFuture for Reviewing<'call> {
    type Output = Result<Reviewed, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        verb("call.review", self.run())
    }
}
