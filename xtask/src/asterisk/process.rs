//! The processes of an installed system, found by their root directory.
//!
//! A number in a file can belong to another process by now, and a start that was killed leaves no number:
//! `/proc/PID/root` is right in both cases, and a process that has ended but was not waited for has none.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The processes whose root directory is `root`, also if it has been deleted under them.
pub(crate) fn inside(root: &Path) -> Vec<u32> {
    let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let mut removed = root.clone().into_os_string();
    removed.push(" (deleted)");
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|pid| root_of(*pid).is_some_and(|found| found == root || found == removed)).collect()
}

/// The Asterisk server among them, if its files are still there.
pub(crate) fn asterisk(root: &Path) -> Option<u32> {
    let exists = fs::canonicalize(root).ok()?;
    inside(root).into_iter().filter(|pid| root_of(*pid).as_ref() == Some(&exists)).find(|pid| {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = command.split(|byte| *byte == 0);
        words.next().is_some_and(|word| word.ends_with(b"asterisk")) && words.any(|word| word == b"-f")
    })
}

/// Waits until no process of `root` is left; whether that came true.
pub(crate) fn wait_for_none(root: &Path, patience: Duration) -> bool {
    let end = Instant::now() + patience;
    loop {
        if inside(root).is_empty() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        sleep(Duration::from_millis(20));
    }
}

/// Sends `signal` to every process of `root`.
pub(crate) fn signal(root: &Path, signal: &str) {
    for pid in inside(root) {
        // A process that ended meanwhile is what is wanted.
        let _ = Command::new("kill").args(["-s", signal, &pid.to_string()]).output();
    }
}

fn root_of(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/root")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_no_root_has_no_process() {
        assert!(inside(&std::env::temp_dir()).is_empty());
        assert!(wait_for_none(&std::env::temp_dir(), Duration::ZERO));
    }
}
