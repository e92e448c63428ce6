//! `ari-app` of this workspace.

use std::sync::Arc;
use std::time::Duration;

use ari_app::{App, Call, CallError, Overload};
use ari_bindings::{Client, Transport};

use super::Target;
use crate::Failure;
use crate::incoming::Tally;

/// How long the application looks for calls of an earlier run at its start.
const START: Duration = Duration::from_millis(500);

pub(super) async fn answer(target: Target, transport: Transport, tally: Arc<Tally>) -> Result<Client, Failure> {
    let ari = Client::builder(target.url()).credentials(&target.user, &target.password).transport(transport).build()?;
    let events = ari.events(["x"]).await?;
    let app = App::new(ari.clone(), "x").max_calls(100_000, Overload::Congestion).on_summary(move |_| tally.ended());
    tokio::spawn(async move {
        if let Err(error) = app.serve_events(events, handle).await {
            eprintln!("{error}");
        }
    });
    tokio::time::sleep(START).await;
    Ok(ari)
}

async fn handle(call: Call) -> Result<(), CallError> {
    call.answer().await?;
    call.say("sound:hello-world").await?;
    Ok(())
}
