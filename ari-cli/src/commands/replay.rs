//! `ari replay`: a recording as a server.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::time::Duration;

use ari_test::Fake;
use serde_json::Value;

use crate::failure::Failure;
use crate::feed;
use crate::output::{note, outln};

/// How often to look whether a program has connected.
const LOOK: Duration = Duration::from_millis(20);

const EXAMPLES: &str = "\
Examples:
  ari replay calls.jsonl
  ari replay calls.jsonl --speed 10 --port 9088
  ARI_URL=http://localhost:9088/ari ari listen

The recording begins when a program has connected. If the recording has no events of the program's application, the
program receives all of them. Requests find an empty server: no channel of the recording exists. Ctrl-C ends it.";

/// Serve a recording of `ari listen --record` as a server of Asterisk does
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The recording: events, one on each line
    #[arg(value_hint = clap::ValueHint::FilePath)]
    file: String,

    /// How many times as fast as it was recorded
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = speed)]
    speed: f64,

    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = Ipv4Addr::LOCALHOST.into())]
    bind: IpAddr,

    /// The port; 0 for one that the system chooses
    #[arg(long, default_value_t = 8088)]
    port: u16,

    /// User and password that programs have to give
    #[arg(long, value_name = "USER:PASSWORD", default_value = "asterisk:asterisk", value_parser = credentials)]
    app_user: (String, String),
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.001..=1_000_000.0).contains(&speed) { Ok(speed) } else { Err("must be from 0.001 to 1000000".to_owned()) }
}

fn credentials(text: &str) -> Result<(String, String), &'static str> {
    let (user, password) = text.split_once(':').ok_or("there is no `:` between user and password")?;
    Ok((user.to_owned(), password.to_owned()))
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let recording = feed::recording(&args.file)?;
    let apps = applications(&recording);
    if apps.is_empty() {
        return Err(Failure::usage(format!("{} has no events", args.file)));
    }
    let (user, password) = &args.app_user;
    let fake = Fake::builder().credentials(user, password).start();
    let port = fake.listen((args.bind, args.port)).await.map_err(|error| {
        Failure::other(format!("cannot listen on {}:{}: {error}", args.bind, args.port))
            .with_remedy("--port chooses another port; 0 any that is free")
    })?;
    outln!("{} (user {user}) waits for a program with {}", port.url(), list(&apps))?;
    let mut interrupted = pin!(feed::interrupted()?);
    let played = async {
        let app = connected(&fake, &apps).await?;
        note!("{app} is connected");
        let sent = fake.replay_at(&text(&recording, &apps, &app), args.speed).await;
        note!("{sent} events sent; Ctrl-C ends the server");
        Ok::<(), Failure>(())
    };
    tokio::select! {
        played = played => played?,
        () = &mut interrupted => return Ok(()),
    }
    interrupted.await;
    Ok(())
}

/// The applications whose events a recording has.
fn applications(recording: &[Value]) -> BTreeSet<String> {
    let app = |line: &Value| Some(event(line)["application"].as_str()?.to_owned());
    recording.iter().filter_map(app).collect()
}

fn event(line: &Value) -> &Value {
    if line["type"].is_string() { line } else { &line["event"] }
}

/// Waits for a program: its application, one of the recording's if it has one.
async fn connected(fake: &Fake, recorded: &BTreeSet<String>) -> Result<String, Failure> {
    let client = fake.client();
    loop {
        let apps: Vec<String> =
            client.applications().list().await?.into_iter().map(|app| app.name.to_string()).collect();
        if let Some(app) = apps.iter().find(|app| recorded.contains(*app)).or(apps.first()) {
            return Ok(app.clone());
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The recording as lines, for another application if it is not one of the recording's.
fn text(recording: &[Value], recorded: &BTreeSet<String>, app: &str) -> String {
    let is_recorded = recorded.contains(app);
    let lines = recording.iter().map(|line| {
        let mut line = line.clone();
        if !is_recorded {
            let event = if line["type"].is_string() { &mut line } else { &mut line["event"] };
            if event.is_object() {
                event["application"] = app.into();
            }
        }
        line.to_string() + "\n"
    });
    lines.collect()
}

fn list(apps: &BTreeSet<String>) -> String {
    apps.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
