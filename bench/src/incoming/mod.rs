//! Calls that come into an application: how much memory one takes that waits, and what a whole one costs.
//!
//! The same program (answer, play, hang up) by `ari-app` and by the bindings alone, with a server on loopback that sends
//! what Asterisk sends.

mod exchange;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ari_bindings::{Client, Transport};
use clap::ValueEnum;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::child::{self, ServerProcess};
use crate::contenders::{self, ANSWERER_REFERENCE, ANSWERERS, Target};
use crate::options::Options;
use crate::statistics::{median, number};
use crate::table::Table;
use crate::{Failure, usage};
use exchange::Script;

pub(crate) use exchange::run as exchange;

/// How many calls wait at once, and how many there are in all when whole ones are measured.
const CALLS: usize = 10_000;

/// The numbers of calls at once, the first of which the others are compared with.
const AT_ONCE: [usize; 3] = [100, 1_000, CALLS];

/// Connects and serves calls in the background until the program ends; counts those that have ended.
pub(crate) type Answerer = fn(Target, Transport, Arc<Tally>) -> BoxFuture<'static, Result<Client, Failure>>;

/// How many calls have ended.
#[derive(Default)]
pub(crate) struct Tally {
    ended: AtomicUsize,
    changed: Notify,
}

impl Tally {
    /// A call has ended.
    pub(crate) fn ended(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_one();
    }

    async fn until(&self, count: usize) {
        while self.ended.load(Ordering::Relaxed) < count {
            self.changed.notified().await;
        }
    }
}

/// One contender serves calls.
#[derive(Debug, clap::Args)]
pub(crate) struct Answer {
    /// Its name
    name: String,
    /// `HOST:PORT` of the server
    address: String,
    /// What the requests go over
    over: Over,
    /// How many calls at once
    #[arg(long)]
    at_once: usize,
    /// How many in all
    #[arg(long)]
    count: usize,
    /// Measure the memory while all wait, rather than the time of whole calls
    #[arg(long)]
    hold: bool,
}

/// What requests go over.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Over {
    Http,
    WebSocket,
}

impl Over {
    /// As in the tables.
    fn name(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::WebSocket => "WebSocket",
        }
    }
}

/// What one turn of a contender came to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Turn {
    cpu_microseconds: f64,
    kibibytes: f64,
}

/// The child's part.
pub(crate) fn child(answer: &Answer) -> Result<(), Failure> {
    let answerer = contenders::find(ANSWERERS, &answer.name)?;
    let turn = child::block_on(async {
        let tally = Arc::new(Tally::default());
        let transport = match answer.over {
            Over::Http => Transport::Http,
            Over::WebSocket => Transport::WebSocket,
        };
        let ari = answerer(Target::loopback(&answer.address), transport, Arc::clone(&tally)).await?;
        let warm = Script { at_once: 100, count: 200, hold: false };
        make(&ari, warm).await?;
        tally.until(warm.count).await;
        let (mut cpu, memory) = (usage::own_time(), usage::memory()?);
        if answer.hold {
            make(&ari, Script { at_once: answer.at_once, count: answer.count, hold: true }).await?;
            until_playing(&ari, answer.count).await?;
        } else {
            // As many calls as are there at once do not count: they grow the memory, which happens but once.
            let count = answer.at_once + answer.count;
            make(&ari, Script { at_once: answer.at_once, count, hold: false }).await?;
            let there = warm.count + 1;
            tally.until(there).await;
            cpu = usage::own_time();
            tally.until(there + answer.count).await;
        }
        let (cpu, memory) = (usage::own_time().saturating_sub(cpu), usage::memory()?.saturating_sub(memory));
        Ok(Turn {
            cpu_microseconds: cpu.as_secs_f64() * 1e6 / number(answer.count),
            kibibytes: number(memory) / number(answer.count),
        })
    })?;
    child::send(&turn)
}

/// Has the server make calls.
async fn make(ari: &Client, script: Script) -> Result<(), Failure> {
    Ok(ari.event_operations().user_event(script.to_name(), "x").await?)
}

