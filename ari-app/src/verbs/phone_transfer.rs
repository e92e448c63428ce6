//! Transfers that the phone of a party asks for, performed by the program.

use std::future::IntoFuture as _;
use std::sync::Arc;

use ari_bindings::Error;
use ari_bindings::events::ChannelTransfer;
use ari_bindings::handles::ChannelHandle;
use ari_bindings::ids::ChannelId;
use ari_bindings::models::ReferTo;
use ari_bindings::operations::channels::TransferProgress;
use futures_util::future::join_all;
use tokio::task::JoinHandle;

use super::leg::Leg;
use crate::Call;
use crate::error::CallError;
use crate::state::Transfers;

/// The function of the dialplan that decides who performs the transfers of a channel.
const HANDLING: &str = "PJSIP_TRANSFER_HANDLING()";

/// The report that a transfer is refused.
pub(crate) const REFUSED: &str = "channel_declined";

/// A transfer that a phone asks for; see [`Bridge::until_transfer`](crate::Bridge::until_transfer).
///
/// The phone waits for [`PhoneTransfer::complete`] or [`PhoneTransfer::refuse`]. Dropping it refuses the transfer.
#[must_use = "the phone waits until the transfer is completed or refused"]
pub struct PhoneTransfer {
    call: Call,
    leg: Leg,
    phone: ChannelHandle,
    refer_to: Box<ReferTo>,
    is_by_caller: bool,
    is_answered: bool,
}

impl PhoneTransfer {
    /// Takes the request that the call has: nothing but this answers it then.
    pub(super) fn new(call: Call, leg: Leg, request: ChannelTransfer) -> Self {
        call.session.change(|state| state.transfers = Transfers::Refused);
        let phone = call.client().channel(&request.referred_by.source_channel);
        let is_by_caller = call.channel().channel_id() == phone.channel_id();
        Self { call, leg, phone, refer_to: Box::new(request.refer_to), is_by_caller, is_answered: false }
    }

    /// Whether the caller's phone has asked; else it is that of the leg.
    #[must_use]
    pub fn is_by_caller(&self) -> bool {
        self.is_by_caller
    }

    /// Whether the phone has called somebody else already, to whom it hands its party over.
    #[must_use]
    pub fn is_attended(&self) -> bool {
        self.refer_to.requested_destination.protocol_id.is_some()
    }

    /// The number to which the phone hands its party over: dial it, unless the transfer is attended.
    #[must_use]
    pub fn destination(&self) -> &str {
        self.refer_to.requested_destination.destination.as_deref().unwrap_or_default()
    }

    /// In an attended transfer, the party whom the phone talks to in its other call. That becomes a leg of this call, and
    /// the other call goes on without it.
    ///
    /// Returns `None` if there is no such party in this application, or more than one.
    pub async fn consulted(&self) -> Result<Option<Leg>, CallError> {
        let session = &self.call.session;
        let Some(party) = self.party().await? else { return Ok(None) };
        let owner = session.context.find(party.as_str());
        let is_given = owner.is_some_and(|owner| owner.give(party.as_str()));
        Ok(is_given.then(|| Leg::adopt(session, party.as_str())))
    }

    /// The channel in the bridge with that of the phone's other call.
    async fn party(&self) -> Result<Option<ChannelId>, CallError> {
        if let Some(party) = &self.refer_to.connected_channel {
            return Ok(Some(party.id.clone()));
        }
        let Some(other_call) = self.refer_to.destination_channel.as_ref().map(|channel| &channel.id) else {
            return Ok(None);
        };
        // Some releases do not report it for bridges of applications.
        let bridges = match self.call.client().bridges().list().await {
            Ok(bridges) => bridges,
            Err(error) => return Err(self.call.session.explain(error).await),
        };
        let channels = bridges.into_iter().map(|bridge| bridge.channels).find(|channels| channels.contains(other_call));
        let mut parties = channels.unwrap_or_default().into_iter().filter(|channel| channel != other_call);
        Ok(parties.next().filter(|_| parties.next().is_none()))
    }

