use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// What a worker writes down, a line of JSON each. Lines survive the death of the worker.
#[derive(Debug)]
pub struct Journal {
    file: Mutex<File>,
}

/// One thing that a handler did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The worker.
    pub worker: String,
    /// The call.
    pub call: String,
    /// The run of the handler: another one for each time that a call is given to a handler.
    pub run: String,
    /// What it did.
    pub what: What,
    /// When it began, in microseconds since the epoch.
    pub from: u64,
    /// When it ended.
    pub to: u64,
}

/// What a handler does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// It was given a call, which it continues if so.
    Began {
        /// Whether another handler had it before.
        resumed: bool,
        /// The checkpoint, if there was one.
        step: Option<u64>,
    },
    /// Asterisk has carried out a step, and the checkpoint was written.
    Step(u64),
    /// A verb failed while the call went on.
    Failed(String),
    /// It ended, and why.
    Ended(String),
}

impl Journal {
    /// Appends to a file.
    ///
    /// # Panics
    ///
    /// If the file cannot be opened.
    #[must_use]
    pub fn open(path: &Path) -> Self {
        let file = File::options().create(true).append(true).open(path);
        Self { file: Mutex::new(file.unwrap_or_else(|error| panic!("{}: {error}", path.display()))) }
    }

    /// Writes one entry.
    ///
    /// # Panics
    ///
    /// If the disk is full.
    pub fn write(&self, entry: &Entry) {
        let line = serde_json::to_string(entry).expect("an entry is plain data") + "\n";
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // One write a line, so that a kill leaves no half of one behind an earlier line.
        file.write_all(line.as_bytes()).expect("space on the disk");
    }

    /// Everything that workers have written to these files, in the order of its end.
    #[must_use]
    pub fn read(paths: &[PathBuf]) -> Vec<Entry> {
        let texts = paths.iter().map(|path| fs::read_to_string(path).unwrap_or_default());
        let mut entries: Vec<Entry> = texts
            .flat_map(|text| text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect::<Vec<_>>())
            .collect();
        entries.sort_by_key(|entry| entry.to);
        entries
    }

    /// Now, in microseconds since the epoch: processes of one machine have only this clock in common.
    #[must_use]
    pub fn now() -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }
}
