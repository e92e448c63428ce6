//! A telephone menu: prompts that a key interrupts, wrong keys, no key at all, and callers who hang up at any point.
//!
//! Each call is a task that reads like the menu: ask, look at the answer, continue. An `EventRouter` gives the task the
//! events of its channel.
//!
//! The dialplan sends the call in:
//!
//! ```text
//! exten => 2001,1,Stasis(ivr)
//! ```
//!
//! Try it with the Asterisk that `cargo xtask asterisk up` starts, which has this extension:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari cargo run --example ivr
//! $ cargo xtask asterisk call 2001 --digit 9
//! ```
//!
//! `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` locate Asterisk.

use std::env;
use std::time::Duration;

use ari_bindings::handles::{ChannelHandle, PlaybackHandle};
use ari_bindings::{Client, Error, Event, EventRouter, Events, RoutedEvents};
use tokio::time::{Instant, timeout, timeout_at};

/// How long the caller may think after a prompt.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long to wait for the end of a playback before asking whether it still exists. Its event may have been lost in a
/// gap, and Asterisk sends none for a file that it does not find.
const CHECK: Duration = Duration::from_secs(2);

/// "Press 1 [for a greeting], 2 [for the echo test], 9 [to end]", from the sounds that every Asterisk has. The numbers
/// are files, since a playback of `digits:1` cannot be stopped.
const MENU: &[&str] = &["sound:vm-press", "sound:digits/1", "sound:digits/2", "sound:digits/9"];
const GREETING: &[&str] = &["sound:hello-world"];
const WRONG_KEY: &[&str] = &["sound:pm-invalid-option"];
const GOODBYE: &[&str] = &["sound:vm-goodbye"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari"))
        .credentials(setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"))
        .build()?;
    let events = ari.events("ivr").resync(true).await?;
    println!("waiting for calls to the application ivr");
    serve(ari, events).await
}

/// Starts a task for each call, and passes it the events of its channel.
pub async fn serve(ari: Client, mut events: Events) -> Result<(), Error> {
    let router = EventRouter::new();
    while let Some(event) = events.next().await {
        let event = event?;
        if let Event::StasisStart(start) = &event {
            println!("{} calls on {}", start.channel.caller.number, start.channel.name);
            if let Some(events) = router.channel(&start.channel.id) {
                tokio::spawn(Call { ari: ari.clone(), channel: ari.channel(&start.channel), events }.run());
            }
        }
        match router.route(event) {
            Some(Event::Disconnected(gap)) => println!("{gap}: calls continue, keys are lost"),
            Some(Event::Reconnected(gap)) => println!("{gap}"),
            _ => {}
        }
    }
    Ok(())
}

/// One call.
struct Call {
    ari: Client,
    channel: ChannelHandle,
    events: RoutedEvents,
}

/// Why a call ends before the end of the menu.
enum End {
    HungUp,
    Failed(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        match error.status() {
            // The caller has hung up, and the event follows.
            Some(404 | 409) => Self::HungUp,
            _ => Self::Failed(error),
        }
    }
}

impl Call {
    async fn run(mut self) {
        let id = self.channel.channel_id().clone();
        match self.menu().await {
            Ok(()) => println!("{id}: served"),
            Err(End::HungUp) => println!("{id}: hung up"),
            Err(End::Failed(error)) => {
                eprintln!("{id}: {error}");
                // Hangs up instead of leaving the caller in silence. If this fails as well, nothing else can be done.
                let _ = self.channel.hangup().await;
            }
        }
    }

    async fn menu(&mut self) -> Result<(), End> {
        self.channel.answer().await?;
        let (mut prompt, mut mistakes) = (MENU.to_vec(), 0);
        while mistakes < 2 {
            match self.ask(&prompt).await?.as_deref() {
                Some("1") => prompt = [GREETING, MENU].concat(),
                Some("2") => {
                    // Back to the dialplan, which ends the events of the channel.
                    self.channel.continue_in_dialplan().context("default").extension("echo").priority(1).await?;
                    return Ok(());
                }
                Some("9") => break,
                Some(_) => (prompt, mistakes) = ([WRONG_KEY, MENU].concat(), mistakes + 1),
                None => (prompt, mistakes) = (MENU.to_vec(), mistakes + 1),
            }
        }
        self.say(GOODBYE).await?;
        self.channel.hangup().await?;
        Ok(())
    }

    async fn play(&self, media: &[&str]) -> Result<PlaybackHandle, Error> {
        Ok(self.ari.playback(self.channel.play(media).await?.id))
    }

    /// Plays something to its end.
    async fn say(&mut self, media: &[&str]) -> Result<(), End> {
        let playback = self.play(media).await?;
        loop {
            match timeout(CHECK, self.events.next()).await {
                Ok(Some(event)) if is_end(&playback, &event) => return Ok(()),
                Ok(None) => return Err(End::HungUp),
                Err(_) if is_over(&playback).await => return Ok(()),
                Ok(Some(_)) | Err(_) => {}
            }
        }
    }

    /// Plays something, and returns the key that the caller presses: during the prompt, which stops it, or within
    /// [`PATIENCE`] after it.
    async fn ask(&mut self, prompt: &[&str]) -> Result<Option<String>, End> {
        let playback = self.play(prompt).await?;
        let mut is_playing = true;
        let mut deadline = Instant::now() + CHECK;
        loop {
            match timeout_at(deadline, self.events.next()).await {
                Ok(Some(Event::ChannelDtmfReceived(dtmf))) => {
                    // The playback may have ended already.
                    let _ = playback.stop().await;
                    return Ok(Some(dtmf.digit));
                }
                Ok(Some(event)) if is_playing && is_end(&playback, &event) => is_playing = false,
                Ok(Some(_)) => continue,
                Ok(None) => return Err(End::HungUp),
                Err(_) if is_playing => is_playing = !is_over(&playback).await,
                Err(_) => return Ok(None),
            }
            deadline = Instant::now() + if is_playing { CHECK } else { PATIENCE };
        }
    }
}

fn is_end(playback: &PlaybackHandle, event: &Event) -> bool {
    matches!(event, Event::PlaybackFinished(finished) if finished.playback.id == *playback.playback_id())
}

/// Whether a playback has ended without an event. If the request fails, the next check will show.
async fn is_over(playback: &PlaybackHandle) -> bool {
    playback.get().await.is_err_and(|error| error.is_not_found())
}
