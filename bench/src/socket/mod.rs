//! From the socket to the program: the same burst of events for each contender, and what became of it.

mod tally;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::Failure;
use crate::child::{self, ServerProcess};
use crate::contenders::{self, Target};
use crate::options::Options;
use crate::server::{GIVE_UP, Sent};
use crate::statistics::{median, number};
use crate::table::Table;

pub(crate) use tally::{Received, Tally};

/// How long the program sleeps on its first event when its reader is to be stalled.
const STALL: Duration = Duration::from_secs(3);

/// A way to receive events; it returns after the event that ends the run, or when the connection has ended for good.
pub(crate) type Receiver = fn(Target, Arc<Tally>) -> BoxFuture<'static, Result<(), Failure>>;

/// One contender receives events.
#[derive(Debug, clap::Args)]
pub(crate) struct Receive {
    /// Its name
    name: String,
    /// `HOST:PORT` of the server
    address: String,
    /// How many milliseconds the program sleeps on its first event
    #[arg(long)]
    stall: u64,
}

/// The child's part.
pub(crate) fn child(receive: &Receive) -> Result<(), Failure> {
    let receiver = contenders::find(contenders::RECEIVERS, &receive.name)?;
    let tally = Arc::new(Tally::new(Duration::from_millis(receive.stall)));
    let target = Target::loopback(&receive.address);
    child::block_on(receiver(target, Arc::clone(&tally)))?;
    child::send(&tally.received()?)
}

/// What one turn of a contender came to.
struct Turn {
    received: Received,
    sent: Sent,
}

/// How fast events come to the program.
pub(crate) fn run(options: &Options) -> Result<Table, Failure> {
    let events = if options.quick { 20_000 } else { 200_000 };
    let turns = turns(events, Duration::ZERO, options.rounds())?;
    let title = format!("Events from the socket to the program, {events} in a burst, in their natural mix");
    let head = ["", "events/s", "CPU µs/event", "ratio", "peak MiB", "delivered", "loss is reported by"];
    let mut table = Table::new(title, &head);
    table.bars("socket", "CPU µs/event");
    let cpu =
        |turns: &[Turn]| median(turns.iter().map(|turn| turn.received.cpu_seconds * 1e6 / number(events)).collect());
    let reference = turns.iter().find(|(name, _)| *name == contenders::RECEIVER_REFERENCE);
    let reference = reference.map_or(f64::NAN, |(_, turns)| cpu(turns));
    for (name, turns) in &turns {
        let rate = median(turns.iter().map(|turn| number(events) / turn.received.seconds).collect());
        let mut row = vec![
            (*name).to_owned(),
            format!("{rate:.0}"),
            format!("{:.2}", cpu(turns)),
            format!("{:.2}", cpu(turns) / reference),
        ];
        row.extend(outcome(&mut table, name, turns, events));
        table.row(row);
    }
    table.note(format!("Ratio of the time on the processor to: {}.", contenders::RECEIVER_REFERENCE));
    table.note("`events/s` counts all events sent, delivered or not: what the contender can keep up with.");
    notes(&mut table);
    Ok(table)
}

/// What happens when the program does not read for a while.
pub(crate) fn run_stalled(options: &Options) -> Result<Table, Failure> {
    let events = if options.quick { 100_000 } else { 200_000 };
    let turns = turns(events, STALL, options.rounds().min(3))?;
    let title = format!("The program sleeps {} s on its first event, of {events} in a burst", STALL.as_secs());
    let mut table = Table::new(title, &["", "peak MiB", "delivered", "loss is reported by", "connection ended by"]);
    for (name, turns) in &turns {
        let mut row = vec![(*name).to_owned()];
        row.extend(outcome(&mut table, name, turns, events));
        let ended = |by: Sent| turns.iter().any(|turn| turn.sent == by);
        row.push(match (ended(Sent::GivenUp), ended(Sent::Left)) {
            (false, false) => "-".to_owned(),
            (true, false) => "server".to_owned(),
            (false, true) => "client".to_owned(),
            (true, true) => "either".to_owned(),
        });
        table.row(row);
    }
    table.note(format!(
        "As Asterisk does, the server gives up a client when a write to it blocks for {} s; what it has not sent by \
         then, it never will.",
        GIVE_UP.as_secs_f64()
    ));
    notes(&mut table);
    Ok(table)
}

fn notes(table: &mut Table) {
    table.note("Each contender in its own process, on Tokio's multi-threaded runtime; the server in another.");
    #[cfg(feature = "peers")]
    table.note(
        "asterisk-ari: its stream of events, which its handlers are fed from. asterisk-ari-client-rs knows 13 types of \
         event; the others are lost. asterisk-rs-ari: its `recv`, which reports how many it has left out; `recv_lossy` \
         only logs it.",
    );
}

fn turns(events: u64, stall: Duration, rounds: usize) -> Result<Vec<(&'static str, Vec<Turn>)>, Failure> {
    let mut all: Vec<_> = contenders::RECEIVERS.iter().map(|(name, _)| (*name, Vec::new())).collect();
    for _ in 0..rounds {
        for (name, turns) in &mut all {
            turns.push(turn(name, events, stall).map_err(|failure| format!("{name}: {failure}"))?);
        }
    }
    Ok(all)
}

fn turn(name: &str, events: u64, stall: Duration) -> Result<Turn, Failure> {
    let server = ServerProcess::start(events)?;
    let stall = stall.as_millis().to_string();
    let received = child::report(&["receive".into(), name.into(), server.address(), "--stall".into(), stall])?;
    let sent: Sent = server.stop()?.ok_or("the server has not sent its events")?;
    Ok(Turn { received, sent })
}

/// Peak memory, what was delivered, and who reports the rest.
fn outcome(table: &mut Table, name: &str, turns: &[Turn], events: u64) -> [String; 3] {
    let of = |value: fn(&Received) -> f64| median(turns.iter().map(|turn| value(&turn.received)).collect());
    let delivered = of(|received| number(received.delivered));
    let percent = delivered * 100.0 / number(events);
    let delivered_text = if delivered < number(events) { format!("{percent:.2} %") } else { "all".to_owned() };
    let loss = turns.iter().find_map(|turn| turn.received.loss.clone());
    let loss = match loss {
        Some(loss) if loss.len() > 30 => {
            table.note(format!("{name} reported: {loss}."));
            "an error (below)".to_owned()
        }
        Some(loss) => loss,
        None if delivered < number(events) => "nothing".to_owned(),
        None => "-".to_owned(),
    };
    [format!("{:.1}", of(|received| number(received.peak_memory)) / 1024.0), delivered_text, loss]
}
