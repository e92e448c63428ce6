//! Distinguishes a person from an answering machine by the greeting: that of a machine is long, and ends with a beep. A
//! machine gets the message after its beep, a person at once.
//!
//! The dialplan dials out, and sends the party that answers here: `exten => 2016,1,Stasis(reminder)`.
//!
//! `cargo run --package ari-app --features media --example detect_answering_machine -- reminder.wav http://localhost:8088/ari asterisk asterisk`

use std::path::Path;
use std::time::Duration;

use ari_app::{App, Call, CallError};
use ari_bindings::Client;
use ari_media::detect::{Activity, ToneDetector, ToneEvent, Utterance, UtteranceEvent};
use ari_media::{Audio, Media, MediaConfig};

/// Samples a second.
const RATE: u32 = 8_000;

/// A person's greeting is shorter.
const GREETING: Duration = Duration::from_secs(3);

/// How long a machine may talk.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answerer {
    /// A short greeting, and a pause.
    Person,
    /// A long greeting, or a beep.
    Machine,
    /// Nobody says anything.
    Silence,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("name a WAV file")?;
    let url = arguments.next().unwrap_or_else(|| "http://localhost:8088/ari".to_owned());
    let user = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let password = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let ari = Client::builder(url).credentials(user, password).build()?;
    let serve = move |call: Call| {
        let file = file.clone();
        async move {
            let answerer = remind(&call, file).await?;
            println!("{}: {answerer:?}", call.caller_number());
            Ok::<(), CallError>(())
        }
    };
    App::new(ari, "reminder").serve(serve).await?;
    Ok(())
}

/// Plays the message when it will be heard.
pub async fn remind(call: &Call, file: impl AsRef<Path>) -> Result<Answerer, CallError> {
    call.answer().await?;
    let mut media = call.media(MediaConfig::at_rate(RATE)).await?;
    let answerer = tokio::time::timeout(PATIENCE, detect(&mut media)).await.unwrap_or(Ok(Answerer::Machine))?;
    media.play(Audio::wav(file)?).await?;
    Ok(answerer)
}

/// Listens until a person waits for an answer, or a machine has beeped.
async fn detect(media: &mut Media) -> Result<Answerer, CallError> {
    let mut beep = ToneDetector::new(RATE);
    let mut greeting = Utterance::new(Activity::energy(RATE)).no_speech_after(Duration::from_secs(4));
    let mut is_machine = false;
    while let Some(frame) = media.recv().await? {
        if let Some(ToneEvent::Beep { .. }) = beep.push(frame.samples()) {
            return Ok(Answerer::Machine);
        }
        match greeting.push(frame.samples()) {
            Some(UtteranceEvent::Ended { duration }) if duration < GREETING && !is_machine => {
                return Ok(Answerer::Person);
            }
            // The beep is still to come.
            Some(UtteranceEvent::Ended { .. }) => is_machine = true,
            Some(UtteranceEvent::NoSpeech) if !is_machine => return Ok(Answerer::Silence),
            _ => {}
        }
    }
    Ok(Answerer::Silence)
}
