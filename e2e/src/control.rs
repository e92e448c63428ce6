use std::env;
use std::process::{Output, Stdio};

use tokio::process::Command;

use crate::Server;

/// What a test does to the server's process. Other tests on the same server notice it.
impl Server {
    /// Kills the server, as a crash does. Its state file stays.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn kill(&self) {
        xtask("kill", self.release()).await;
    }

    /// Starts the server again, and returns when it answers: after a second, at the URL where it was unless the port
    /// is taken. Every start is with the configuration of `e2e/asterisk` and without what the server had stored.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn start(&mut self) {
        xtask("up", self.release()).await;
        *self = Self::of(self.release());
    }

    /// Runs one command of the server's console, and gives what it prints.
    ///
    /// # Panics
    ///
    /// If there is no console.
    pub async fn console(&self, line: &str) -> String {
        let asterisk = ["/usr/sbin/asterisk", "-C", "/etc/ari-tests/asterisk.conf", "-rx", line];
        self.run(&asterisk).await
    }

    /// Runs a program inside the server's file system, and gives what it prints.
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
    let said = String::from_utf8_lossy(&stdout).into_owned();
    assert!(status.success(), "{what}: {status}\n{said}\n{}", String::from_utf8_lossy(&stderr));
    said
}
