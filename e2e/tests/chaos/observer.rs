//! Records an event stream and checks that every call appears in it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ari_bindings::{Connection, Event, Events, Resync};
use ari_e2e::Ledger;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Consumes an event stream and records what it reports.
pub(crate) struct Observer {
    connection: Connection,
    seen: watch::Receiver<Observed>,
    task: JoinHandle<Observed>,
}

/// The reports of the stream so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Observed {
    /// When each channel entered and left the application.
    pub(crate) started: BTreeMap<String, Instant>,
    pub(crate) ended: BTreeMap<String, Instant>,
    /// The beginning and the end of each gap.
    pub(crate) gaps: Vec<(Instant, Option<Instant>)>,
    /// The reason of each gap, and whether the server was restarted.
    pub(crate) reasons: Vec<String>,
    pub(crate) restarts: Vec<Option<bool>>,
    pub(crate) resyncs: Vec<Resync>,
    /// When the last event was received.
    pub(crate) last: Option<Instant>,
    pub(crate) error: Option<String>,
}

impl Observer {
    /// Observes a connection that resynchronizes after each gap.
    pub(crate) fn of(events: Events) -> Self {
        let connection = events.connection();
        let (sender, seen) = watch::channel(Observed::default());
        Self { connection, seen, task: tokio::spawn(keep(events, sender)) }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The observations so far.
    pub(crate) fn seen(&self) -> Observed {
        self.seen.borrow().clone()
    }

    /// Waits until the observations meet a condition.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&Observed) -> bool) -> Observed {
        let mut seen = self.seen.clone();
        let waiting = async { seen.wait_for(|seen| wanted(seen)).await.ok().map(|seen| seen.clone()) };
        let seen = crate::alone::soon(what, waiting).await;
        seen.unwrap_or_else(|| panic!("{what}: the stream has ended: {:?}", self.seen()))
    }

    /// Waits until this many gaps are closed and resynchronized.
    pub(crate) async fn until_resynced(&self, gaps: usize) -> Observed {
        self.until(&format!("gap {gaps}"), |seen| seen.resyncs.len() >= gaps).await
    }

    /// Waits until every call is accounted for.
    pub(crate) async fn until_complete(&self, ledger: &Ledger) {
        let mut seen = self.seen.clone();
        let waiting = seen.wait_for(|seen| seen.unaccounted(ledger).is_empty());
        if tokio::time::timeout(crate::alone::SOON, waiting).await.is_err() {
            let seen = self.seen();
            panic!("not accounted for: {:#?}\n{seen:#?}", seen.unaccounted(ledger));
        }
    }

    /// Closes the connection.
    pub(crate) async fn close(self) -> Observed {
        self.connection.close().await;
        self.task.await.expect("an observer does not panic")
    }
}

async fn keep(mut events: Events, sender: watch::Sender<Observed>) -> Observed {
    while let Some(event) = events.next().await {
        sender.send_modify(|seen| match event {
            Ok(event) => seen.note(event),
            Err(error) => seen.error = Some(error.to_string()),
        });
    }
    sender.borrow().clone()
}

impl Observed {
    fn note(&mut self, event: Event) {
        let now = Instant::now();
        match event {
            Event::StasisStart(start) => drop(self.started.insert(start.channel.id.into(), now)),
            Event::StasisEnd(end) => drop(self.ended.insert(end.channel.id.into(), now)),
            Event::Disconnected(gap) => {
                let ago = gap.since.elapsed().unwrap_or_default();
                self.gaps.push((now.checked_sub(ago).unwrap_or(now), None));
                self.reasons.push(gap.reason.to_string());
                return;
            }
            Event::Reconnected(gap) => {
                self.gaps.last_mut().expect("a gap").1 = Some(now);
                self.restarts.push(gap.restarted);
                return;
            }
            Event::Resynced(resync) => {
                assert_eq!(resync.failure, None);
                self.resyncs.push(*resync);
                return;
            }
            Event::Undecodable(_) | Event::Unknown(_) | Event::Dropped(_) => panic!("{event:?}"),
            _ => {}
        }
        self.last = Some(now);
    }

    /// Whether events of this period may be missing.
    fn is_in_gap(&self, from: Instant, to: Instant) -> bool {
        let touches = |&(begin, end): &(Instant, Option<Instant>)| from <= end.unwrap_or(to) && to >= begin;
        self.gaps.iter().any(touches)
    }

    /// Beginnings and ends of calls that were neither reported nor lie in a reported gap.
    fn unaccounted(&self, ledger: &Ledger) -> Vec<String> {
        let found = |list: fn(&Resync) -> BTreeSet<String>| -> BTreeSet<String> {
            self.resyncs.iter().flat_map(list).collect()
        };
        let appeared = found(|resync| resync.channels.appeared.iter().map(|it| it.id.to_string()).collect());
        let vanished = found(|resync| resync.channels.vanished.iter().map(ToString::to_string).collect());
        // The event follows shortly after the response to the request.
        let moment = Duration::from_millis(500);
        let mut unaccounted = Vec::new();
        for call in ledger.made() {
            let shown = self.started.contains_key(&call.id) || appeared.contains(&call.id);
            if !shown && !self.is_in_gap(call.asked, call.answered + moment) {
                unaccounted.push(format!("beginning of {call:?}"));
            }
            let over = self.ended.contains_key(&call.id) || vanished.contains(&call.id);
            let missing = call.hangup.as_ref().is_some_and(|end| self.is_in_gap(end.asked, end.answered + moment));
            if shown && !over && !missing {
                unaccounted.push(format!("end of {call:?}"));
            }
        }
        unaccounted
    }
}
