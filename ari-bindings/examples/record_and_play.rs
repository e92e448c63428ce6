//! A recorder: it beeps, records until the key `#`, and plays the recording. Then the caller decides: 1 keeps it, 2 records
//! again; any other key, or hanging up, discards it. A kept recording gets a name on the server and is downloaded as a
//! file.
//!
//! The dialplan sends the call in:
//!
//! ```text
//! exten => 2004,1,Stasis(record_and_play)
//! ```
//!
//! Try it with the Asterisk that `cargo xtask asterisk up` starts, which has this extension:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari cargo run --example record_and_play
//! $ cargo xtask asterisk call 2004 --digit '#'
//! ```
//!
//! `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` locate Asterisk, `RECORDINGS` the folder for downloads.

use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs, io};

use ari_bindings::handles::{ChannelHandle, PlaybackHandle};
use ari_bindings::ids::RecordingName;
use ari_bindings::values::{IfExists, TerminateOn};
use ari_bindings::{Client, Error, Event, EventRouter, Events, RoutedEvents};
use tokio::time::{Instant, timeout, timeout_at};

/// How long the caller may think.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait for the end of a playback or recording before asking whether it still exists. Its event may have
/// been lost in a gap, and Asterisk sends none for a file that it does not find.
const CHECK: Duration = Duration::from_secs(2);

/// The maximum length of a recording in seconds.
const MAX_SECONDS: i64 = 30;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari"))
        .credentials(setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"))
        .build()?;
    let events = ari.events("record_and_play").resync(true).await?;
    println!("waiting for calls to the application record_and_play");
    serve(ari, events, setting("RECORDINGS", ".").into()).await
}

/// Starts a task for each call, and passes it the events of its channel.
pub async fn serve(ari: Client, mut events: Events, folder: PathBuf) -> Result<(), Error> {
    let router = EventRouter::new();
    while let Some(event) = events.next().await {
        let event = event?;
        if let Event::StasisStart(start) = &event {
            if let Some(events) = router.channel(&start.channel.id) {
                let (channel, folder) = (ari.channel(&start.channel), folder.clone());
                let name = RecordingName::new(format!("draft-{}", start.channel.id));
                tokio::spawn(Call { ari: ari.clone(), channel, events, name, folder }.run());
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

struct Call {
    ari: Client,
    channel: ChannelHandle,
    events: RoutedEvents,
    /// The name of the recording until it is kept.
    name: RecordingName,
    folder: PathBuf,
}

/// Why a call ends early.
enum End {
    HungUp,
    Failed(String),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        match error.status() {
            // The caller has hung up, and the event follows.
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
        // The call ends and the draft is deleted in any case. Often neither exists any more.
        let _ = self.channel.hangup().await;
        let _ = self.ari.recordings().delete_stored(&self.name).await;
    }

    async fn record_until_content(&mut self) -> Result<(), End> {
        self.channel.answer().await?;
        loop {
            self.record().await?;
            let name = &self.name;
            let key =
                self.ask(&[&format!("recording:{name}"), "sound:vm-press", "sound:digits/1", "sound:digits/2"]).await?;
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
        record.max_duration_seconds(MAX_SECONDS).if_exists(IfExists::Overwrite).await?;
        loop {
            match timeout(CHECK, self.events.next()).await {
                Ok(Some(Event::RecordingFinished(_))) => return Ok(()),
                Ok(Some(Event::RecordingFailed(failed))) => {
                    return Err(End::Failed(failed.recording.cause.unwrap_or_else(|| "recording failed".to_owned())));
                }
                Ok(Some(_)) => {}
                Ok(None) => return Err(End::HungUp),
                Err(_) => {
                    let live = self.ari.recordings().get_live(&self.name).await;
                    if live.is_err_and(|error| error.is_not_found()) {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Copies the draft to a permanent recording and downloads it.
    async fn keep(&mut self) -> Result<(), End> {
        let recordings = self.ari.recordings();
        let kept = recordings.copy_stored(&self.name, format!("kept-{}", self.channel.channel_id())).await?;
        let path = self.folder.join(format!("{}.{}", kept.name, kept.format));
        fs::write(&path, recordings.get_stored_file(&kept).await?.bytes().await?)?;
        println!("{}", path.display());
        self.say("sound:vm-msgsaved").await
    }

    async fn play(&self, media: &[&str]) -> Result<PlaybackHandle, Error> {
        Ok(self.ari.playback(self.channel.play(media).await?.id))
    }

    /// Plays something to its end.
    async fn say(&mut self, media: &str) -> Result<(), End> {
        let playback = self.play(&[media]).await?;
        loop {
            match timeout(CHECK, self.events.next()).await {
                Ok(Some(event)) if is_end(&playback, &event) => return Ok(()),
                Ok(None) => return Err(End::HungUp),
                Err(_) if is_over(&playback).await => return Ok(()),
                Ok(Some(_)) | Err(_) => {}
            }
        }
    }

    /// Plays something, and returns the key that the caller presses: during the playback, which stops it, or within
    /// [`PATIENCE`] after it.
    async fn ask(&mut self, media: &[&str]) -> Result<Option<String>, End> {
        let playback = self.play(media).await?;
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
