//! Dialling with early media.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::time::Duration;

use ari_bindings::Error;
use tokio::time::Instant;

use super::connected::Connected;
use super::dial::{Fate, Plan, send_off};
use super::leg::{Leg, Legs, Unclaimed};
use crate::error::CallError;
use crate::session::Session;
use crate::state::{self, Early, State};

/// How long a channel that was created may take to come into the application.
const ENTRY: Duration = Duration::from_secs(2);

impl Plan {
    /// Dials an endpoint in a bridge with the caller, which ends with the outcome: the leg, or why there is none.
    pub(super) async fn with_early_media(
        &self,
        session: &Arc<Session>,
        endpoint: &str,
    ) -> Result<Result<Leg, Vec<Fate>>, CallError> {
        let mut legs = Legs::new(session, 1);
        let token = legs.token(0);
        session.change(|state| {
            state.dialled += 1;
            if let Some(leg) = state.leg_by_token(&token) {
                leg.early = Some(Early::default());
            }
        });
        let bridge = Connected::create(session, true, Vec::new(), None, false).await?;
        legs.hang_up_after(bridge.pending());
        self.create(session, endpoint, &token);
        let started = match self.dial_in(session, &bridge, &token).await {
            Ok(started) => started,
            // The endpoint has made it fail.
            Err(_) if session.read(|state| state.leg(&token).is_none_or(state::Leg::is_over)) => Instant::now(),
            Err(error) => return Err(session.explain(error).await),
        };
        let outcome = self.outcome(session, &mut legs, started).await?.map(Unclaimed::new);
        bridge.end().await;
        match outcome.map(Unclaimed::claim) {
            Ok(Some(leg)) => Ok(Ok(leg)),
            Ok(None) => Ok(Err(Vec::new())),
            Err(fates) => Ok(Err(fates)),
        }
    }

    /// Creates the channel of a leg, without calling anybody.
    fn create(&self, session: &Arc<Session>, endpoint: &str, token: &str) {
        let context = &session.context;
        let mut request = context.ari.channels().create(endpoint, &*context.app).app_args(token).channel_id(token);
        request = request.originator(session.channel().channel_id());
        if !self.variables.is_empty() {
            request = request.variables(self.variables.iter().cloned());
        }
        send_off(session, endpoint, token, request.into_future());
    }

    /// Connects the caller with a leg that is being created, and has Asterisk call it; returns when that was.
    async fn dial_in(&self, session: &Session, bridge: &Connected, token: &str) -> Result<Instant, Error> {
        let has_entered = |state: &State| {
            let leg = state.leg(token)?;
            (leg.is_over() || leg.early.is_some_and(|early| early.has_entered)).then_some(())
        };
        // Otherwise the next request fails.
        session.wait_for(ENTRY, has_entered).await;
        let (caller, leg) = (session.channel(), session.context.ari.channel(token));
        bridge.connect(vec![caller.channel_id().clone(), leg.channel_id().clone()]).await?;
        let mut dial = leg.dial().timeout(self.seconds());
        if let Some(caller_id) = &self.caller_id {
            // The bridge has made the caller's number the one that the endpoint shows.
            leg.set_channel_var("CONNECTEDLINE(all,i)").value(caller_id).await?;
        } else {
            dial = dial.caller(caller.channel_id());
        }
        let started = Instant::now();
        dial.await?;
        Ok(started)
    }
}
