//! How long a program's echo takes over each transport, beside that of Asterisk's `Echo()`, and whether it grows.

use std::time::Duration;

use ari_e2e::{Line, Server};
use ari_media::{FRAME, Format, Media, MediaConfig, Transport};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::Failure;
use crate::probe::Probe;

/// How long the last frames may take, and the first.
const SILENCE: Duration = Duration::from_secs(5);

/// How much sound an echo keeps at most, as the example `echo` does.
const MOST_DELAY: Duration = Duration::from_millis(100);

pub(crate) async fn run(server: &Server, duration: Duration) -> Result<(), Failure> {
    let frames = u32::try_from(duration.as_millis() / FRAME.as_millis())?;
    let mut calls = JoinSet::new();
    calls.spawn(call(server.clone(), None, frames));
    for transport in Transport::ALL {
        calls.spawn(call(server.clone(), Some(transport), frames));
    }
    println!("{:<14} {:>8} {:>8} {:>8} {:>8} {:>10}", "echo by", "p50 ms", "p99 ms", "most ms", "missing", "drift ms");
    let mut is_steady = true;
    for delays in calls.join_all().await {
        is_steady &= delays?.report();
    }
    if is_steady { Ok(()) } else { Err("an echo drifts".into()) }
}

/// How long the frames of a call took, in their order, in microseconds.
struct Delays {
    name: String,
    frames: u32,
    micros: Vec<u64>,
}

/// One call; without a transport, Asterisk is the echo.
async fn call(server: Server, transport: Option<Transport>, frames: u32) -> Result<Delays, Failure> {
    let mut line = Line::open(&server).await;
    let (channel, probe) = Probe::join(&mut line).await?;
    match transport {
        None => channel.continue_in_dialplan().context("default").extension("echo").await?,
        Some(transport) => {
            let format = if transport == Transport::Rtp { Format::ULAW } else { Format::SLIN };
            let (_, media) = line.media(transport, MediaConfig::new(format).fill_silence(false)).await;
            tokio::spawn(play_back(media));
        }
    }
    let sending = tokio::spawn(probe.clone().send(frames));
    let mut received: Vec<(u32, Instant)> = Vec::with_capacity(frames as usize);
    while received.last().is_none_or(|(number, _)| number + 1 < frames) {
        let Some((number, at)) = probe.receive(SILENCE).await? else { break };
        received.extend(number.map(|number| (number, at)));
    }
    let sent = sending.await??;
    let micros = |(number, at): &(u32, Instant)| Some((*at - *sent.get(*number as usize)?).as_micros());
    let micros = received.iter().filter_map(micros).map(u64::try_from).collect::<Result<_, _>>()?;
    line.hang_up().await;
    channel.hangup().await.or_else(|error| if error.is_not_found() { Ok(()) } else { Err(error) })?;
    line.end().await;
    let name = transport.map_or_else(|| "Echo()".to_owned(), |transport| transport.to_string());
    Ok(Delays { name, frames, micros })
}

async fn play_back(media: Media) {
    let (sender, mut receiver) = media.split();
    while let Ok(Some(frame)) = receiver.recv().await {
        if sender.relay(frame.samples(), MOST_DELAY).is_err() {
            break;
        }
    }
}

impl Delays {
    /// Prints a line. Returns whether the echo was as quick at the end as at the beginning, up to a frame.
    fn report(&self) -> bool {
        let at = |delays: &[u64], percent: usize| -> f64 {
            let mut sorted = delays.to_vec();
            sorted.sort_unstable();
            let micros = sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1)));
            Duration::from_micros(micros.copied().unwrap_or_default()).as_secs_f64() * 1e3
        };
        let tenth = self.micros.len() / 10;
        let drift = at(&self.micros[self.micros.len() - tenth..], 50) - at(&self.micros[..tenth], 50);
        println!(
            "{:<14} {:>8.2} {:>8.2} {:>8.2} {:>8} {:>10.2}",
            self.name,
            at(&self.micros, 50),
            at(&self.micros, 99),
            at(&self.micros, 100),
            self.frames as usize - self.micros.len(),
            drift,
        );
        !self.micros.is_empty() && drift.abs() < FRAME.as_secs_f64() * 1e3
    }
}
