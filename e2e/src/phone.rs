use std::process::Stdio;

use tokio::process::Command;

use crate::Server;

/// A SIP phone: `sipp` with a scenario of `e2e/asterisk/sipp`, inside the server's file system.
#[derive(Debug)]
pub struct Phone {
    command: Command,
    what: String,
}

impl Phone {
    /// Phone A, which will call this extension and follow the scenario.
    #[must_use]
    pub fn calling(server: &Server, scenario: &str, extension: &str) -> Self {
        let mut command = Command::new(server.get("RUN"));
        command
            .args(["sipp", "-sf", &format!("{}/{scenario}.xml", server.get("SIPP_SCENARIOS"))])
            .args(["-i", "127.0.0.1", "-m", "1", "-nostdin", "-aa", "-timeout_error", "-timeout", "20s"])
            .args(["-s", extension, "-d", "500"])
            .args(["-key", "phone", "phone-a", "-key", "digit", "1", "-key", "text", "hello"])
            .arg(format!("127.0.0.1:{}", server.get("SIP_PORT")))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        Self { command, what: format!("{scenario} to {extension}") }
    }

    /// Places the call and waits for its end.
    ///
    /// # Panics
    ///
    /// If the call deviates from the scenario.
    pub async fn call(mut self) {
        let output = self.command.output().await.unwrap_or_else(|error| panic!("sipp: {error}"));
        assert!(
            output.status.success(),
            "{}: sipp: {}\n{}{}",
            self.what,
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
