//! A SIP phone for the command line: `sipp` with the scenarios of `e2e/asterisk/sipp`.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, anyhow};
use clap::Args;

use super::place::SCENARIOS;
use super::programs::tail;
use super::state::Instance;

/// A call into the dialplan.
#[derive(Debug, Args)]
pub(crate) struct Call {
    /// The extension to dial: 1000 enters Stasis(hello-world), stasis-NAME enters Stasis(NAME).
    pub(crate) extension: String,
    /// The release that is called.
    #[arg(long)]
    pub(crate) release: Option<String>,
    /// Which phone calls: phone-a or phone-b.
    #[arg(long, default_value = "phone-a")]
    pub(crate) phone: String,
    /// What the phone does, a file of e2e/asterisk/sipp: dial, hangup, talk, hold, message.
    #[arg(long, default_value = "dial")]
    pub(crate) scenario: String,
    /// The digit that is sent after the answer (dial).
    #[arg(long, default_value = "1")]
    pub(crate) digit: char,
    /// How long the call lasts, in milliseconds (hangup).
    #[arg(long, default_value_t = 1000)]
    pub(crate) duration: u32,
    /// The text that is sent (message).
    #[arg(long, default_value = "hello")]
    pub(crate) text: String,
    /// Give up after this many seconds.
    #[arg(long, default_value_t = 60)]
    pub(crate) timeout: u32,
}

impl Call {
    /// Calls, and returns when the call is over.
    pub(crate) fn run(&self, instance: &Instance) -> Result<()> {
        let mut command = self.command(instance);
        let output = command.stdin(Stdio::null()).output().context("cannot run `sipp`")?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        Err(anyhow!(
            "the call to {} failed (sipp: {}):\n{}\nThe server's log: {}",
            self.extension,
            output.status,
            tail(&said, 25),
            instance.log.display()
        ))
    }

    /// The command line of `sipp`.
    fn command(&self, instance: &Instance) -> Command {
        let mut command = Command::new(&instance.run);
        command
            .args(["sipp", "-sf", &format!("{SCENARIOS}/{}.xml", self.scenario)])
            .args(["-i", "127.0.0.1", "-m", "1", "-nostdin", "-timeout_error"])
            .args(["-timeout", &format!("{}s", self.timeout)])
            .args(["-s", &self.extension, "-d", &self.duration.to_string()])
            .args(["-key", "phone", &self.phone])
            .args(["-key", "digit", &self.digit.to_string()])
            .args(["-key", "text", &self.text])
            .arg(format!("127.0.0.1:{}", instance.ports.sip));
        command
    }
}
