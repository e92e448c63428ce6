//! Many calls at once whose sound is echoed: what that costs, and how many frames are late.
//!
//! Over AudioSocket beside the same echo by Python's asyncio, which most programs of this kind are written with; over
//! WebSocket beside the media channel of `asterisk-rs-ari`.

mod echo;
mod peers;

use std::time::Duration;

use crate::Failure;
use crate::child;
use crate::options::Options;
use crate::statistics::{median, number};
use crate::table::Table;
use echo::Transport;
use peers::Echoed;

pub(crate) use echo::{Echo, MEDIA, run as echo};
pub(crate) use peers::{Peers, run as peers};

/// What one turn of a contender came to.
struct Turn {
    cpu: Duration,
    echoed: Echoed,
}

/// A table for each transport.
pub(crate) fn run(options: &Options) -> Result<Vec<Table>, Failure> {
    Transport::ALL.into_iter().map(|transport| run_over(transport, options)).collect()
}

fn run_over(transport: Transport, options: &Options) -> Result<Table, Failure> {
    let (sessions, seconds) = if options.quick { (20, 2) } else { (200, 30) };
    let head = ["", "CPU ms/s, session", "ratio", "late %", "lost %", "ms, median", "ms, p99"];
    let title = format!("Echo over {}, {sessions} calls for {seconds} s", transport.names().1);
    let mut table = Table::new(title, &head);
    let mut all: Vec<_> = transport.contenders().iter().map(|name| (*name, Vec::new())).collect();
    for _ in 0..options.rounds().min(3) {
        for (name, turns) in &mut all {
            turns.push(turn(name, transport, sessions, seconds)?);
        }
    }
    let cpu = |turn: &Turn| turn.cpu.as_secs_f64() * 1e3 / f64::from(sessions * seconds);
    let reference = median(all[0].1.iter().map(cpu).collect());
    for (name, turns) in &all {
        let of = |value: &dyn Fn(&Turn) -> f64| median(turns.iter().map(value).collect());
        let share = |turn: &Turn, count: usize| number(count) * 100.0 / number(turn.echoed.sent);
        table.row(vec![
            (*name).to_owned(),
            format!("{:.3}", of(&cpu)),
            format!("{:.2}", of(&cpu) / reference),
            format!("{:.3}", of(&|turn| share(turn, turn.echoed.late))),
            format!("{:.3}", of(&|turn| share(turn, turn.echoed.sent - turn.echoed.received))),
            format!("{:.2}", of(&|turn| turn.echoed.median)),
            format!("{:.2}", of(&|turn| turn.echoed.p99)),
        ]);
    }
    table.note("Frames of 20 ms at 8 kHz both ways; the peers are a process of their own on the same machine.");
    table
        .note("A frame is late that takes 20 ms longer than the quickest of its call, the peers' own delays included.");
    if transport == Transport::WebSocket {
        table.note("ari-media asks for a mark each 100 ms, to know what has been heard and to limit what waits in Asterisk. asterisk-rs-ari sends frames as they come.");
    }
    Ok(table)
}

fn turn(name: &str, transport: Transport, sessions: u32, seconds: u32) -> Result<Turn, Failure> {
    let echo = echo::start(name, transport)?;
    let before = echo.processor_time()?;
    let (sessions, seconds) = (sessions.to_string(), seconds.to_string());
    let address = echo.address();
    let arguments = ["peers", &address, transport.names().0, "--sessions", &sessions, "--seconds", &seconds];
    let echoed = child::report(&arguments.map(str::to_owned))?;
    Ok(Turn { cpu: echo.processor_time()?.saturating_sub(before), echoed })
}