async fn until_playing(ari: &Client, count: usize) -> Result<(), Failure> {
    while ari.asterisk().get_global_var("PLAYING").await?.value != count.to_string() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The last replies and events are read.
    tokio::time::sleep(Duration::from_millis(300)).await;
    Ok(())
}

/// How much memory calls take that wait.
pub(crate) fn run_idle(options: &Options) -> Result<Table, Failure> {
    let count = if options.quick { CALLS / 10 } else { CALLS };
    let mut table = Table::new(format!("Idle calls, {count} at once"), &["", "KiB/call"]);
    let mut all: Vec<_> = ANSWERERS.iter().map(|(name, _)| (*name, Vec::new())).collect();
    for _ in 0..options.rounds().min(3) {
        for (name, turns) in &mut all {
            turns.push(turn(name, Over::Http, count, count, true)?.kibibytes);
        }
    }
    for (name, turns) in all {
        table.row(vec![name.to_owned(), format!("{:.1}", median(turns))]);
    }
    table.note("The growth of the resident memory by calls that were answered and wait for the end of a playback.");
    Ok(table)
}

/// What whole calls cost.
pub(crate) fn run_whole(options: &Options) -> Result<Table, Failure> {
    let less = if options.quick { 10 } else { 1 };
    let head = ["", "over", "at once", "calls", "CPU µs/call", "ratio", "of 100 at once"];
    let mut table = Table::new("Incoming calls: answer, play, hang up", &head);
    for over in [Over::Http, Over::WebSocket] {
        let (count, at_once) = (2 * CALLS / less, AT_ONCE.map(|at_once| at_once.min(CALLS / less)));
        let mut all = vec![vec![Vec::new(); at_once.len()]; ANSWERERS.len()];
        for _ in 0..options.rounds().min(3) {
            for (column, at_once) in at_once.iter().enumerate() {
                for ((name, _), turns) in ANSWERERS.iter().zip(&mut all) {
                    turns[column].push(turn(name, over, *at_once, count, false)?.cpu_microseconds);
                }
            }
        }
        let all: Vec<Vec<f64>> = all.into_iter().map(|turns| turns.into_iter().map(median).collect()).collect();
        rows(&mut table, over, &at_once, count, &all);
    }
    table
        .note(format!("Ratio of the time on the processor to: {ANSWERER_REFERENCE}. It is that of the whole process."));
    table.note("The loop has no state of a call: it answers, plays and hangs up whatever the events are about.");
    Ok(table)
}

fn rows(table: &mut Table, over: Over, at_once: &[usize], count: usize, all: &[Vec<f64>]) {
    let reference = ANSWERERS.iter().position(|(name, _)| *name == ANSWERER_REFERENCE).unwrap_or(0);
    for (column, at_once) in at_once.iter().enumerate() {
        for ((name, _), cpu) in ANSWERERS.iter().zip(all) {
            table.row(vec![
                (*name).to_owned(),
                over.name().to_owned(),
                at_once.to_string(),
                count.to_string(),
                format!("{:.0}", cpu[column]),
                format!("{:.2}", cpu[column] / all[reference][column]),
                format!("{:.2}", cpu[column] / cpu[0]),
            ]);
        }
    }
}

/// One turn of a contender, with its own server.
fn turn(name: &str, over: Over, at_once: usize, count: usize, hold: bool) -> Result<Turn, Failure> {
    let server = ServerProcess::start_with(&["exchange"])?;
    let over = over.to_possible_value().ok_or("a transport without a name")?.get_name().to_owned();
    let numbers = ["--at-once".into(), at_once.to_string(), "--count".into(), count.to_string()];
    let mut arguments = vec!["answer".to_owned(), name.to_owned(), server.address(), over];
    arguments.extend(numbers);
    arguments.extend(hold.then(|| "--hold".to_owned()));
    child::report(&arguments).map_err(|failure| format!("{name}: {failure}").into())
}
