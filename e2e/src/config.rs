use std::io::{self, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Server;

/// How long another reload may take.
const RELOAD: Duration = Duration::from_secs(10);

/// A change to a configuration file of a running server.
///
/// Dropping it restores and reloads the file, if the server still runs; a killed server starts with the original files.
#[derive(Debug)]
pub struct ConfigGuard {
    server: Server,
    file: String,
    module: String,
    before: String,
}

impl Server {
    /// Changes a configuration file, such as `ari.conf`, and reloads a module, such as `res_ari`. The change is in effect
    /// when this returns.
    ///
    /// Observed with Asterisk 16 and 22:
    ///
    /// - A password in `ari.conf` requires a reload of `res_ari` (as by `PUT /asterisk/modules/res_ari.so`) or of
    ///   everything; reloading `http` has no effect. The next request with the old password is refused with 401, even on
    ///   a connection that is already open. Event connections stay open.
    /// - `sessionlimit` in `http.conf` requires a reload of `http` and applies from the next connection on. Existing
    ///   connections stay open and count towards the limit.
    ///
    /// This method and dropping the guard block the test for some milliseconds, because `drop` cannot be asynchronous.
    ///
    /// # Panics
    ///
    /// If `change` changes nothing, the file cannot be written, or the module cannot be reloaded.
    #[must_use]
    pub fn change(&self, file: &str, module: &str, change: impl FnOnce(&str) -> String) -> ConfigGuard {
        let reading = shell(self, &format!("cat {}", path(file)), "");
        let before = reading.unwrap_or_else(|error| panic!("{file}: {error}"));
        let after = change(&before);
        assert_ne!(before, after, "nothing to change in {file}");
        let changed = ConfigGuard { server: self.clone(), file: file.to_owned(), module: module.to_owned(), before };
        changed.write(&after).unwrap_or_else(|error| panic!("{file}: {error}"));
        changed
    }
}

impl ConfigGuard {
    /// Restores the file and reports failures, unlike dropping the guard.
    ///
    /// # Panics
    ///
    /// If the file cannot be written or the module cannot be reloaded.
    pub fn restore(self) {
        self.write(&self.before).unwrap_or_else(|error| panic!("{}: {error}", self.file));
    }

    fn write(&self, text: &str) -> io::Result<()> {
        shell(&self.server, &format!("cat > {}", path(&self.file)), text)?;
        let reload = format!("/usr/sbin/asterisk -C {} -rx 'module reload {}'", path("asterisk.conf"), self.module);
        let end = Instant::now() + RELOAD;
        loop {
            let output = shell(&self.server, &reload, "")?;
            match output {
                done if done.contains("reloaded successfully") => return Ok(()),
                busy if busy.contains("already in progress") && Instant::now() < end => {}
                failed => return Err(io::Error::other(failed)),
            }
        }
    }
}

impl Drop for ConfigGuard {
    fn drop(&mut self) {
        // The server may have stopped.
        let _ = self.write(&self.before);
    }
}

fn path(file: &str) -> String {
    format!("/etc/ari-tests/{file}")
}

/// Runs a shell command inside the server's file system.
fn shell(server: &Server, script: &str, input: &str) -> io::Result<String> {
    let mut command = Command::new(server.get("RUN"));
    command.args(["sh", "-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(io::Error::other(format!("{script}: {}", output.status)))
}
