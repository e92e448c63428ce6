use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use ari_bindings::IntoList;
use tokio::time::timeout;

use super::playback::{Played, Target, play};
use super::say::check_keys;
use crate::Call;
use crate::error::CallError;
use crate::media;
use crate::state::State;
use crate::telemetry::verb;

/// Plays a prompt and collects digits; see [`Call::ask`].
///
/// The first key interrupts the prompt. Awaiting it returns the digits, without the terminator, or `None` when the caller
/// has entered nothing valid after the last try.
#[must_use = "nothing is asked until it is awaited"]
pub struct Ask<'call> {
    call: &'call Call,
    prompt: Vec<String>,
    invalid: Vec<String>,
    least: usize,
    most: usize,
    terminator: Option<char>,
    first: Duration,
    between: Duration,
    tries: u32,
    flush: bool,
    accept: Option<Box<Accept>>,
    /// Whether an input is over before it has all its digits.
    is_over: Option<Box<Accept>>,
}

type Accept = dyn Fn(&str) -> bool + Send + Sync;

impl<'call> Ask<'call> {
    pub(crate) fn new(call: &'call Call, prompt: Vec<String>) -> Self {
        Self {
            call,
            prompt,
            invalid: Vec::new(),
            least: 1,
            most: 1,
            terminator: Some('#'),
            first: Duration::from_secs(5),
            between: Duration::from_secs(3),
            tries: 1,
            flush: false,
            accept: None,
            is_over: None,
        }
    }

    /// Exactly so many digits; 1 by default.
    pub fn digits(self, count: usize) -> Self {
        self.between_digits(count, count)
    }

    /// From `least` to `most` digits: the caller ends with the terminator or a pause.
    pub fn between_digits(mut self, least: usize, most: usize) -> Self {
        (self.least, self.most) = (least, most);
        self
    }

    /// The key that ends the input, `#` by default. Before the first digit it is ignored.
    pub fn terminator(mut self, key: char) -> Self {
        self.terminator = Some(key);
        self
    }

    /// How long the caller has for the first key after the prompt; 5 s by default.
    pub fn timeout(mut self, first: Duration) -> Self {
        self.first = first;
        self
    }

    /// How long the caller has from one key to the next; 3 s by default.
    pub fn between(mut self, between: Duration) -> Self {
        self.between = between;
        self
    }

    /// How often the prompt is played before the answer is `None`; once by default.
    pub fn tries(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    /// Discards keys that the caller has pressed before. They are part of the input by default, so that callers who know
    /// the menu need not wait for it.
    pub fn flush(mut self) -> Self {
        self.flush = true;
        self
    }

    /// What is played after an input that is not valid.
    pub fn invalid(mut self, media: impl IntoList<String>) -> Self {
        self.invalid = media.into_list();
        self
    }

    /// Which inputs are valid: those for which this returns `true`.
    pub fn accept(mut self, accept: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.accept = Some(Box::new(accept));
        self
    }

    /// Collects one of these inputs, or none. Each ends as early as it can.
    pub(crate) async fn one_of(mut self, inputs: Vec<String>) -> Result<Option<String>, CallError> {
        self.least = 1;
        self.most = inputs.iter().map(String::len).max().unwrap_or(1);
        self.terminator = self.terminator.filter(|key| !inputs.iter().any(|input| input.contains(*key)));
        let all = inputs.clone();
        let goes_on = move |input: &String, entered: &str| input.len() > entered.len() && input.starts_with(entered);
        self.is_over = Some(Box::new(move |entered| !all.iter().any(|input| goes_on(input, entered))));
        self.accept(move |entered| inputs.iter().any(|input| input == entered)).run().await
    }

    pub(super) fn check(&self) -> Result<(), CallError> {
        media::check(&self.prompt, false)?;
        if !self.invalid.is_empty() {
            media::check(&self.invalid, false)?;
        }
        if self.least == 0 || self.most < self.least {
            let reason = format!("from {} to {}; ask for at least one digit", self.least, self.most);
            return Err(CallError::invalid("digits", reason));
        }
        if self.tries == 0 {
            return Err(CallError::invalid("tries", "0; ask at least once"));
        }
        match self.terminator {
            Some(key) => check_keys("terminator", key.encode_utf8(&mut [0; 4])),
            None => Ok(()),
        }
    }

    async fn run(self) -> Result<Option<String>, CallError> {
        self.check()?;
        let session = &self.call.session;
        if self.flush {
            session.change(|state| state.digits.clear());
        }
        for _ in 0..self.tries {
            for part in media::in_stoppable_parts(&self.prompt) {
                let is_digit = |key: &char| Some(*key) != self.terminator;
                let pressed = |state: &State| state.digits.iter().any(is_digit).then_some(());
                if let Played::Stopped(()) = play(session, Target::Caller, &part, pressed).await? {
                    break;
                }
            }
            let entered = self.collect().await?;
            let is_valid = entered.len() >= self.least && self.accept.as_ref().is_none_or(|accept| accept(&entered));
            if is_valid {
                return Ok(Some(entered));
            }
            session.change(|state| state.digits.clear());
            if !entered.is_empty() && !self.invalid.is_empty() {
                play(session, Target::Caller, &self.invalid, |_| None::<()>).await?;
            }
        }
        Ok(None)
    }

    /// Takes digits until there are enough, the terminator, or a pause.
    async fn collect(&self) -> Result<String, CallError> {
        let session = &self.call.session;
        let mut entered = String::new();
        let mut limit = self.first;
        while entered.len() < self.most {
            let next = session.wait(|state| state.digits.front().copied());
            let Ok(digit) = timeout(limit, next).await else { break };
            let digit = digit?;
            session.change(|state| state.digits.pop_front());
            if Some(digit) == self.terminator {
                if entered.is_empty() {
                    // Left over from the input before, most likely.
                    continue;
                }
                break;
            }
            entered.push(digit);
            if self.is_over.as_ref().is_some_and(|is_over| is_over(&entered)) {
                break;
            }
            limit = self.between;
        }
        Ok(entered)
    }
}

impl<'call> IntoFuture for Ask<'call> {
    type Output = Result<Option<String>, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        verb("call.ask", self.run())
    }
}
