//! `ari-fleet gateway`.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use ari_bindings::Client;
use ari_fleet::Fleet;
use ari_fleet::gateway::WithoutWorker;
use clap::{Args, ValueEnum};

/// The gateway of one Asterisk.
#[derive(Debug, Args)]
pub(crate) struct Gateway {
    /// The name of the node in the fleet.
    #[arg(long, env = "ARI_FLEET_NODE")]
    node: String,
    /// The base URL of ARI.
    #[arg(long, env = "ARI_URL", default_value = "http://127.0.0.1:8088/ari")]
    url: String,
    /// The user of ari.conf.
    #[arg(long, env = "ARI_USER")]
    user: String,
    /// The password. Other users of the machine can see arguments: set `ARI_PASSWORD` instead, or give a command.
    #[arg(long, env = "ARI_PASSWORD", hide_env_values = true, conflicts_with = "password_command")]
    password: Option<String>,
    /// A command that prints the password.
    #[arg(long, value_name = "COMMAND")]
    password_command: Option<String>,
    /// An application whose calls the fleet serves; can be given several times.
    #[arg(long = "app", required = true, value_name = "NAME")]
    apps: Vec<String>,
    /// How many calls the node is meant for; 0 for any number.
    #[arg(long, default_value_t = 0, value_name = "CALLS")]
    capacity: u64,
    /// How long a new call waits for a worker, in seconds: longer than a cluster of NATS takes to have a new leader.
    #[arg(long, default_value_t = 10.0, value_name = "SECONDS", value_parser = seconds)]
    patience: f64,
    /// What happens to calls that no worker takes.
    #[arg(long, value_enum, default_value = "dialplan")]
    without_worker: Policy,
    /// How many requests Asterisk gets at once; `sessionlimit` of http.conf must be higher.
    #[arg(long, default_value_t = 64, value_name = "REQUESTS", value_parser = clap::value_parser!(u16).range(1..))]
    max_requests: u16,
    /// How many MiB of events are kept while NATS is away.
    #[arg(long, default_value_t = 64, value_name = "MIB", value_parser = clap::value_parser!(u16).range(1..))]
    buffer: u16,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Policy {
    /// They go on in the dialplan, after `Stasis()`.
    Dialplan,
    /// They are hung up with congestion as the reason.
    HangUp,
}

impl Gateway {
    /// The client of the Asterisk.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        let client = Client::builder(&self.url).credentials(&self.user, self.password()?);
        Ok(client.max_requests(self.max_requests.into()).build()?)
    }

    fn password(&self) -> anyhow::Result<String> {
        match (&self.password, &self.password_command) {
            (Some(password), _) => Ok(password.clone()),
            (None, Some(command)) => first_line(command).with_context(|| format!("--password-command {command:?}")),
            (None, None) => bail!("no password: set ARI_PASSWORD, or give --password-command"),
        }
    }

    /// Serves until the process is asked to end.
    pub(crate) async fn run(self, fleet: Fleet, ari: Client) -> anyhow::Result<()> {
        let policy = match self.without_worker {
            Policy::Dialplan => WithoutWorker::Dialplan,
            Policy::HangUp => WithoutWorker::HangUp,
        };
        let mut gateway = ari_fleet::gateway::Gateway::new(fleet, self.node, ari)
            .capacity(self.capacity)
            .patience(Duration::from_secs_f64(self.patience), 1_000)
            .buffer_limit(usize::from(self.buffer) << 20)
            .without_worker(policy);
        for app in self.apps {
            gateway = gateway.app(app);
        }
        let shutdown = gateway.shutdown();
        tokio::spawn(async move {
            ari_app::stop_signal(true).await;
            tracing::info!("asked to end");
            shutdown.start();
        });
        Ok(gateway.run().await?)
    }
}

/// The first line that a command prints.
fn first_line(command: &str) -> anyhow::Result<String> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let output = Command::new(shell).args([flag, command]).stdin(Stdio::inherit()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("{}", output.status);
    }
    let text = String::from_utf8(output.stdout).context("its output is not UTF-8")?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => bail!("it printed nothing"),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("not a number of seconds from 0 to 3600".to_owned()),
    }
}
