//! `ari call` and `ari hello`: an application that answers a call, plays, and reacts to keys, with every step shown.

use std::sync::Arc;

use ari_app::{App, Call, CallError, Shutdown};
use ari_bindings::Event;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{note, sanitized};

/// The key that ends the call.
const END: &str = "#";

/// Answer the next call of an application, play to it, and show what happens
///
/// Each key that the caller presses is read back, and # hangs up. The dialplan sends calls to the application, such as
/// `exten => 1000,1,Stasis(hello-world)`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The application
    app: String,

    /// What to play: sound:NAME, digits:NUMBER, recording:NAME and others; several one after the other
    #[arg(long, value_name = "MEDIA", default_value = "sound:hello-world")]
    play: Vec<String>,

    /// Go on with further calls until Ctrl-C
    #[arg(long)]
    all: bool,
}

/// Answer the next call of the application hello-world with a greeting: `ari call hello-world`
#[derive(Debug, clap::Args)]
pub(crate) struct Hello {
    /// Go on with further calls until Ctrl-C
    #[arg(long)]
    all: bool,
}

impl From<Hello> for Args {
    fn from(hello: Hello) -> Self {
        Self { app: "hello-world".to_owned(), play: vec!["sound:hello-world".to_owned()], all: hello.all }
    }
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let app = App::new(context.client().await?, &args.app);
    let shutdown = app.shutdown();
    note!("waiting for a call; `exten => 1000,1,Stasis({})` in the dialplan sends one", args.app);
    let (play, is_last) = (Arc::new(args.play), !args.all);
    let handler = move |call: Call| {
        let (play, shutdown) = (Arc::clone(&play), shutdown.clone());
        async move { serve(&call, &play, is_last.then_some(shutdown)).await }
    };
    Ok(app.serve(handler).await?)
}

async fn serve(call: &Call, play: &[String], shutdown: Option<Shutdown>) -> Result<(), CallError> {
    // No further calls: this one may finish.
    if let Some(shutdown) = shutdown {
        shutdown.start();
    }
    let steps = Steps(call.id().to_owned());
    let caller = format!("{} {}", call.caller_name(), call.caller_number());
    steps.seen(&format!("call from {} to {}", caller.trim(), call.dialed()));
    let mut events = call.events();
    steps.done("answer");
    call.answer().await?;
    steps.done(&format!("play {}", play.join(" ")));
    let mut playing = call.say(play.to_vec()).start().await?;
    loop {
        let event = tokio::select! {
            said = playing.finished(), if !playing.is_over() => {
                steps.seen(&format!("played: {:?}", said?));
                continue;
            }
            event = events.recv() => event,
            end = call.ended() => {
                steps.seen(&end.to_string());
                return Ok(());
            }
        };
        match event.as_deref() {
            Ok(Event::ChannelDtmfReceived(dtmf)) if dtmf.digit == END => {
                steps.seen("key #");
                steps.done("hang up");
                return call.hangup().await;
            }
            Ok(Event::ChannelDtmfReceived(dtmf)) => {
                steps.seen(&format!("key {}", dtmf.digit));
                let media = format!("digits:{}", dtmf.digit);
                steps.done(&format!("play {media}"));
                playing.stop().await?;
                playing = call.say(media).start().await?;
            }
            Ok(Event::ChannelHold(_)) => steps.seen("hold"),
            Ok(Event::ChannelUnhold(_)) => steps.seen("unhold"),
            _ => {}
        }
    }
}

/// Shows the steps of a call.
pub(super) struct Steps(pub(super) String);

impl Steps {
    /// What Asterisk reports.
    pub(super) fn seen(&self, what: &str) {
        note!("{}  <- {}", sanitized(&self.0), sanitized(what));
    }

    /// What is requested of Asterisk.
    pub(super) fn done(&self, what: &str) {
        note!("{}  -> {}", sanitized(&self.0), sanitized(what));
    }
}
