//! One phase: a load of calls, a fault again and again, and what became of each call.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use ari_e2e::fleet::{Account, Entry, What, account};
use ari_e2e::{Answer, Ledger, Load, PlacedCall};
use tokio::time::{Instant, sleep};

use crate::faults::Fault;
use crate::field::Field;

/// How long a caller stays: longer than any fault takes to be repaired.
const HOLD: Duration = Duration::from_secs(15);

/// The time between the end of a fault and the next.
const PAUSE: Duration = Duration::from_secs(10);

/// How long a fault is felt by calls that begin after its end.
const AFTERMATH: Duration = Duration::from_secs(10);

/// How long the fleet has for the last calls.
const SETTLE: Duration = Duration::from_secs(20);

/// What became of the calls of a phase.
pub(crate) struct Row {
    fault: Fault,
    faults: usize,
    placed: usize,
    turned_away: usize,
    account: Account,
    dropped: u64,
    pub(crate) violations: Vec<String>,
}

/// When a fault was there.
type Window = (Instant, Instant);

impl Row {
    pub(crate) const HEAD: &str = "| fault    | times | calls | handled | taken over | turned away | steps | failed | longest pause s | dropped | violations |\n\
                                   |----------|------:|------:|--------:|-----------:|------------:|------:|-------:|----------------:|--------:|-----------:|";
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Account { handled, resumed, steps, failed, longest_pause_ms, .. } = &self.account;
        write!(
            f,
            "| {:8} | {:>5} | {:>5} | {handled:>7} | {resumed:>10} | {:>11} | {steps:>5} | {failed:>6} | {:>13}.{} | {:>7} | {:>10} |",
            self.fault.name(),
            self.faults,
            self.placed,
            self.turned_away,
            longest_pause_ms / 1000,
            longest_pause_ms % 1000 / 100,
            self.dropped,
            self.violations.len()
        )
    }
}

/// Runs a phase.
pub(crate) async fn run(field: &mut Field, fault: Fault, duration: Duration, rate: u32) -> Row {
    let count = u32::try_from(field.servers.len()).unwrap_or(1);
    let start = |server: &ari_e2e::Server| Load::start(&server.client(), &field.stand.app, (rate / count).max(1), HOLD);
    let loads: Vec<Load> = field.servers.iter().map(start).collect();
    let (began, mut windows) = (Instant::now(), Vec::new());
    sleep(PAUSE / 2).await;
    while windows.is_empty() || began.elapsed() < duration.saturating_sub(PAUSE) {
        let from = Instant::now();
        fault.happen(field, windows.len()).await;
        windows.push((from, Instant::now()));
        sleep(PAUSE).await;
    }
    sleep(HOLD).await;
    let mut ledgers = Vec::new();
    for load in loads {
        ledgers.push(load.stop().await);
    }
    let mut left = until_empty(field).await;
    let (entries, unaware) = until_known(&ledgers, field).await;
    left.extend(unaware);
    let nodes = field.stand.view.nodes().await;
    let mut row = Row {
        fault,
        faults: windows.len(),
        placed: 0,
        turned_away: 0,
        account: account(&entries),
        dropped: nodes.iter().map(|node| node.dropped).sum(),
        violations: left,
    };
    row.violations.append(&mut row.account.violations);
    row.check(&ledgers, &entries, &windows);
    row
}

/// Waits until nothing of the fleet is left on the servers; returns what is.
async fn until_empty(field: &Field) -> Vec<String> {
    let end = Instant::now() + SETTLE;
    loop {
        let mut left = Vec::new();
        for server in &field.servers {
            let ari = server.client();
            let channels = ari.channels().list().await.map_or(0, |channels| channels.len());
            let bridges = ari.bridges().list().await.map_or(0, |bridges| bridges.len());
            if channels + bridges > 0 {
                left.push(format!("Asterisk {} has {channels} channels and {bridges} bridges", server.release()));
            }
        }
        if left.is_empty() || Instant::now() > end {
            return left;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

impl Row {
    fn check(&mut self, ledgers: &[Ledger], entries: &[Entry], windows: &[Window]) {
        let handled: BTreeSet<&str> = entries.iter().map(|entry| entry.call.as_str()).collect();
        for call in ledgers.iter().flat_map(Ledger::made) {
            self.placed += 1;
            if handled.contains(call.id.as_str()) {
                continue;
            }
            self.turned_away += 1;
            if !windows.iter().any(|window| felt(call, *window)) {
                self.violations.push(format!("{} was never handled, and no fault was near", call.id));
            }
        }
    }
}

/// Waits until the workers know of the end of each call; returns all entries, and which ends they do not know of.
async fn until_known(ledgers: &[Ledger], field: &mut Field) -> (Vec<Entry>, Vec<String>) {
    let end = Instant::now() + SETTLE;
    loop {
        let entries = field.stand.entries();
        let unaware = unaware(ledgers, &entries, field);
        if unaware.is_empty() || Instant::now() > end {
            return (entries, unaware);
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// The calls that are over, and whose last handler does not know it, although its worker lives.
fn unaware(ledgers: &[Ledger], entries: &[Entry], field: &mut Field) -> Vec<String> {
    let over = ledgers.iter().flat_map(Ledger::made).filter(|call| is_over(call));
    let over: BTreeSet<&str> = over.map(|call| &*call.id).collect();
    let workers = field.workers.iter_mut();
    let alive: BTreeSet<String> =
        workers.filter_map(|worker| (!worker.process.has_ended()).then(|| worker.name.clone())).collect();
    let mut last: BTreeMap<&str, (&Entry, bool)> = BTreeMap::new();
    for entry in entries {
        match entry.what {
            What::Began { .. } => drop(last.insert(&entry.call, (entry, false))),
            What::Ended(_) => {
                if let Some((began, has_ended)) = last.get_mut(&*entry.call) {
                    *has_ended |= began.run == entry.run;
                }
            }
            What::Step(_) | What::Failed(_) => {}
        }
    }
    let open = last
        .into_iter()
        .filter(|(call, (began, has_ended))| !has_ended && over.contains(call) && alive.contains(&began.worker));
    open.map(|(call, (began, _))| format!("{call}: {} does not know of its end", began.worker)).collect()
}

fn is_over(call: &PlacedCall) -> bool {
    call.hangup.as_ref().is_some_and(|hangup| match &hangup.made {
        Answer::Done => true,
        Answer::Refused(error) => error.is_not_found(),
        Answer::Unknown(_) => false,
    })
}

/// Whether a fault was there when a call began, or so near that it explains why the call was turned away.
fn felt(call: &PlacedCall, (from, to): Window) -> bool {
    call.asked < to + AFTERMATH && call.answered + AFTERMATH > from
}
