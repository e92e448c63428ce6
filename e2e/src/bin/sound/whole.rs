//! Whether every frame of a long call arrives once, in both directions.

use std::time::Duration;

use ari_e2e::numbered::{self, Sequence};
use ari_e2e::{Line, Server};
use ari_media::{Audio, FRAME, Format, MediaConfig, MediaReceiver, Transport};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::Failure;
use crate::probe::Probe;

/// How long the last frames may take, and the first.
const SILENCE: Duration = Duration::from_secs(5);

pub(crate) async fn run(server: &Server, duration: Duration) -> Result<(), Failure> {
    let mut calls = JoinSet::new();
    for transport in Transport::ALL {
        calls.spawn(call(server.clone(), transport, duration));
    }
    let mut is_whole = true;
    while let Some(call) = calls.join_next().await {
        is_whole &= call??;
    }
    if is_whole { Ok(()) } else { Err("sound was lost".into()) }
}

async fn call(server: Server, transport: Transport, duration: Duration) -> Result<bool, Failure> {
    let frames = u32::try_from(duration.as_millis() / FRAME.as_millis())?;
    let format = if transport == Transport::Rtp { Format::ULAW } else { Format::SLIN };
    let mut line = Line::open(&server).await;
    let config = MediaConfig::new(format).fill_silence(false).receive_buffer(Duration::from_secs(30));
    let (_, media) = line.media(transport, config).await;
    let (_, probe) = Probe::join(&mut line).await?;
    let (sender, receiver) = media.split();
    let samples: Vec<i16> = (0..frames).flat_map(numbered::samples).collect();
    let (played, sent, mut there, mut back) = tokio::join!(
        sender.play(Audio::samples(format.rate(), samples)),
        tokio::spawn(probe.clone().send(frames)),
        from_program(&probe, frames),
        to_program(receiver, frames),
    );
    sent??;
    let heard = played?.heard;
    println!("{transport}: heard {heard:?}; {:?}", sender.stats());
    let mut is_whole = heard == FRAME * frames;
    for (direction, sequence) in [("to the call", there.as_mut()), ("from the call", back.as_mut())] {
        let sequence = sequence.map_err(|error| error.to_string())?;
        is_whole &= sequence.is_whole(frames);
        println!("{transport}, {frames} frames {direction}: {sequence:?}");
    }
    drop(sender);
    line.hang_up().await;
    line.end().await;
    Ok(is_whole)
}

async fn from_program(probe: &Probe, frames: u32) -> Result<Sequence, Failure> {
    let mut sequence = Sequence::default();
    while !sequence.has_all(frames) {
        let Some((number, _)) = probe.receive(SILENCE).await? else { break };
        sequence.take(number);
    }
    Ok(sequence)
}

async fn to_program(mut receiver: MediaReceiver, frames: u32) -> Result<Sequence, Failure> {
    let mut sequence = Sequence::default();
    while !sequence.has_all(frames) {
        let Ok(frame) = timeout(SILENCE, receiver.recv()).await else { break };
        let Some(frame) = frame? else { break };
        sequence.take(numbered::number_of(frame.samples()));
    }
    Ok(sequence)
}
