//! The events that commands watch: of a server, or of a recording.

use std::future::Future;

use ari_bindings::{Client, Error, Events};
use serde_json::Value;

use crate::calls::Event;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::note;

/// Whose events to watch.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Watched {
    /// Receive the events of everything on the server; without APP, this is how it is
    #[arg(long)]
    pub(crate) all: bool,

    /// Take APP even if a program has it: that program receives no more events
    #[arg(long)]
    pub(crate) take_over: bool,
}

impl Watched {
    /// Connects. Without applications, one of its own name receives everything, and no program is disturbed.
    pub(crate) async fn connect(&self, context: &Context, apps: Vec<String>) -> Result<Events, Failure> {
        let client = context.client().await?;
        let all = self.all || apps.is_empty();
        let apps = if apps.is_empty() { vec![format!("ari-cli-{}", std::process::id())] } else { apps };
        if !self.take_over {
            for app in &apps {
                check_is_free(&client, app).await?;
            }
        }
        Ok(client.events(apps).subscribe_all(all).await?)
    }
}

/// Asterisk gives an application to whoever connects last.
async fn check_is_free(client: &Client, app: &str) -> Result<(), Failure> {
    match client.application(app).get().await {
        Ok(_) => Err(Failure::usage(format!("a program has the application {app}, and would lose it"))
            .with_remedy("leave APP out to watch everything beside it, or give --take-over")),
        Err(Error::Refused { status: 404, .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Waits for Ctrl-C, or the signal by which services are stopped. From the call on, they do not end the process.
#[cfg(unix)]
pub(crate) fn interrupted() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut interrupted, mut terminated) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Waits for Ctrl-C. From the call on, it does not end the process.
#[cfg(windows)]
pub(crate) fn interrupted() -> Result<impl Future<Output = ()>, Failure> {
    let mut interrupted = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupted.recv().await;
    })
}

/// The lines of a recording: events as Asterisk sends them, or what `ari-test` records. Lines that are no JSON, such as
/// one that was cut off, are left out with a note.
pub(crate) fn recording(path: &str) -> Result<Vec<Value>, Failure> {
    let text = std::fs::read(path).map_err(|error| Failure::usage(format!("cannot read {path}: {error}")))?;
    let (mut lines, mut wrong) = (Vec::new(), Vec::new());
    for (number, line) in (1_u64..).zip(text.split(|byte| *byte == b'\n')) {
        match serde_json::from_slice(line) {
            Ok(line) => lines.push(line),
            Err(_) if line.trim_ascii().is_empty() => {}
            Err(error) => wrong.push((number, error)),
        }
    }
    if let Some((number, error)) = wrong.first() {
        note!("{path}: {} left out, the first at line {number}: {error}", lines_that_are_no_json(wrong.len()));
    }
    Ok(lines)
}

fn lines_that_are_no_json(number: usize) -> String {
    if number == 1 { "a line that is no JSON was".to_owned() } else { format!("{number} lines that are no JSON were") }
}

/// The event of a line of a recording, if it has one.
pub(crate) fn event_of(mut line: Value) -> Option<Event> {
    if line["type"].is_string() { Event::new(line) } else { Event::new(line["event"].take()) }
}