    /// Reports to the phone that the transfer is under way.
    pub async fn progress(&self) -> Result<(), CallError> {
        self.report("channel_progress").await
    }

    /// Completes the transfer: this leg takes the place of the phone, which gets a report and is hung up. Returns the leg
    /// to connect the call with by [`Call::bridge`].
    ///
    /// If the caller's phone has asked, the verbs go on with the channel of the target as the caller.
    pub async fn complete(mut self, target: Leg) -> Result<Leg, CallError> {
        let session = &self.call.session;
        target.check(session, "target")?;
        session.check()?;
        let next = if self.is_by_caller {
            if !session.change(|state| state.promote(&target.held.token)) {
                return Err(CallError::invalid("target", "it has hung up"));
            }
            self.leg.clone()
        } else {
            target
        };
        self.is_answered = true;
        let reported = self.report("channel_answered").await;
        drop(session.context.hang_up(self.phone.channel_id().as_str()));
        reported.map(|()| next)
    }

    /// Refuses the transfer. Returns the leg to connect the caller with again.
    pub async fn refuse(mut self) -> Result<Leg, CallError> {
        self.is_answered = true;
        self.report(REFUSED).await?;
        Ok(self.leg.clone())
    }

    /// A phone that has hung up meanwhile is no error.
    async fn report(&self, state: &str) -> Result<(), CallError> {
        match self.phone.transfer_progress(state).await {
            Err(error) if !error.is_gone() && error.status() != Some(409) => {
                Err(self.call.session.explain(error).await)
            }
            _ => self.call.session.check(),
        }
    }
}

impl Drop for PhoneTransfer {
    fn drop(&mut self) {
        let session = &self.call.session;
        if !self.is_answered && !session.is_detached() {
            session.refuse_transfer(self.phone.channel_id());
        }
    }
}

impl std::fmt::Debug for PhoneTransfer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("PhoneTransfer");
        debug.field("phone", self.phone.channel_id()).field("destination", &self.destination());
        debug.field("is_attended", &self.is_attended()).finish_non_exhaustive()
    }
}

/// Has the transfers of two phones reported to the call instead of being performed, until it is dropped.
pub(super) struct Expecting {
    call: Call,
    leg: Leg,
    is_over: bool,
}

impl Expecting {
    pub(super) async fn begin(call: &Call, leg: &Leg) -> Result<Self, CallError> {
        let session = &call.session;
        session.check()?;
        check_release(call).await?;
        session.change(|state| state.transfers = Transfers::Awaited);
        let expecting = Self { call: call.clone(), leg: leg.clone(), is_over: false };
        let request = set_handling(call.clone(), leg.clone());
        for set in session.context.send(&session.handling, async { Ok(request.await) }).await.unwrap_or_default() {
            match set {
                // One that has just hung up is noticed by what follows.
                Err(error) if !error.is_gone() => return Err(session.explain(error).await),
                _ => {}
            }
        }
        Ok(expecting)
    }

    /// Has Asterisk perform the transfers again, and waits for that.
    pub(super) async fn end(mut self) {
        // In a task, so that it goes on when the handler is dropped meanwhile.
        if let Some(ending) = self.begin_to_end() {
            let _ = ending.await;
        }
    }

    fn begin_to_end(&mut self) -> Option<JoinHandle<()>> {
        let session = &self.call.session;
        if std::mem::replace(&mut self.is_over, true) || session.is_detached() {
            return None;
        }
        let transfers = session.change(|state| std::mem::replace(&mut state.transfers, Transfers::Refused));
        if let Transfers::Requested(lost) = transfers {
            // Something else has ended the conversation at the same moment.
            session.refuse_transfer(&lost.referred_by.source_channel.id);
        }
        let (context, handling) = (Arc::clone(&session.context), session.handling.clone());
        let request = set_handling(self.call.clone(), self.leg.clone());
        Some(session.context.spawn(async move {
            // Fails for those that have just hung up.
            drop(context.send(&handling, async { Ok(request.await) }).await);
        }))
    }
}

