//! `cargo xtask record`: stores the events of a server in a file, without private data.

use std::env;
use std::fs::File;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use ari_bindings::Client;
use ari_e2e::redact;
use serde_json::Value;

const USAGE: &str = "record http://USER:PASSWORD@HOST:PORT/ari --app APP --out FILE [--subscribe-all] [--seconds N]";

struct Args {
    url: String,
    app: String,
    out: String,
    all: bool,
    seconds: Option<u64>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(args) = parse(env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    match record(&args).await {
        Ok(count) => {
            println!("{count} events in {}", args.out);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut words: impl Iterator<Item = String>) -> Option<Args> {
    let (mut url, mut app, mut out, mut all, mut seconds) = (None, None, None, false, None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--app" => app = words.next(),
            "--out" => out = words.next(),
            "--subscribe-all" => all = true,
            "--seconds" => seconds = Some(words.next()?.parse().ok()?),
            _ => url = Some(word),
        }
    }
    Some(Args { url: url?, app: app?, out: out?, all, seconds })
}

/// Records until the time is over, the connection ends, or the program is interrupted.
async fn record(args: &Args) -> Result<usize, Box<dyn std::error::Error>> {
    let client = Client::builder(&args.url).build()?;
    let mut events = client.events([&args.app]).subscribe_all(args.all).await?;
    let mut file = File::create(&args.out)?;
    let over = async {
        match args.seconds {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(over);
    let mut count = 0;
    loop {
        let event = tokio::select! {
            () = &mut over => break,
            event = events.next() => event,
        };
        let Some(event) = event else { break };
        event?;
        count += usize::from(store(&mut file, events.raw())?);
    }
    events.close().await;
    Ok(count)
}

/// Writes an event. Text that is not JSON is skipped, because it cannot be redacted.
fn store(file: &mut File, raw: Option<&str>) -> io::Result<bool> {
    let Some(event) = raw.and_then(|raw| serde_json::from_str::<Value>(raw).ok()) else {
        return Ok(false);
    };
    writeln!(file, "{}", redact(&event))?;
    Ok(true)
}
