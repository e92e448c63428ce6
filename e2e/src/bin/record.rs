//! `cargo xtask record`: stores the events of a server as they come, without what is nobody's business.

use std::env;
use std::fs::File;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use ari_bindings::Client;
use ari_e2e::redact;
use serde_json::Value;

const USAGE: &str = "record http://USER:PASSWORD@HOST:PORT/ari --app APP --out FILE [--subscribe-all] [--seconds N]";

struct Asked {
    url: String,
    app: String,
    out: String,
    all: bool,
    seconds: Option<u64>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(asked) = asked(env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    match record(&asked).await {
        Ok(count) => {
            println!("{count} events in {}", asked.out);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn asked(mut words: impl Iterator<Item = String>) -> Option<Asked> {
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
    Some(Asked { url: url?, app: app?, out: out?, all, seconds })
}

/// Records until the time is over, the connection ends, or somebody interrupts.
async fn record(asked: &Asked) -> Result<usize, Box<dyn std::error::Error>> {
    let client = Client::builder(&asked.url).build()?;
    let mut events = client.events([&asked.app]).subscribe_all(asked.all).await?;
    let mut file = File::create(&asked.out)?;
    let over = async {
        match asked.seconds {
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

/// What is not JSON may hold anything, and is left out.
fn store(file: &mut File, raw: Option<&str>) -> io::Result<bool> {
    let Some(event) = raw.and_then(|raw| serde_json::from_str::<Value>(raw).ok()) else {
        return Ok(false);
    };
    writeln!(file, "{}", redact(&event))?;
    Ok(true)
}
