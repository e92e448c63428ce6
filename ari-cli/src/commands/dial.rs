//! `ari dial`: connects two telephones.

use std::time::Duration;

use ari_app::{App, Call, CallError, Dialed, Placed};

use super::call::Steps;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output::note;

/// Call one telephone, then another, and let them talk
///
/// The first hears music until the second answers. Nothing in the dialplan is needed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The telephone to call first, such as PJSIP/alice
    first: String,

    /// The telephone to call once the first has answered, such as PJSIP/bob
    second: String,

    /// How many seconds each may ring
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3600))]
    ring: u32,

    /// The caller ID that both show, such as "Reception <100>"
    #[arg(long, value_name = "ID")]
    caller_id: Option<String>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    // Each run is another application, so that several can run at the same time.
    let app = App::new(context.client().await?, format!("ari-dial-{}", std::process::id()));
    let (outgoing, shutdown) = (app.outgoing(), app.shutdown());
    let (second, caller_id) = (args.second.clone(), args.caller_id.clone());
    let ring = Duration::from_secs(args.ring.into());
    let serving = tokio::spawn(app.serve(move |call: Call| {
        let (second, caller_id) = (second.clone(), caller_id.clone());
        async move { connect(&call, &second, ring, caller_id).await }
    }));
    note!("calling {}", args.first);
    let mut first = outgoing.dial(&args.first).timeout(ring);
    if let Some(caller_id) = args.caller_id {
        first = first.caller_id(caller_id);
    }
    let outcome = match first.await? {
        Placed::Answered(call) => {
            note!("{}: {}", args.first, call.ended().await);
            Ok(())
        }
        outcome => Err(Failure::new(Kind::Asterisk, format!("{}: {}", args.first, reason(&outcome)))),
    };
    shutdown.start();
    serving.await.map_err(|error| Failure::other(error.to_string()))??;
    outcome
}

/// Calls the second party for the first, who has just answered.
async fn connect(call: &Call, second: &str, ring: Duration, caller_id: Option<String>) -> Result<(), CallError> {
    let steps = Steps(call.id().to_owned());
    steps.seen("answered");
    steps.done(&format!("dial {second}"));
    let mut dial = call.dial(second).timeout(ring).music_on_hold();
    if let Some(caller_id) = caller_id {
        dial = dial.caller_id(caller_id);
    }
    match dial.await? {
        Dialed::Answered(leg) => {
            steps.done("bridge");
            let end = call.bridge(leg).until_hangup().await?;
            steps.seen(&end.to_string());
        }
        Dialed::Busy => steps.seen("busy"),
        Dialed::NoAnswer => steps.seen("no answer"),
        Dialed::Failed { cause: Some(cause), .. } => steps.seen(&format!("could not be called (cause {cause})")),
        _ => steps.seen("could not be called"),
    }
    Ok(())
}

fn reason(outcome: &Placed) -> String {
    match outcome {
        Placed::Busy => "busy".to_owned(),
        Placed::NoAnswer => "no answer".to_owned(),
        Placed::Failed { cause: Some(cause), .. } => format!("it could not be called (cause {cause})"),
        _ => "it could not be called".to_owned(),
    }
}
