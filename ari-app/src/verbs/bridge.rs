use std::time::Duration;

use super::connected::{Connected, Outcome};
use super::phone_transfer::{Expecting, PhoneTransfer};
use super::say::check_keys;
use crate::error::{CallError, End};
use crate::telemetry::verb;
use crate::{Call, Leg};

/// How long the leg may take to end after the request.
const HANGUP: Duration = Duration::from_secs(2);

/// The caller and a leg in a bridge; see [`Call::bridge`].
#[must_use = "the two are not connected until `until_hangup`, `until_key` or `until_transfer` is awaited"]
pub struct Bridge<'call> {
    call: &'call Call,
    leg: Leg,
    recording: Option<String>,
}

/// How a conversation of [`Bridge::until_key`] ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Talked {
    /// The leg pressed this key. It is up, in no bridge.
    Key(char, Leg),
    /// The phone of either party asks for a transfer. Both are up, in no bridge.
    Transfer(PhoneTransfer),
    /// The leg hung up.
    Ended(End),
}

impl<'call> Bridge<'call> {
    pub(crate) fn new(call: &'call Call, leg: Leg) -> Self {
        Self { call, leg, recording: None }
    }

    /// Records both parties into one file of this name, in the format `wav`.
    pub fn record(mut self, name: impl Into<String>) -> Self {
        self.recording = Some(name.into());
        self
    }

    /// Connects the two until the leg hangs up; returns how it ended.
    ///
    /// Fails with [`CallError::Ended`] when the caller hangs up first. Either way, and if it is dropped, the bridge is
    /// destroyed and the leg hung up; the caller stays with the handler. A bridge that something else destroys ends it,
    /// too. A phone that transfers itself is replaced by the channel that Asterisk puts in its place, and the conversation
    /// goes on.
    pub async fn until_hangup(self) -> Result<End, CallError> {
        let work = async {
            match self.connect("").await? {
                Talked::Ended(end) => Ok(end),
                // There are no keys, and no transfers.
                Talked::Key(_, leg) => leg.hang_up_and_wait(HANGUP).await,
                Talked::Transfer(transfer) => transfer.refuse().await?.hang_up_and_wait(HANGUP).await,
            }
        };
        verb("call.bridge", work).await
    }

    /// As [`Bridge::until_hangup`], or until the phone of either party asks for a transfer (in SIP, by `REFER`), which
    /// Asterisk performs otherwise. What is played to one of them ends first.
    ///
    /// ```no_run
    /// # async fn example(call: ari_app::Call, mut leg: ari_app::Leg) -> Result<(), ari_app::CallError> {
    /// use ari_app::{Dialed, Talked};
    ///
    /// while let Talked::Transfer(transfer) = call.bridge(leg).until_transfer().await? {
    ///     let target = if transfer.is_attended() {
    ///         transfer.consulted().await?
    ///     } else {
    ///         match call.dial(format!("PJSIP/{}", transfer.destination())).await? {
    ///             Dialed::Answered(target) => Some(target),
    ///             _ => None,
    ///         }
    ///     };
    ///     leg = match target {
    ///         Some(target) => transfer.complete(target).await?,
    ///         None => transfer.refuse().await?,
    ///     };
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Fails with [`CallError::Unsupported`] before Asterisk 20.13, 21.8 and 22.3. Phones that are not SIP phones of
    /// `chan_pjsip` never ask.
    pub async fn until_transfer(self) -> Result<Talked, CallError> {
        let work = async {
            self.leg.check(&self.call.session, "leg")?;
            let expecting = Expecting::begin(self.call, &self.leg).await?;
            let talked = self.connect("").await;
            expecting.end().await;
            talked
        };
        verb("call.bridge", work).await
    }

    /// As [`Bridge::until_hangup`], or until the leg presses one of these keys, such as `"*"` before a
    /// [`Call::transfer`]. The other party hears the keys of the leg.
    pub async fn until_key(self, keys: impl AsRef<str>) -> Result<Talked, CallError> {
        let keys = keys.as_ref().to_owned();
        let work = async {
            check_keys("keys", &keys)?;
            self.connect(&keys).await
        };
        verb("call.bridge", work).await
    }

    async fn connect(self, keys: &str) -> Result<Talked, CallError> {
        let session = &self.call.session;
        self.leg.check(session, "leg")?;
        self.leg.forget_keys();
        let (legs, recording) = (vec![self.leg.clone()], self.recording.as_deref());
        let connected = Connected::create(session, true, legs, recording, !keys.is_empty()).await?;
        let outcome = connected.until_end(keys).await;
        match outcome {
            Ok(Outcome::Key(key)) => {
                connected.separate().await;
                Ok(Talked::Key(key, self.leg))
            }
            Ok(Outcome::Transfer(request)) => {
                // First, so that it is refused if this is dropped.
                let transfer = PhoneTransfer::new(self.call.clone(), self.leg, *request);
                connected.separate().await;
                Ok(Talked::Transfer(transfer))
            }
            outcome => {
                connected.end().await;
                match outcome? {
                    Outcome::Ended(_, end) => Ok(Talked::Ended(end)),
                    _ => self.leg.hang_up_and_wait(HANGUP).await.map(Talked::Ended),
                }
            }
        }
    }
}
