use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use crate::Server;

/// A configuration file of a running server that a test has changed.
///
/// When dropped, the file is as it was before and is read again, if the server still lives; one that has been killed
/// starts with the project's own files.
#[derive(Debug)]
pub struct ConfigGuard {
    server: Server,
    file: String,
    module: String,
    before: String,
}

impl Server {
    /// Changes a configuration file, such as `ari.conf`, and lets a module read it again, such as `res_ari`. When this
    /// returns, the change holds for whoever comes.
    ///
    /// What was seen to work, in Asterisk 22 and 16 alike:
    ///
    /// - A password in `ari.conf`: `res_ari` (as `PUT /asterisk/modules/res_ari.so` does, or a reload of everything);
    ///   `http` does nothing for it. From the next request on the old one is refused with 401, on connections that are
    ///   open already too. Event connections stay.
    /// - `sessionlimit` in `http.conf`: `http`, from the next connection on. Those that there are stay, and count.
    ///
    /// Here and when the change is dropped, nothing else of the test runs for some milliseconds, since no `drop` can
    /// wait otherwise.
    ///
    /// # Panics
    ///
    /// If nothing is changed, the file cannot be written, or the module does not read it again.
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
    /// The same as dropping it, but a failure is told.
    ///
    /// # Panics
    ///
    /// If the file cannot be written, or the module does not read it again.
    pub fn restore(self) {
        self.write(&self.before).unwrap_or_else(|error| panic!("{}: {error}", self.file));
    }

    fn write(&self, text: &str) -> io::Result<()> {
        shell(&self.server, &format!("cat > {}", path(&self.file)), text)?;
        let reload = format!("/usr/sbin/asterisk -C {} -rx 'module reload {}'", path("asterisk.conf"), self.module);
        let said = shell(&self.server, &reload, "")?;
        if said.contains("reloaded successfully") { Ok(()) } else { Err(io::Error::other(said)) }
    }
}

impl Drop for ConfigGuard {
    fn drop(&mut self) {
        // There may be no server any more.
        let _ = self.write(&self.before);
    }
}

fn path(file: &str) -> String {
    format!("/etc/ari-tests/{file}")
}

/// Runs a line of shell inside the server's file system.
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
