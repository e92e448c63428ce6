//! A command for each event.

use std::process::{ExitStatus, Stdio};

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::failure::Failure;
use crate::output::note;

/// Commands that run, each with an event on its standard input.
pub(super) struct Jobs {
    command: String,
    most: usize,
    running: JoinSet<std::io::Result<ExitStatus>>,
}

impl Jobs {
    pub(super) fn new(command: &str, most: u16) -> Self {
        Self { command: command.to_owned(), most: most.into(), running: JoinSet::new() }
    }

    /// Starts the command; waits for another to end if as many run as may.
    pub(super) async fn start(&mut self, event: String) -> Result<(), Failure> {
        while self.running.len() >= self.most {
            self.next().await;
        }
        while let Some(ended) = self.running.try_join_next() {
            self.report(ended);
        }
        let mut child = shell(&self.command).stdin(Stdio::piped()).kill_on_drop(true).spawn()?;
        self.running.spawn(async move {
            if let Some(mut stdin) = child.stdin.take() {
                // A command need not read its input.
                let _ = stdin.write_all(event.as_bytes()).await;
                let _ = stdin.write_all(b"\n").await;
            }
            child.wait().await
        });
        Ok(())
    }

    /// Waits for those that run.
    pub(super) async fn finish(&mut self) {
        while !self.running.is_empty() {
            self.next().await;
        }
    }

    async fn next(&mut self) {
        if let Some(ended) = self.running.join_next().await {
            self.report(ended);
        }
    }

    fn report(&self, ended: Result<std::io::Result<ExitStatus>, tokio::task::JoinError>) {
        match ended {
            Ok(Ok(status)) if status.success() => {}
            Ok(Ok(status)) => note!("--exec: `{}` failed: {status}", self.command),
            Ok(Err(error)) => note!("--exec: `{}` failed: {error}", self.command),
            Err(_) => note!("--exec: `{}` was given up", self.command),
        }
    }
}

fn shell(command: &str) -> Command {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(shell);
    shell.arg(option).arg(command);
    shell
}
