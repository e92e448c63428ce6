//! What a process has used so far.

use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use crate::Failure;

/// Ticks a second in which Linux shows times to programs.
const TICKS: u64 = 100;

/// The time on the processor of this process and all its threads, in the system included.
pub(crate) fn own_time() -> Duration {
    time(UsageWho::RUSAGE_SELF)
}

/// The same of the children that have ended.
pub(crate) fn children_time() -> Duration {
    time(UsageWho::RUSAGE_CHILDREN)
}

/// The same of another process that still runs.
pub(crate) fn time_of(process: u32) -> Result<Duration, Failure> {
    let path = format!("/proc/{process}/stat");
    let stat = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    // The name of the program is in brackets, and may contain anything.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks = fields.skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 1000 / TICKS))
}

fn time(who: UsageWho) -> Duration {
    let usage = getrusage(who).expect("every system reports what a process has used");
    let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
    Duration::from_micros(microseconds.try_into().expect("no time is negative"))
}

/// The most memory that this process has had resident, in KiB.
pub(crate) fn peak_memory() -> Result<u64, Failure> {
    status("VmHWM:")
}

/// The memory that this process has resident, in KiB.
pub(crate) fn memory() -> Result<u64, Failure> {
    status("VmRSS:")
}

fn status(field: &str) -> Result<u64, Failure> {
    const STATUS: &str = "/proc/self/status";
    let status = std::fs::read_to_string(STATUS).map_err(|error| format!("{STATUS}: {error}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let line = line.ok_or_else(|| format!("{STATUS}: no {field}"))?;
    let number = line.split_whitespace().next().unwrap_or_default();
    number.parse().map_err(|error| format!("{STATUS}: {field} {number:?}: {error}").into())
}
