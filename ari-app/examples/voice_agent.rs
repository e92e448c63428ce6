//! A voice agent: callers talk with a speech service, and may interrupt it.
//!
//! The service is a WebSocket. It receives what the caller says as binary messages, linear samples of 16 bits at 16 kHz,
//! and `{"type":"end_of_utterance"}` when the caller pauses. It answers with `{"type":"transcript","text":"…"}`, its words
//! as binary messages at 24 kHz, and `{"type":"done"}`.
//!
//! The dialplan sends the call in: `exten => 2018,1,Stasis(voice-agent)`.
//!
//! `cargo run --package ari-app --features media --example voice_agent -- ws://localhost:9001 http://localhost:8088/ari asterisk asterisk`

use std::time::Duration;

use ari_app::{App, Call};
use ari_bindings::Client;
use ari_media::detect::{Activity, Utterance, UtteranceEvent};
use ari_media::{Audio, MediaConfig, MediaReceiver, MediaSender};
use futures_util::stream::{self, SplitSink, SplitStream, Stream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Service = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long a pause ends an utterance.
const PAUSE: Duration = Duration::from_millis(600);

/// The rate of the caller's words.
const CALLER_RATE: u32 = 16_000;

/// The rate of the service's words.
const SERVICE_RATE: u32 = 24_000;

/// What the service says of its answers.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Notice {
    Transcript { text: String },
    Done,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let service = arguments.next().ok_or("name the URL of the speech service")?;
    let url = arguments.next().unwrap_or_else(|| "http://localhost:8088/ari".to_owned());
    let user = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let password = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let ari = Client::builder(url).credentials(user, password).build()?;
    let serve = move |call: Call| {
        let service = service.clone();
        async move { talk(call, service, |text| println!("the caller said: {text}")).await }
    };
    App::new(ari, "voice-agent").serve(serve).await?;
    Ok(())
}

/// Lets a caller talk with the service until one of them ends it.
pub async fn talk(call: Call, service: String, transcript: impl Fn(String)) -> Result<(), Failure> {
    call.answer().await?;
    let (service, _) = connect_async(service).await?;
    let (to_service, from_service) = service.split();
    let (sender, receiver) = call.media(MediaConfig::at_rate(CALLER_RATE)).await?.split();
    tokio::select! {
        ended = listen(receiver, &sender, to_service) => ended,
        ended = speak(&sender, from_service, transcript) => ended,
    }
}

/// Passes on what the caller says. A caller who begins to speak interrupts the service.
async fn listen(
    mut receiver: MediaReceiver,
    sender: &MediaSender,
    mut service: SplitSink<Service, Message>,
) -> Result<(), Failure> {
    let mut utterance = Utterance::new(Activity::energy(CALLER_RATE)).silence(PAUSE);
    while let Some(frame) = receiver.recv().await? {
        let bytes: Vec<u8> = frame.samples().iter().flat_map(|sample| sample.to_le_bytes()).collect();
        service.send(Message::binary(bytes)).await?;
        match utterance.push(frame.samples()) {
            Some(UtteranceEvent::Started) => drop(sender.cut()),
            Some(UtteranceEvent::Ended { .. }) => {
                service.send(Message::text(r#"{"type":"end_of_utterance"}"#)).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Plays the answers of the service as they come, one after the other.
async fn speak(
    sender: &MediaSender,
    mut service: SplitStream<Service>,
    transcript: impl Fn(String),
) -> Result<(), Failure> {
    let (answers, mut queue) = mpsc::channel(8);
    let read = async move {
        let mut answer: Option<mpsc::Sender<Bytes>> = None;
        while let Some(message) = service.next().await {
            match message? {
                Message::Binary(words) => {
                    if answer.is_none() {
                        let (begun, receiver) = mpsc::channel(256);
                        answers.send(stream_of(receiver)).await?;
                        answer = Some(begun);
                    }
                    if let Some(answer) = &answer {
                        // Nobody receives what comes after a cut.
                        let _ = answer.send(words).await;
                    }
                }
                Message::Text(notice) => match serde_json::from_str(&notice)? {
                    Notice::Transcript { text } => transcript(text),
                    Notice::Done => answer = None,
                },
                _ => {}
            }
        }
        Ok::<(), Failure>(())
    };
    let play = async {
        while let Some(words) = queue.recv().await {
            sender.play(Audio::bytes(SERVICE_RATE, words)).await?;
        }
        Ok(())
    };
    tokio::try_join!(read, play).map(drop)
}

fn stream_of(words: mpsc::Receiver<Bytes>) -> impl Stream<Item = Bytes> + Send {
    stream::unfold(words, |mut words| async { Some((words.recv().await?, words)) })
}
