//! The child processes of this program, and what they report.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Failure, usage};

/// How long a contender may take; it ends itself then.
pub(crate) const CONTENDER_LIMIT: Duration = Duration::from_secs(90);

/// Runs a contender, and has what it reports.
pub(crate) fn report<T: DeserializeOwned>(arguments: &[String]) -> Result<T, Failure> {
    let output = this_program()?.args(arguments).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{}: {}", arguments.join(" "), output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Reports to the parent.
pub(crate) fn send(value: &impl Serialize) -> Result<(), Failure> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}

/// Runs a contender's part in this process: on a runtime with as many threads as there are processors.
pub(crate) fn block_on<T>(part: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async { tokio::time::timeout(CONTENDER_LIMIT, part).await });
    runtime.shutdown_background();
    result.unwrap_or_else(|_| Err(format!("not done after {} s", CONTENDER_LIMIT.as_secs()).into()))
}

/// A server in its own process, which ends with this value.
pub(crate) struct ServerProcess {
    child: Child,
    output: BufReader<ChildStdout>,
    port: u16,
}

impl ServerProcess {
    /// Starts one that sends this many events to the first client.
    pub(crate) fn start(events: u64) -> Result<Self, Failure> {
        Self::start_with(&["server", "--events", &events.to_string()])
    }

    /// Starts this program as a server with these arguments. It has to report its port.
    pub(crate) fn start_with(arguments: &[&str]) -> Result<Self, Failure> {
        let mut command = this_program()?;
        command.args(arguments);
        Self::start_command(command)
    }

    /// Starts another program, which has to report its port, too.
    pub(crate) fn start_command(mut command: Command) -> Result<Self, Failure> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut output = BufReader::new(child.stdout.take().ok_or("the server has no output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let port = line.trim().parse().map_err(|error| format!("the server's port: {line:?}: {error}"))?;
        Ok(Self { child, output, port })
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its time on the processor until now, in the system included.
    pub(crate) fn processor_time(&self) -> Result<Duration, Failure> {
        usage::time_of(self.child.id())
    }

    /// Stops it and returns what it has reported until then.
    pub(crate) fn stop<T: DeserializeOwned>(mut self) -> Result<Option<T>, Failure> {
        self.child.kill()?;
        let mut text = String::new();
        self.output.read_to_string(&mut text)?;
        Ok(text.lines().next().map(serde_json::from_str).transpose()?)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn this_program() -> Result<Command, Failure> {
    Ok(Command::new(std::env::current_exe()?))
}
