//! A table of all channels of a server. It stays correct after a lost connection: a resync finds the changes made
//! meanwhile, and the table shows the gap.
//!
//! The program receives all events (`subscribe_all`), changes nothing, and needs nothing in the dialplan. A read-only user
//! is sufficient. Try it with the Asterisk that `cargo xtask asterisk up` starts:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari ARI_USER=reader ARI_PASSWORD=reader cargo run --example monitor
//! $ cargo xtask asterisk call 1002 --scenario hangup --duration 10000
//! ```
//!
//! `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` locate Asterisk.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::time::Duration;

use ari_bindings::ids::ChannelId;
use ari_bindings::models::Channel;
use ari_bindings::{Client, Connection, Error, Event, Events, Resync};
use tokio::time::{MissedTickBehavior, interval};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari"))
        .credentials(setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"))
        .build()?;
    let events = ari.events("monitor").subscribe_all(true).resync(true).await?;
    // Clears the terminal and starts at the top.
    serve(events, |table| print!("\x1b[2J\x1b[H{table}")).await
}

/// Keeps the table up to date, and shows it when it has changed, four times a second at most.
pub async fn serve(mut events: Events, mut show: impl FnMut(&Table)) -> Result<(), Error> {
    let mut table = Table { connection: events.connection(), channels: BTreeMap::new(), gaps: Vec::new() };
    // No event was received so far, so all channels are reported as new.
    table.note_changes(&events.resync().await?);
    show(&table);
    let mut ticks = interval(Duration::from_millis(250));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_changed = false;
    loop {
        // Cancelling `next` loses no event.
        tokio::select! {
            event = events.next() => match event {
                Some(event) => table.note(&event?),
                None => return Ok(()),
            },
            _ = ticks.tick(), if is_changed => {
                show(&table);
                is_changed = false;
                continue;
            }
        }
        is_changed = true;
    }
}

/// The channels of the server.
pub struct Table {
    connection: Connection,
    channels: BTreeMap<ChannelId, Channel>,
    /// The times without a connection, the last one first.
    gaps: Vec<String>,
}

impl Table {
    fn note(&mut self, event: &Event) {
        match event {
            Event::ChannelCreated(created) => {
                self.channels.insert(created.channel.id.clone(), created.channel.clone());
            }
            Event::ChannelDestroyed(end) => {
                self.channels.remove(&end.channel.id);
            }
            Event::Disconnected(gap) => self.gaps.insert(0, format!("{gap}: the table may be out of date")),
            Event::Reconnected(gap) => self.explain_gap(&gap.to_string()),
            Event::Resynced(resync) => {
                self.explain_gap(&resync.to_string());
                self.note_changes(resync);
            }
            event => {
                // Every event has the current state of its channel. Some follow the end of the channel.
                if let Some(channel) = event.channel() {
                    self.channels.entry(channel.id.clone()).and_modify(|known| *known = channel.clone());
                }
            }
        }
    }

    /// Adds to the description of the last gap.
    fn explain_gap(&mut self, words: &str) {
        if let Some(gap) = self.gaps.first_mut() {
            gap.push_str("; ");
            gap.push_str(words);
        }
    }

    fn note_changes(&mut self, resync: &Resync) {
        let changes = &resync.channels;
        for id in &changes.vanished {
            self.channels.remove(id);
        }
        for channel in changes.appeared.iter().chain(&changes.changed) {
            self.channels.insert(channel.id.clone(), channel.clone());
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let statistics = self.connection.statistics();
        writeln!(
            f,
            "{}; {} channels; {} events, {} of them waiting; {} gaps",
            self.connection.state(),
            self.channels.len(),
            statistics.received,
            statistics.queued,
            statistics.disconnects,
        )?;
        for gap in self.gaps.iter().take(3) {
            writeln!(f, "  {gap}")?;
        }
        writeln!(f, "\n{:<10} {:<40} {:<16} {:<20} doing", "state", "channel", "caller", "extension")?;
        for channel in self.channels.values() {
            let Channel { state, name, caller, dialplan, .. } = channel;
            let extension = format!("{}@{}", dialplan.exten, dialplan.context);
            let doing = format!("{}({})", dialplan.app_name, dialplan.app_data);
            writeln!(f, "{state:<10} {name:<40} {:<16} {extension:<20} {doing}", caller.number)?;
        }
        Ok(())
    }
}
