//! `ari trace`: calls as ladders.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use ari_bindings::{Event as Received, Events};
use tokio::time::Instant;

use crate::calls::{Call, Event, Log};
use crate::context::Context;
use crate::failure::Failure;
use crate::feed::{self, Watched};
use crate::ladder::{self, Diagram, Painter};
use crate::output::{self, note};

/// How long events may follow the end of a call.
const AFTER_THE_END: Duration = Duration::from_millis(500);

/// The width where there is no terminal.
const WIDTH: u16 = 120;

const EXAMPLES: &str = "\
Examples:
  ari trace                                     # every call, when it is over
  ari trace PJSIP/alice                         # the next call of this phone
  ari trace --from calls.jsonl                  # a recording of `ari listen --record`
  ari trace 2 --from calls.jsonl --svg call.svg
  ari trace --from calls.jsonl --html calls.html

Columns are channels, bridges and applications; ○ begins one, ✕ ends it. Ctrl-C shows the calls that are not over.";

/// Show a call as a ladder: what goes on between its channels, bridges and applications
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Which call: the id, name or endpoint of one of its channels, or its number; `*` stands for anything
    call: Option<String>,

    /// Receive the events of this application only
    #[arg(long = "app", value_name = "APP")]
    apps: Vec<String>,

    #[command(flatten)]
    watched: Watched,

    /// Show the calls of a recording
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, conflicts_with_all = ["apps", "all", "take_over"])]
    from: Option<String>,

    /// Write the call to this file as a picture
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    svg: Option<String>,

    /// Write the calls to this file as a page, with all their events
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    html: Option<String>,

    /// Show variables, the steps of the dialplan, and changes of the caller too
    #[arg(long)]
    details: bool,

    /// The width of the ladder; that of the terminal unless given
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(40..=1_000))]
    width: Option<u16>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    match &args.from {
        Some(path) => {
            let log = read(path)?;
            let calls: Vec<&Call> = log.calls().filter(|call| args.wants(call)).collect();
            if calls.is_empty() {
                return Err(args.no_call(&log));
            }
            for call in &calls {
                args.show(call)?;
            }
            args.write(&calls)
        }
        None => watch(&args, context).await,
    }
}

/// Reads a recording.
fn read(path: &str) -> Result<Log, Failure> {
    let mut log = Log::default();
    for line in feed::recording(path)? {
        match line["type"].as_str() {
            Some("Disconnected") => log.gap(&format!("disconnected: {}", line["reason"].as_str().unwrap_or_default())),
            Some("Reconnected") => log.gap("connected again"),
            _ => {
                feed::event_of(line).map(|event| log.add(event));
            }
        }
    }
    Ok(log)
}

impl Args {
    fn wants(&self, call: &Call) -> bool {
        self.call.as_ref().is_none_or(|wanted| call.is(wanted))
    }

    /// Prints a ladder, unless it goes to a file.
    fn show(&self, call: &Call) -> Result<(), Failure> {
        if self.svg.is_some() || self.html.is_some() {
            return Ok(());
        }
        let width = self.width.or_else(|| crossterm::terminal::size().ok().map(|(columns, _)| columns));
        let painter = Painter::new(width.unwrap_or(WIDTH).into(), output::is_coloured());
        output::raw(format!("{}\n", painter.paint(&Diagram::of(call, self.details))).as_bytes())
    }

    /// Writes the files.
    fn write(&self, calls: &[&Call]) -> Result<(), Failure> {
        let diagrams = || calls.iter().map(|call| (*call, Diagram::of(call, self.details)));
        if let Some(path) = &self.svg {
            let [call] = calls else { return Err(which(calls)) };
            save(path, &ladder::picture(&Diagram::of(call, self.details)))?;
        }
        match &self.html {
            Some(path) => save(path, &ladder::page(&diagrams().collect::<Vec<_>>())),
            None => Ok(()),
        }
    }

