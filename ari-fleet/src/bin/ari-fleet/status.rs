//! `ari-fleet status`.

use std::io::{self, Write as _};
use std::time::Duration;

use ari_fleet::wire::NodeAnnouncement;
use ari_fleet::{Fleet, LaneStatus};
use clap::Args;
use comfy_table::Table;

/// How often `--watch` looks.
const EVERY: Duration = Duration::from_secs(1);

/// What is shown, and how.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Print JSON, one object a line.
    #[arg(long)]
    json: bool,
    /// Print again every second.
    #[arg(long)]
    watch: bool,
}

impl Status {
    /// Prints the status, once or again and again.
    pub(crate) async fn run(&self, fleet: &Fleet) -> anyhow::Result<()> {
        loop {
            let status = fleet.status().await?;
            let text = if self.json { serde_json::to_string(&status)? + "\n" } else { tables(&status) };
            match io::stdout().write_all(text.as_bytes()) {
                // The reader has seen enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                written => written?,
            }
            if !self.watch {
                return Ok(());
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}

fn tables(status: &ari_fleet::Status) -> String {
    let mut nodes = table(&["NODE", "RELEASE", "APPS", "STATE", "CALLS", "BUFFERED", "DROPPED"]);
    nodes.add_rows(status.nodes.iter().map(node));
    let mut lanes = table(&["APP", "LANE", "WORKER", "STATE", "CALLS", "PENDING", "UNACKNOWLEDGED"]);
    lanes.add_rows(status.lanes.iter().map(lane));
    let nodes = if status.nodes.is_empty() { "no gateway announces a node".to_owned() } else { nodes.trim_fmt() };
    let lanes = if status.lanes.is_empty() { "no worker has served a lane".to_owned() } else { lanes.trim_fmt() };
    format!("{nodes}\n\n{lanes}\n")
}

fn table(heading: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(heading.iter().copied());
    table
}

fn node(node: &NodeAnnouncement) -> Vec<String> {
    let state = match (node.up, node.draining) {
        (false, _) => "down",
        (true, true) => "draining",
        (true, false) => "up",
    };
    vec![
        node.node.clone(),
        node.release.clone(),
        node.apps.join(" "),
        state.to_owned(),
        of(node.calls, node.capacity),
        node.buffered.to_string(),
        node.dropped.to_string(),
    ]
}

fn lane(lane: &LaneStatus) -> Vec<String> {
    let (worker, state, calls) = match &lane.owner {
        Some(owner) if owner.accepting => (&*owner.worker, "accepting", of(owner.calls, owner.capacity)),
        Some(owner) => (&*owner.worker, "not accepting", of(owner.calls, owner.capacity)),
        None if lane.pinned => ("-", "pinned, not announced", "-".to_owned()),
        None => ("-", "free", "-".to_owned()),
    };
    vec![
        lane.lane.app.clone(),
        lane.lane.number.to_string(),
        worker.to_owned(),
        state.to_owned(),
        calls,
        lane.pending.to_string(),
        lane.unacknowledged.to_string(),
    ]
}

/// A number of calls, and how many there may be.
fn of(calls: u64, capacity: u64) -> String {
    if capacity == 0 { calls.to_string() } else { format!("{calls}/{capacity}") }
}
