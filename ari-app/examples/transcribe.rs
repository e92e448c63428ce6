//! Connects the caller with somebody, and writes the call to a stereo file: the caller left, the other right. Both sides
//! go to a speech service, too, each on its own TCP connection, as linear samples of 16 bits at 16 kHz.
//!
//! The dialplan names who is dialled: `exten => _2XXX,1,Stasis(transcribe,PJSIP/${EXTEN})`.
//!
//! `cargo run --package ari-app --features media --example transcribe -- localhost:9000 http://localhost:8088/ari asterisk asterisk`

use std::path::PathBuf;
use std::time::Duration;

use ari_app::{App, Call, CallError, Dialed};
use ari_bindings::Client;
use ari_bindings::ids::ChannelId;
use ari_bindings::values::Spy;
use ari_media::{Media, MediaConfig, MediaError, Side, WavRecorder};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// Samples a second.
const RATE: u32 = 16_000;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let service = arguments.next().ok_or("name the address of the speech service")?;
    let url = arguments.next().unwrap_or_else(|| "http://localhost:8088/ari".to_owned());
    let user = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let password = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let ari = Client::builder(url).credentials(user, password).build()?;
    let serve = move |call: Call| {
        let (service, file) = (service.clone(), PathBuf::from(format!("{}.wav", call.id())));
        let endpoint = call.args().first().cloned();
        async move { transcribe(call, endpoint.ok_or("the dialplan names no endpoint")?, service, file).await }
    };
    App::new(ari, "transcribe").serve(serve).await?;
    Ok(())
}

/// Connects the caller with an endpoint, and listens to each of the two.
pub async fn transcribe(call: Call, endpoint: String, service: String, file: PathBuf) -> Result<(), Failure> {
    call.answer().await?;
    let dial = call.dial(endpoint).timeout(Duration::from_secs(20)).music_on_hold();
    let Dialed::Answered(leg) = dial.await? else {
        call.say("sound:vm-nobodyavail").await?;
        return Ok(());
    };
    let caller = listen(&call, call.channel().channel_id()).await?;
    let other = listen(&call, leg.channel().channel_id()).await?;
    let (Some(caller), Some(other)) = (caller, other) else { return Ok(()) };
    let listening = tokio::spawn(listen_to_both(caller, other, service, file));
    let talked = call.bridge(leg).until_hangup().await;
    // The media end with the channels that they listen to.
    listening.await??;
    talked?;
    Ok(())
}

/// What comes from a channel, without what goes to it.
async fn listen(call: &Call, channel: &ChannelId) -> Result<Option<Media>, CallError> {
    call.snoop(channel).spy(Spy::In).media(MediaConfig::at_rate(RATE)).await
}

async fn listen_to_both(caller: Media, other: Media, service: String, file: PathBuf) -> Result<(), Failure> {
    let mut recorder = WavRecorder::stereo(file, RATE)?;
    let (mut caller, mut other) = (caller, other);
    let mut services = [TcpStream::connect(&service).await?, TcpStream::connect(&service).await?];
    let mut bytes = Vec::new();
    loop {
        let (side, frame) = tokio::select! {
            frame = caller.recv() => (Side::Left, frame),
            frame = other.recv() => (Side::Right, frame),
        };
        let Some(frame) = ended(frame)? else { break };
        recorder.write(side, frame.timestamp(), frame.samples())?;
        bytes.clear();
        bytes.extend(frame.samples().iter().flat_map(|sample| sample.to_le_bytes()));
        services[usize::from(side == Side::Right)].write_all(&bytes).await?;
    }
    recorder.finish()?;
    Ok(())
}

/// The end of a call is the end of its sound, however it comes.
fn ended<T>(frame: Result<Option<T>, MediaError>) -> Result<Option<T>, MediaError> {
    match frame {
        Err(error) if error.is_ended() => Ok(None),
        frame => frame,
    }
}
