//! Runs the program.

use std::io::Write;
use std::process::{Command, Stdio};

use ari_test::{Fake, FakeBuilder, Port};

/// The user and password of the fakes.
const USER: &str = "asterisk";

/// A fake Asterisk on a port, in a runtime of its own.
pub(crate) struct Server {
    runtime: tokio::runtime::Runtime,
    pub(crate) fake: Fake,
    port: Port,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(configure: impl FnOnce(FakeBuilder) -> FakeBuilder) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (fake, port) = runtime.block_on(async {
            let fake = configure(Fake::builder().credentials(USER, USER)).start();
            let port = fake.listen(("127.0.0.1", 0)).await.unwrap();
            (fake, port)
        });
        Self { runtime, fake, port }
    }

    pub(crate) fn url(&self) -> String {
        self.port.url().to_string()
    }

    /// Does something with the fake.
    pub(crate) fn block_on<T>(&self, action: impl Future<Output = T>) -> T {
        self.runtime.block_on(action)
    }

    /// Runs `ari` with this server and these arguments.
    pub(crate) fn ari(&self, arguments: &[&str]) -> Done {
        let _running = self.runtime.enter();
        run(program().env("ARI_URL", self.port.url()).args(arguments))
    }
}

/// `ari` with a user and a password, and without anything from the environment of the tests.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ari"));
    let nowhere = std::env::temp_dir().join("no-such-folder/servers.toml");
    command
        .env_remove("ARI_SERVER")
        .env_remove("ARI_URL")
        .env("ARI_CONFIG", nowhere)
        .env("ARI_USER", USER)
        .env("ARI_PASSWORD", USER)
        .env("NO_COLOR", "1");
    command
}

/// What a run of the program gave.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn run(command: &mut Command) -> Done {
    feed(command, "")
}

/// Runs the program with this standard input.
pub(crate) fn feed(command: &mut Command, input: &str) -> Done {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Done {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
