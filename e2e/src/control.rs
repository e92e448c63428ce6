use std::env;
use std::process::{Output, Stdio};

use tokio::process::Command;

use crate::Server;

/// Control of the server's process, which affects other tests on the same server.
impl Server {
    /// Kills the server, as a crash does. Its state file remains.
    ///
    /// # Panics
    ///
    /// If the server cannot be killed.
    pub async fn kill(&self) {
        xtask("kill", self.release()).await;
    }

    /// Starts the server again and waits until it answers, which takes about a second. The URL stays the same unless the
    /// port is taken. Every start uses the configuration of `e2e/asterisk`, without data stored before.
    ///
    /// # Panics
    ///
    /// If the server does not start.
    pub async fn start(&mut self) {
        xtask("up", self.release()).await;
        *self = Self::of(self.release());
    }

    /// Runs a command of the server's console and returns its output.
    ///
    /// # Panics
    ///
    /// If the console is not available.
    pub async fn console(&self, line: &str) -> String {
        let asterisk = ["/usr/sbin/asterisk", "-C", "/etc/ari-tests/asterisk.conf", "-rx", line];
        self.run(&asterisk).await
    }

    /// Runs a program inside the server's file system and returns its output.
    ///
    /// # Panics
    ///
    /// If it fails.
    pub async fn run(&self, words: &[&str]) -> String {
        let mut command = Command::new(self.get("RUN"));
        output(command.args(words), &words.join(" ")).await
    }
}

async fn xtask(verb: &str, release: &str) {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let words = ["xtask", "asterisk", "--tests", verb, release];
    let mut command = Command::new(cargo);
    output(command.args(words).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")), &words.join(" ")).await;
}

async fn output(command: &mut Command, what: &str) -> String {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let Output { status, stdout, stderr } = output.unwrap_or_else(|error| panic!("{what}: {error}"));
    let text = String::from_utf8_lossy(&stdout).into_owned();
    assert!(status.success(), "{what}: {status}\n{text}\n{}", String::from_utf8_lossy(&stderr));
    text
}
