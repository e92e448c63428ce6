//! The command `ari-fleet`: the gateway of a node, and a look at the fleet.

mod connect;
mod gateway;
mod status;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// Many Asterisk servers and many workers, over NATS JetStream.
#[derive(Debug, Parser)]
#[command(name = "ari-fleet", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    nats: connect::Nats,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the Asterisk of this machine: publish its events, carry out the commands of workers.
    Gateway(Box<gateway::Gateway>),
    /// Show the nodes and lanes.
    Status(status::Status),
    /// Let a node take no more new calls; those that it has go on.
    Drain(Drain),
}

#[derive(Debug, Args)]
struct Drain {
    /// The name of the node.
    node: String,
    /// Let it take new calls again.
    #[arg(long)]
    off: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_env("ARI_LOG").unwrap_or_else(|_| EnvFilter::new("info,async_nats=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ari-fleet: {}", in_words(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error with its causes, as far as it does not name them itself.
fn in_words(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |text, cause| match &*text {
        "" => cause,
        _ if text.contains(&cause) => text,
        _ => format!("{text}: {cause}"),
    })
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let Cli { nats, command } = cli;
    match command {
        Command::Gateway(gateway) => {
            // Whatever is wrong with it shows before anything is connected.
            let ari = gateway.client()?;
            gateway.run(nats.connect(true).await?, ari).await
        }
        Command::Status(status) => status.run(&nats.connect(false).await?).await,
        Command::Drain(Drain { node, off }) => {
            let announcement = nats.connect(false).await?.drain(&node, !off).await?;
            let word = if announcement.draining { "takes no new calls" } else { "takes new calls" };
            println!("{node} {word}; it has {}", announcement.calls);
            Ok(())
        }
    }
}