    fn no_call(&self, log: &Log) -> Failure {
        let calls: Vec<&Call> = log.calls().collect();
        match &self.call {
            Some(wanted) if !calls.is_empty() => Failure::usage(format!("no call has a channel {wanted}"))
                .with_remedy(format!("name one of these, or leave it out:{}", list(&calls))),
            _ => Failure::usage("there is no call in the recording"),
        }
    }
}

fn which(calls: &[&Call]) -> Failure {
    Failure::usage(format!("a picture shows one call, and there are {}", calls.len()))
        .with_remedy(format!("--html shows all; or name one by its number:{}", list(calls)))
}

fn list(calls: &[&Call]) -> String {
    let lines = calls.iter().map(|call| format!("  {:>4}  {}", call.number, output::sanitized(&call.title())));
    std::iter::once(String::new()).chain(lines).collect::<Vec<_>>().join("\n")
}

fn save(path: &str, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| Failure::usage(format!("cannot write {path}: {error}")))
}

async fn watch(args: &Args, context: &Context) -> Result<(), Failure> {
    let mut events = args.watched.connect(context, args.apps.clone()).await?;
    let interrupted = feed::interrupted()?;
    note!("connected; calls appear when they are over, or at Ctrl-C");
    let mut watch = Watch { args, log: Log::default(), over: BTreeMap::new(), is_done: false };
    let result = watch.follow(&mut events, interrupted).await;
    events.close().await;
    result?;
    watch.finish()
}

/// Calls that go on.
struct Watch<'a> {
    args: &'a Args,
    log: Log,
    /// The calls that are over and not shown yet, with when to show them.
    over: BTreeMap<u64, Instant>,
    /// Whether the one call that was wanted has been shown.
    is_done: bool,
}

impl Watch<'_> {
    async fn follow(&mut self, events: &mut Events, interrupted: impl Future<Output = ()>) -> Result<(), Failure> {
        let mut interrupted = pin!(interrupted);
        while !self.is_done {
            let due = self.over.values().min().copied();
            let wait = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = &mut interrupted => return Ok(()),
                event = events.next() => match event {
                    Some(event) => self.take(&event?, events.raw()),
                    None => return Ok(()),
                },
                () = wait => self.show_due()?,
            }
        }
        Ok(())
    }

    fn take(&mut self, received: &Received, raw: Option<&str>) {
        match (raw, received) {
            (None, Received::Disconnected(gap)) => self.log.gap(&gap.to_string()),
            (None, Received::Reconnected(gap)) => self.log.gap(&gap.to_string()),
            (raw, _) => {
                let number = raw.and_then(Event::parse).and_then(|event| self.log.add(event));
                let Some(call) = number.and_then(|number| self.log.call(number)) else { return };
                if call.is_over {
                    self.over.insert(call.number, Instant::now() + AFTER_THE_END);
                }
            }
        }
    }

    fn show_due(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        let due: Vec<u64> = self.over.iter().filter(|(_, due)| **due <= now).map(|(number, _)| *number).collect();
        for number in due {
            self.over.remove(&number);
            // A channel may have come back.
            let Some(call) = self.log.call(number).filter(|call| call.is_over) else { continue };
            let is_wanted = self.args.wants(call);
            if is_wanted {
                self.args.show(call)?;
                self.is_done = self.args.call.is_some();
            }
            let goes_to_file = self.args.svg.is_some() || self.args.html.is_some();
            if !(is_wanted && goes_to_file) {
                self.log.remove(number);
            }
        }
        Ok(())
    }

    /// Shows the calls that are not over, and writes the files.
    fn finish(&self) -> Result<(), Failure> {
        let calls: Vec<&Call> = self.log.calls().filter(|call| self.args.wants(call)).collect();
        for call in &calls {
            self.args.show(call)?;
        }
        if calls.is_empty() { Ok(()) } else { self.args.write(&calls) }
    }
}
