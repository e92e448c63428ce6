//! A recorder: it beeps, records until the key `#`, plays back, and then the caller decides: 1 keeps the recording, 2
//! records again, any other key, or hanging up, throws it away. What is kept gets a name of its own on the server, and is
//! downloaded as a file.
//!
//! The dialplan sends the call in:
//!
//! ```text
//! exten => 2004,1,Stasis(record_and_play)
//! ```
//!
//! Try it with the Asterisk that `cargo xtask asterisk up` starts, which has that extension:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari cargo run --example record_and_play
//! $ cargo xtask asterisk call 2004 --digit '#'
//! ```
//!
//! `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` say where Asterisk is, `RECORDINGS` into which folder to download.

use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs, io};

use ari_bindings::handles::ChannelHandle;
use ari_bindings::ids::RecordingName;
use ari_bindings::values::{IfExists, TerminateOn};
use ari_bindings::{Client, Error, Event, EventRouter, Events, RoutedEvents};
use tokio::time::{Instant, timeout_at};

/// How long the caller may think.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many seconds a recording may take.
const LONGEST: u32 = 30;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari"))
        .credentials(setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"))
        .build()?;
    let events = ari.events(["record_and_play"]).resync(true).await?;
    println!("waiting for calls to the application record_and_play");
    serve(ari, events, setting("RECORDINGS", ".").into()).await
}

/// Starts a task for each call, and passes on to it what happens to its channel.
pub async fn serve(ari: Client, mut events: Events, folder: PathBuf) -> Result<(), Error> {
    let router = EventRouter::new();
    while let Some(event) = events.next().await {
        let event = event?;
        if let Event::StasisStart(start) = &event {
            if let Some(inbox) = router.channel(&start.channel.id) {
                let (channel, folder) = (ari.channel(&start.channel), folder.clone());
                let name = RecordingName::new(format!("draft-{}", start.channel.id));
                tokio::spawn(Call { ari: ari.clone(), channel, inbox, name, folder }.run());
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

struct Call {
    ari: Client,
    channel: ChannelHandle,
    inbox: RoutedEvents,
    /// Of the recording, until it is kept.
    name: RecordingName,
    folder: PathBuf,
}

/// Why a call ends before its time.
enum End {
    HungUp,
    Failed(String),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        match error.status() {
            // The channel is gone, or going: the request and the hang-up have met half-way.
            Some(404 | 409) => Self::HungUp,
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl Call {
    async fn run(mut self) {
        match self.record_until_content().await {
            Ok(()) => println!("{}: served", self.channel.channel_id()),
            Err(End::HungUp) => println!("{}: hung up", self.channel.channel_id()),
            Err(End::Failed(error)) => eprintln!("{}: {error}", self.channel.channel_id()),
        }
        // Whatever has happened, the call ends and the draft goes; often both are gone already.
        let _ = self.channel.hangup().await;
        let _ = self.ari.recordings().delete_stored(&self.name).await;
    }

    async fn record_until_content(&mut self) -> Result<(), End> {
        self.channel.answer().await?;
        loop {
            self.record().await?;
            let name = &self.name;
            let key = self.ask(&[&format!("recording:{name}"), "sound:vm-press", "digits:1", "digits:2"]).await?;
            match key.as_deref() {
                Some("1") => return self.keep().await,
                Some("2") => {}
                _ => return self.say("sound:vm-deleted").await,
            }
        }
    }

    /// Records until `#`.
    async fn record(&mut self) -> Result<(), End> {
        let record = self.channel.record(&self.name, "wav").beep(true).terminate_on(TerminateOn::Hash);
        record.max_duration_seconds(LONGEST.into()).if_exists(IfExists::Overwrite).await?;
        while let Some(event) = self.inbox.next().await {
            match event {
                Event::RecordingFinished(_) => return Ok(()),
                Event::RecordingFailed(failed) => {
                    return Err(End::Failed(failed.recording.cause.unwrap_or_else(|| "it cannot record".to_owned())));
                }
                _ => {}
            }
        }
        Err(End::HungUp)
    }

    /// Makes a recording of the draft that stays, and a file.
    async fn keep(&mut self) -> Result<(), End> {
        let recordings = self.ari.recordings();
        let kept = recordings.copy_stored(&self.name, format!("kept-{}", self.channel.channel_id())).await?;
        let path = self.folder.join(format!("{}.{}", kept.name, kept.format));
        fs::write(&path, recordings.get_stored_file(&kept).await?.bytes().await?)?;
        println!("{}", path.display());
        self.say("sound:vm-msgsaved").await
    }

    /// Says something to its end.
    async fn say(&mut self, words: &str) -> Result<(), End> {
        let playback = self.channel.play([words]).await?.id;
        while let Some(event) = self.inbox.next().await {
            if matches!(event, Event::PlaybackFinished(finished) if finished.playback.id == playback) {
                return Ok(());
            }
        }
        Err(End::HungUp)
    }

    /// Says something, and waits for a key, which interrupts it.
    async fn ask(&mut self, words: &[&str]) -> Result<Option<String>, End> {
        let playback = self.channel.play(words.iter().copied()).await?.id;
        let mut deadline = Instant::now() + Duration::from_secs(LONGEST.into()) + PATIENCE;
        loop {
            match timeout_at(deadline, self.inbox.next()).await {
                Ok(Some(Event::ChannelDtmfReceived(dtmf))) => {
                    // It may be over.
                    let _ = self.ari.playback(playback).stop().await;
                    return Ok(Some(dtmf.digit));
                }
                Ok(Some(Event::PlaybackFinished(_))) => deadline = Instant::now() + PATIENCE,
                Ok(Some(_)) => {}
                Ok(None) => return Err(End::HungUp),
                Err(_) => return Ok(None),
            }
        }
    }
}
