use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use ari_bindings::IntoList;

use super::ask::Ask;
use super::say::check_keys;
use crate::error::CallError;
use crate::telemetry::verb;

/// Plays a prompt and lets the caller choose; see [`Call::menu`](crate::Call::menu).
///
/// Awaiting it returns the value of the choice, or `None` when the caller has chosen nothing after the last try. A choice
/// is taken with its last key, unless a longer one begins with it: then with `#`, or after the pause of
/// [`Menu::between`].
#[must_use = "nothing is asked until it is awaited"]
pub struct Menu<'call, T> {
    ask: Ask<'call>,
    choices: Vec<(String, T)>,
}

impl<'call, T> Menu<'call, T> {
    pub(crate) fn new(ask: Ask<'call>) -> Self {
        Self { ask, choices: Vec::new() }
    }

    /// What the caller enters, such as `"1"` or `"*9"`, and what awaiting the menu returns then.
    pub fn choice(mut self, keys: impl Into<String>, value: T) -> Self {
        self.choices.push((keys.into(), value));
        self
    }

    /// How long the caller has for the first key after the prompt; 5 s by default.
    pub fn timeout(mut self, first: Duration) -> Self {
        self.ask = self.ask.timeout(first);
        self
    }

    /// How long the caller has from one key to the next; 3 s by default.
    pub fn between(mut self, between: Duration) -> Self {
        self.ask = self.ask.between(between);
        self
    }

    /// How often the prompt is played before the choice is `None`; once by default.
    pub fn tries(mut self, tries: u32) -> Self {
        self.ask = self.ask.tries(tries);
        self
    }

    /// What is played when the caller enters something else.
    pub fn invalid(mut self, media: impl IntoList<String>) -> Self {
        self.ask = self.ask.invalid(media);
        self
    }

    /// Discards keys that the caller has pressed before.
    pub fn flush(mut self) -> Self {
        self.ask = self.ask.flush();
        self
    }

    pub(super) fn check(&self) -> Result<(), CallError> {
        self.ask.check()?;
        if self.choices.is_empty() {
            return Err(CallError::invalid("choice", "none; add at least one"));
        }
        for (position, (keys, _)) in self.choices.iter().enumerate() {
            check_keys("choice", keys)?;
            if self.choices.iter().take(position).any(|(others, _)| others == keys) {
                return Err(CallError::invalid("choice", format!("{keys:?}: there are two of it")));
            }
        }
        Ok(())
    }

    pub(super) async fn run(mut self) -> Result<Option<T>, CallError> {
        self.check()?;
        let keys: Vec<String> = self.choices.iter().map(|(keys, _)| keys.clone()).collect();
        let Some(entered) = self.ask.one_of(keys).await? else { return Ok(None) };
        let position = self.choices.iter().position(|(keys, _)| *keys == entered);
        Ok(position.map(|position| self.choices.swap_remove(position).1))
    }
}

impl<'call, T: Send + 'call> IntoFuture for Menu<'call, T> {
    type Output = Result<Option<T>, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        verb("call.menu", self.run())
    }
}
