//! A menu on the telephone: prompts that a key interrupts, a wrong key, no key at all, and callers who hang up whenever
//! they like.
//!
//! Each call is a task of its own, written as one reads a menu: ask, look at the answer, go on. What happens to its
//! channel comes into its inbox.
//!
//! The dialplan sends the call in:
//!
//! ```text
//! exten => 2001,1,Stasis(ivr)
//! ```
//!
//! Try it with the Asterisk that `cargo xtask asterisk up` starts, which has that extension:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari cargo run --example ivr
//! $ cargo xtask asterisk call 2001 --digit 9
//! ```
//!
//! `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` say where Asterisk is.

use std::env;
use std::time::Duration;

use ari_bindings::handles::ChannelHandle;
use ari_bindings::{Client, Error, Event, EventRouter, Events, RoutedEvents};
use tokio::time::{Instant, timeout_at};

/// How long the caller may think once a prompt is over.
const PATIENCE: Duration = Duration::from_secs(3);

/// No prompt takes longer.
const LONGEST_PROMPT: Duration = Duration::from_secs(60);

/// "Press 1 [for a greeting], 2 [for the echo test], 9 [to end]": from what every Asterisk can say.
const MENU: &[&str] = &["sound:vm-press", "digits:1", "digits:2", "digits:9"];
const GREETING: &[&str] = &["sound:hello-world", "sound:vm-press", "digits:1", "digits:2", "digits:9"];
const WRONG_KEY: &[&str] = &["sound:pm-invalid-option", "sound:vm-press", "digits:1", "digits:2", "digits:9"];
const GOODBYE: &[&str] = &["sound:vm-goodbye"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari"))
        .credentials(setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"))
        .build()?;
    let events = ari.events(["ivr"]).resync(true).await?;
    println!("waiting for calls to the application ivr");
    serve(ari, events).await
}

/// Starts a task for each call, and passes on to it what happens to its channel. It ends with the events, which only
/// happens when there is nothing more to wait for.
pub async fn serve(ari: Client, mut events: Events) -> Result<(), Error> {
    let router = EventRouter::new();
    while let Some(event) = events.next().await {
        let event = event?;
        if let Event::StasisStart(start) = &event {
            println!("{} calls on {}", start.channel.caller.number, start.channel.name);
            if let Some(inbox) = router.channel(&start.channel.id) {
                tokio::spawn(Call { ari: ari.clone(), channel: ari.channel(&start.channel), inbox }.run());
            }
        }
        match router.route(event) {
            Some(Event::Disconnected(gap)) => println!("{gap}: the calls go on, but nothing is heard of them"),
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
    inbox: RoutedEvents,
}

/// Why a call ends before it is through the menu.
enum End {
    HungUp,
    Failed(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        match error.status() {
            // The channel is gone, or going: the request and the hang-up have met half-way.
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
                // Better than silence; if this fails, too, there is nothing more to do.
                let _ = self.channel.hangup().await;
            }
        }
    }

    async fn menu(&mut self) -> Result<(), End> {
        self.channel.answer().await?;
        let (mut prompt, mut mistakes) = (MENU, 0);
        while mistakes < 2 {
            match self.ask(prompt).await?.as_deref() {
                Some("1") => prompt = GREETING,
                Some("2") => {
                    // Back to the dialplan; the application hears no more of the channel.
                    self.channel.continue_in_dialplan().context("default").extension("echo").priority(1).await?;
                    return Ok(());
                }
                Some("9") => break,
                Some(_) => (prompt, mistakes) = (WRONG_KEY, mistakes + 1),
                None => (prompt, mistakes) = (MENU, mistakes + 1),
            }
        }
        self.say(GOODBYE).await?;
        self.channel.hangup().await?;
        Ok(())
    }

    /// Says something to its end.
    async fn say(&mut self, words: &[&str]) -> Result<(), End> {
        let playback = self.channel.play(words.iter().copied()).await?.id;
        while let Some(event) = self.inbox.next().await {
            if matches!(event, Event::PlaybackFinished(finished) if finished.playback.id == playback) {
                return Ok(());
            }
        }
        Err(End::HungUp)
    }

    /// Says something, and gives the key that the caller presses: at any moment, which ends the prompt, or within
    /// [`PATIENCE`] after it. A key that was pressed before answers at once.
    async fn ask(&mut self, prompt: &[&str]) -> Result<Option<String>, End> {
        let playback = self.channel.play(prompt.iter().copied()).await?.id;
        let mut deadline = Instant::now() + LONGEST_PROMPT;
        loop {
            match timeout_at(deadline, self.inbox.next()).await {
                Ok(Some(Event::ChannelDtmfReceived(dtmf))) => {
                    match self.ari.playback(&playback).stop().await {
                        // It was over already.
                        Err(error) if error.is_not_found() => {}
                        result => result?,
                    }
                    return Ok(Some(dtmf.digit));
                }
                Ok(Some(Event::PlaybackFinished(finished))) if finished.playback.id == playback => {
                    deadline = Instant::now() + PATIENCE;
                }
                Ok(Some(_)) => {}
                Ok(None) => return Err(End::HungUp),
                Err(_) => return Ok(None),
            }
        }
    }
}
