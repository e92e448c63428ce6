//! Calls at a steady rate for a long time, with the connection cut once a minute: what is lost, and what is left over.
//!
//! `cargo run --release --package ari-e2e --features live --bin soak -- RELEASE MINUTES CALLS_PER_SECOND`, with the
//! server of `cargo xtask asterisk --tests up RELEASE`. It prints a line a minute, and fails where a call is not accounted for
//! or tasks are left over.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::time::Duration;

use ari_bindings::{Client, Event, Events};
use ari_e2e::{FaultProxy, Ledger, Load, Server, eventually, unique};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

type Failure = Box<dyn Error>;

/// What the stream tells.
enum Told {
    /// A channel has left the application, or is gone.
    Over(String),
    /// Events are missing from then to then.
    Gap(Instant, Instant),
}

/// How long a call is held.
const HOLD: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [release, minutes, rate] = &words[..] else { return Err("soak RELEASE MINUTES CALLS_PER_SECOND".into()) };
    let (minutes, rate): (u64, u32) = (minutes.parse()?, rate.parse()?);
    let server = Server::of(release);
    let before = Handle::current().metrics().num_alive_tasks();
    soak(&server, minutes, rate).await?;
    eventually(|| async { Handle::current().metrics().num_alive_tasks() <= before }).await;
    println!("no task is left");
    Ok(())
}

async fn soak(server: &Server, minutes: u64, rate: u32) -> Result<(), Failure> {
    let proxy = FaultProxy::to_url(server.url());
    let ari = Client::builder(proxy.url(server.url()));
    let ari = ari.credentials(server.get("ARI_USER"), server.get("ARI_PASSWORD")).build()?;
    let (direct, app) = (server.client(), unique("soak"));
    let events = ari.events([&app]).resync(true).await?;
    let connection = events.connection();
    let (sender, mut told) = mpsc::unbounded_channel();
    let taking = tokio::spawn(take(events, sender));
    println!("minute    calls   events     gaps   queued  memory KiB    tasks");
    let started = Instant::now();
    let mut calls = 0;
    for minute in 1..=minutes {
        let load = Load::start(&direct, &app, rate, HOLD);
        let end = started + Duration::from_secs(60 * minute);
        sleep_until(end - Duration::from_secs(30)).await;
        proxy.cut().await;
        sleep_until(end - HOLD - Duration::from_secs(1)).await;
        let ledger = load.stop().await;
        calls += ledger.made().count();
        account(&ledger, &mut told).await?;
        let statistics = connection.statistics();
        println!(
            "{minute:>6} {calls:>8} {:>8} {:>8} {:>8} {:>11} {:>8}",
            statistics.received,
            statistics.disconnects,
            statistics.queued,
            memory()?,
            Handle::current().metrics().num_alive_tasks(),
        );
        assert!(statistics.undecodable == 0 && statistics.disconnects == minute, "{statistics:?}");
    }
    connection.close().await;
    taking.await?;
    Ok(())
}

/// Tells which calls are over, and where that may be missing.
async fn take(mut events: Events, told: mpsc::UnboundedSender<Told>) {
    let tell = |id: String| drop(told.send(Told::Over(id)));
    while let Some(event) = events.next().await {
        match event.expect("the connection is made again for ever") {
            Event::StasisEnd(end) => tell(end.channel.id.into()),
            Event::Resynced(resync) => {
                assert_eq!(resync.failure, None);
                resync.channels.vanished.into_iter().for_each(|id| tell(id.into()));
            }
            Event::Reconnected(gap) => {
                let now = Instant::now();
                drop(told.send(Told::Gap(now.checked_sub(gap.lasted).unwrap_or(now), now)));
            }
            _ => {}
        }
    }
}

/// Every call was told to be over, but for those that were made in the gap, which Asterisk ends at once.
async fn account(ledger: &Ledger, told: &mut mpsc::UnboundedReceiver<Told>) -> Result<(), Failure> {
    let mut open: BTreeSet<&str> = ledger.made().map(|call| call.id.as_str()).collect();
    let mut gaps = Vec::new();
    // The last ends are told a moment after the last answers.
    let end = Instant::now() + Duration::from_secs(1);
    while let Ok(Some(told)) = tokio::time::timeout_at(end, told.recv()).await {
        match told {
            Told::Over(id) => drop(open.remove(id.as_str())),
            Told::Gap(from, to) => gaps.push((from, to)),
        }
    }
    let moment = Duration::from_millis(200);
    let in_gap =
        |asked: Instant, answered: Instant| gaps.iter().any(|(from, to)| asked <= *to && answered + moment >= *from);
    for call in ledger.made().filter(|call| in_gap(call.asked, call.answered)) {
        open.remove(call.id.as_str());
    }
    if open.is_empty() { Ok(()) } else { Err(format!("not accounted for: {open:?}").into()) }
}

fn memory() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
