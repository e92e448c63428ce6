//! A soak test: makes calls at a steady rate, cuts the connection once a minute, and checks for losses and leaks.
//!
//! `cargo run --release --package ari-e2e --features live --bin soak -- RELEASE MINUTES CALLS_PER_SECOND`, with the
//! server of `cargo xtask asterisk --tests up RELEASE`. It prints a line a minute, and fails if a call is unaccounted for or
//! tasks are leaked.

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

/// A report of the event stream.
enum Report {
    /// A channel has left the application or no longer exists.
    Ended(String),
    /// Events between these times are missing.
    Gap(Instant, Instant),
}

/// The duration of a call.
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
    let (sender, mut reports) = mpsc::unbounded_channel();
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
        account(&ledger, &mut reports).await?;
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

/// Reports ended calls, and gaps in which their ends may be missing.
async fn take(mut events: Events, reports: mpsc::UnboundedSender<Report>) {
    let ended = |id: String| drop(reports.send(Report::Ended(id)));
    while let Some(event) = events.next().await {
        match event.expect("reconnects are not limited") {
            Event::StasisEnd(end) => ended(end.channel.id.into()),
            Event::Resynced(resync) => {
                assert_eq!(resync.failure, None);
                resync.channels.vanished.into_iter().for_each(|id| ended(id.into()));
            }
            Event::Reconnected(gap) => {
                let now = Instant::now();
                drop(reports.send(Report::Gap(now.checked_sub(gap.lasted).unwrap_or(now), now)));
            }
            _ => {}
        }
    }
}

/// Checks that the end of every call was reported, except for calls made in a gap, which Asterisk ends immediately.
async fn account(ledger: &Ledger, reports: &mut mpsc::UnboundedReceiver<Report>) -> Result<(), Failure> {
    let mut open: BTreeSet<&str> = ledger.made().map(|call| call.id.as_str()).collect();
    let mut gaps = Vec::new();
    // The last ends are reported shortly after the last replies.
    let end = Instant::now() + Duration::from_secs(1);
    while let Ok(Some(report)) = tokio::time::timeout_at(end, reports.recv()).await {
        match report {
            Report::Ended(id) => drop(open.remove(id.as_str())),
            Report::Gap(from, to) => gaps.push((from, to)),
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
