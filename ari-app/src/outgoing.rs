//! Calls that the program starts.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ari_bindings::IntoList;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;

use crate::Call;
use crate::context::Context;
use crate::error::{CallError, End, EndReason};
use crate::session::Session;
use crate::state::LegStatus;
use crate::verbs::place::Place;

/// Starts calls; see [`App::outgoing`](crate::App::outgoing). Clones are of the same application.
#[derive(Clone)]
pub struct Outgoing(watch::Receiver<Link>);

/// Whether an application serves calls.
pub(crate) enum Link {
    NotYet,
    Open(Arc<Context>),
    Closed,
}

impl Outgoing {
    pub(crate) fn new(link: watch::Receiver<Link>) -> Self {
        Self(link)
    }

    /// Dials endpoints such as `"PJSIP/alice"`; the first that answers becomes a call of the application, and the others
    /// are cancelled.
    ///
    /// All are cancelled when the future is dropped before that.
    pub fn dial(&self, endpoints: impl IntoList<String>) -> Place<'_> {
        Place::new(self, endpoints.into_list())
    }

    /// The application, once it serves calls.
    pub(crate) async fn context(&self, limit: Duration) -> Result<Arc<Context>, CallError> {
        let mut link = self.0.clone();
        let started = timeout(limit, link.wait_for(|link| !matches!(link, Link::NotYet))).await;
        match started
            .map(|link| link.map(|link| if let Link::Open(context) = &*link { Some(context.clone()) } else { None }))
        {
            Ok(Ok(Some(context))) => Ok(context),
            _ => Err(CallError::NotServing),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(*self.0.borrow(), Link::Open(_))
    }
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing").field("is_serving", &self.is_open()).finish_non_exhaustive()
    }
}

/// Lets calls be started until it is dropped, which cancels those that still ring.
pub(crate) struct Gate {
    link: watch::Sender<Link>,
    context: Arc<Context>,
}

impl Gate {
    pub(crate) fn open(link: &watch::Sender<Link>, context: &Arc<Context>) -> Self {
        link.send_replace(Link::Open(Arc::clone(context)));
        Self { link: link.clone(), context: Arc::clone(context) }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.link.send_replace(Link::Closed);
        let sessions = self.context.sessions();
        for session in sessions.iter().filter(|session| session.placing.is_some()) {
            session.end(End::new(EndReason::Disconnected, None));
        }
    }
}

/// What a [`Session`] without a caller is for: an outgoing call, until one of its legs becomes the call.
pub(crate) struct Placing {
    args: Vec<String>,
    /// The endpoints of the legs, by their tokens.
    endpoints: Mutex<Vec<(Box<str>, Box<str>)>>,
    /// That the call counts among those at once; passes on to the call.
    permit: Mutex<Option<OwnedSemaphorePermit>>,
    call: OnceLock<Call>,
}

impl Placing {
    pub(crate) fn new(args: Vec<String>, permit: OwnedSemaphorePermit) -> Self {
        Self { args, endpoints: Mutex::default(), permit: Mutex::new(Some(permit)), call: OnceLock::new() }
    }

    /// The arguments of the application for a leg that is about to be dialled.
    pub(crate) fn arguments(&self, token: &str, endpoint: &str) -> String {
        let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        endpoints.push((token.into(), endpoint.into()));
        let arguments = self.args.iter().map(String::as_str);
        std::iter::once(token).chain(arguments).collect::<Vec<_>>().join(",")
    }

    pub(crate) fn endpoint(&self, token: &str) -> Option<String> {
        let endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        endpoints.iter().find(|(known, _)| **known == *token).map(|(_, endpoint)| endpoint.to_string())
    }

    /// `None` if a leg has become the call already.
    pub(crate) fn take_permit(&self) -> Option<OwnedSemaphorePermit> {
        self.permit.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn call(&self) -> Option<&Call> {
        self.call.get()
    }
}

/// Makes a leg of an outgoing call the call. Returns whether it was still wanted.
pub(crate) fn hand_over(session: &Session, token: &str, call: &Call) -> bool {
    let Some(placing) = &session.placing else { return false };
    session.change(|state| {
        let leg = state.leg_by_token(token).filter(|leg| !leg.is_over());
        let Some(leg) = leg.filter(|_| placing.call.set(call.clone()).is_ok()) else { return false };
        leg.status = LegStatus::Given;
        true
    })
}