impl Drop for Expecting {
    fn drop(&mut self) {
        drop(self.begin_to_end());
    }
}

/// Fails if the server performs transfers in any case.
async fn check_release(call: &Call) -> Result<(), CallError> {
    let version = match call.client().server_version().await {
        Ok(version) => version,
        Err(error) => return Err(call.session.explain(error).await),
    };
    let needed = TransferProgress::OPERATION.availability();
    let lacks = version.release().zip(needed).filter(|(release, item)| item.is_in(*release) == Some(false));
    let Some((_, needed)) = lacks else { return Ok(()) };
    let since: Vec<_> = needed.since().iter().map(ToString::to_string).collect();
    let releases = format!("it is {version}; that came with {}", since.join(", ")).into();
    Err(CallError::Unsupported { what: "leave transfers to the program", releases })
}

/// Sets who performs the transfers of these phones. What the call wants is looked up when its turn has come, so that the
/// last of several such requests has the last word.
async fn set_handling(call: Call, leg: Leg) -> Vec<Result<(), Error>> {
    let (value, is_up) = call.session.read(|state| {
        let is_expected = matches!(state.transfers, Transfers::Awaited | Transfers::Requested(_));
        (if is_expected { "ari-only" } else { "core" }, [state.end.is_none(), leg.end(state).is_none()])
    });
    let phones = [call.channel(), leg.channel()].into_iter().zip(is_up).filter(|(_, is_up)| *is_up);
    join_all(phones.map(|(phone, _)| phone.set_channel_var(HANDLING).value(value).into_future())).await
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    use super::*;
    use crate::arrival::Arrival;
    use crate::context::tests::context_of;
    use crate::session::Session;

    #[tokio::test]
    async fn dropped_expectation_resets_the_phones_and_refuses_a_request_that_came_too_late() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let session = Session::new(context_of(server.local_addr().unwrap()), "caller", true);
        let leg = Leg::new(&session);
        let call = Call { session, arrival: Arc::new(Arrival::default()) };
        let mut request = ChannelTransfer::default();
        request.referred_by.source_channel.id = "caller".into();
        call.session.change(|state| state.transfers = Transfers::Requested(Box::new(request)));
        drop(Expecting { call: call.clone(), leg: leg.clone(), is_over: false });
        assert!(call.session.read(|state| matches!(state.transfers, Transfers::Refused)));
        let mut requests = Vec::new();
        for _ in 0..3 {
            let mut stream = server.accept().await.unwrap().0;
            let mut bytes = vec![0; 256];
            let count = stream.read(&mut bytes).await.unwrap();
            requests.push(String::from_utf8_lossy(&bytes[..count]).split('?').next().unwrap().to_owned());
        }
        requests.sort();
        let of_leg = format!("POST /ari/channels/{}/variable", leg.held.token);
        let of_caller = ["transfer_progress", "variable"].map(|path| format!("POST /ari/channels/caller/{path}"));
        let mut expected = [&of_caller[..], &[of_leg]].concat();
        expected.sort();
        assert_eq!(requests, expected);
    }

    #[tokio::test]
    async fn detached_call_keeps_the_handling_of_its_phones() {
        let session = Session::new(crate::context::tests::context(), "caller", true);
        let leg = Leg::new(&session);
        let call = Call { session, arrival: Arc::new(Arrival::default()) };
        call.session.change(|state| state.transfers = Transfers::Awaited);
        call.detach();
        drop(Expecting { call: call.clone(), leg, is_over: false });
        assert!(call.session.read(|state| matches!(state.transfers, Transfers::Awaited)));
    }
}
