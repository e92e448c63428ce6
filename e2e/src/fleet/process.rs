use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::SOON;

/// A process of a fleet, which is killed with its handle. What it prints is kept in a file.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program that prints to `log`.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[must_use]
    pub fn start(mut command: Command, log: &Path) -> Self {
        let output = File::options().create(true).append(true).open(log);
        let output = output.unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        let errors = output.try_clone().expect("a file can be shared");
        command.stdin(Stdio::null()).stdout(output).stderr(errors).kill_on_drop(true);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child, log: log.to_owned() }
    }

    /// Kills it, as a crash does.
    ///
    /// # Panics
    ///
    /// If the system refuses.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("a child can be killed");
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Panics
    ///
    /// If it takes too long.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM").await;
        self.ended().await
    }

    /// Waits until it has ended.
    ///
    /// # Panics
    ///
    /// If it takes too long.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = timeout(SOON, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("it does not end:\n{}", self.said())).expect("a child can be waited for")
    }

    /// Stops it in the middle of whatever it does, until [`Process::go_on`].
    pub async fn freeze(&self) {
        self.signal("STOP").await;
    }

    /// Lets it go on.
    pub async fn go_on(&self) {
        self.signal("CONT").await;
    }

    /// Sends a signal, unless it has ended.
    ///
    /// # Panics
    ///
    /// If there is no command `kill`.
    pub async fn signal(&self, signal: &str) {
        let Some(pid) = self.child.id() else { return };
        let sent = Command::new("kill").args(["-s", signal, &pid.to_string()]).output().await;
        sent.expect("a command `kill`");
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    /// What it has printed so far.
    #[must_use]
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}
