//! `ari listen`: events as they happen.

mod exec;
mod line;
mod wanted;

use std::fs::File;
use std::pin::pin;

use ari_bindings::{Event as Received, Events};

use self::exec::Jobs;
use self::line::Lines;
use self::wanted::Wanted;
use crate::calls::Event;
use crate::context::Context;
use crate::failure::Failure;
use crate::feed::{self, Watched};
use crate::output::{self, Format, Stream};

const EXAMPLES: &str = "\
Examples:
  ari listen hello                              # the calls of Stasis(hello)
  ari listen                                    # everything, beside the programs that run
  ari listen --type 'Stasis*' --type Dial
  ari listen --where '.channel.caller.number == \"100\"'
  ari listen --json | jq .type
  ari listen --record calls.jsonl               # for `ari trace --from` and `ari replay`
  ari listen hello --type StasisStart --exec 'jq -r .channel.id >> calls.txt'

A lost connection is re-established; a line shows where events are missing. Ctrl-C ends it.";

/// Show events as they happen, one on each line
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The applications whose events to receive; without any, those of everything on the server
    apps: Vec<String>,

    #[command(flatten)]
    watched: Watched,

    #[command(flatten)]
    wanted: wanted::Options,

    /// Print events as Asterisk sends them, one JSON object on each line
    #[arg(long)]
    json: bool,

    /// Run a command for each event, instead of printing it: the event's JSON is its standard input
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,

    /// How many commands of --exec run at once
    #[arg(long, value_name = "NUMBER", default_value = "4", value_parser = clap::value_parser!(u16).range(1..=256), requires = "exec")]
    jobs: u16,

    /// Write all events to a new file, whether or not they are shown
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    record: Option<String>,

    /// End after this many events that were shown
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let wanted = Wanted::new(&args.wanted)?;
    let record = args.record.as_deref().map(new_file).transpose()?;
    let show = Show::new(&args, context);
    let what = if args.apps.is_empty() { "everything".to_owned() } else { args.apps.join(", ") };
    let mut events = args.watched.connect(context, args.apps).await?;
    let interrupted = feed::interrupted()?;
    output::note!("listening to {}", output::sanitized(&what));
    let mut listener = Listener { wanted, show, record, left: args.count };
    let result = listener.listen(&mut events, interrupted).await;
    events.close().await;
    // A second Ctrl-C gives up a reader that does not read.
    let finished = tokio::select! {
        finished = listener.finish() => finished,
        () = feed::interrupted()? => Ok(()),
    };
    result.and(finished)
}

fn new_file(path: &str) -> Result<Stream, Failure> {
    let file = File::create_new(path).map_err(|error| {
        Failure::usage(format!("cannot create {path}: {error}")).with_remedy("give a name that no file has")
    })?;
    Ok(Stream::new(file))
}

/// What happens with events.
struct Listener<'a> {
    wanted: Wanted,
    show: Show<'a>,
    record: Option<Stream>,
    /// How many events are still to be shown.
    left: Option<u64>,
}

impl Listener<'_> {
    async fn listen(&mut self, events: &mut Events, interrupted: impl Future<Output = ()>) -> Result<(), Failure> {
        let mut interrupted = pin!(interrupted);
        while self.left != Some(0) {
            let taken = async {
                let Some(event) = events.next().await else { return Ok(false) };
                self.take(&event?, events.raw()).await.map(|()| true)
            };
            tokio::select! {
                biased;
                () = &mut interrupted => return Ok(()),
                taken = taken => if !taken? { return Ok(()) },
            }
        }
        Ok(())
    }

    async fn take(&mut self, received: &Received, raw: Option<&str>) -> Result<(), Failure> {
        // Notices about the connection have no text of the server's.
        let (text, is_notice) = match raw {
            Some(raw) => (raw.to_owned(), false),
            None => (serde_json::to_string(received).unwrap_or_default(), true),
        };
        // A frame is one line, whatever a server may send.
        let text = if text.contains('\n') { text.replace(['\n', '\r'], " ") } else { text };
        if let Some(record) = &mut self.record {
            record.write(format!("{text}\n").into_bytes()).await?;
        }
        if is_notice {
            return self.show.notice(received, text).await;
        }
        if self.wanted.has(received.kind(), &text) {
            self.left = self.left.map(|left| left - 1);
            self.show.event(text).await?;
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), Failure> {
        let recorded = match &mut self.record {
            Some(record) => record.finish().await,
            None => Ok(()),
        };
        self.show.finish().await.and(recorded)
    }
}

/// Where wanted events go.
enum Show<'a> {
    Lines(Stream, Box<Lines>),
    Json(Stream),
    Filtered(Stream, &'a Context),
    Exec(Jobs),
}

impl<'a> Show<'a> {
    fn new(args: &Args, context: &'a Context) -> Self {
        if let Some(command) = &args.exec {
            return Self::Exec(Jobs::new(command, args.jobs));
        }
        let is_raw = matches!(context.output.format(), Format::Json | Format::Jsonl);
        match context.output.format() {
            _ if context.output.is_filtered() => Self::Filtered(Stream::stdout(), context),
            _ if args.json || is_raw => Self::Json(Stream::stdout()),
            Format::Yaml => Self::Filtered(Stream::stdout(), context),
            _ => Self::Lines(Stream::stdout(), Box::new(Lines::new(output::is_coloured()))),
        }
    }

    async fn event(&mut self, text: String) -> Result<(), Failure> {
        match self {
            Self::Lines(stream, lines) => stream.write(lines.event(&text).into_bytes()).await,
            Self::Json(stream) => stream.write((text + "\n").into_bytes()).await,
            Self::Filtered(stream, context) => {
                let mut piece = context.output.rendered(&output::parse(text.as_bytes())?)?;
                if context.output.format() == Format::Yaml {
                    piece.splice(0..0, *b"---\n");
                }
                stream.write(piece).await
            }
            Self::Exec(jobs) => jobs.start(text).await,
        }
    }

    /// Shows that events are missing, which no filter holds back.
    async fn notice(&mut self, notice: &Received, text: String) -> Result<(), Failure> {
        match self {
            Self::Lines(stream, lines) => stream.write(lines.notice(notice).into_bytes()).await,
            Self::Json(stream) => stream.write((text + "\n").into_bytes()).await,
            Self::Filtered(..) | Self::Exec(_) => {
                output::note!("{}", line::notice(notice));
                Ok(())
            }
        }
    }

    async fn finish(&mut self) -> Result<(), Failure> {
        match self {
            Self::Lines(stream, _) | Self::Json(stream) | Self::Filtered(stream, _) => stream.finish().await,
            Self::Exec(jobs) => {
                jobs.finish().await;
                Ok(())
            }
        }
    }
}

/// The event of a frame, if it is one.
fn parsed(text: &str) -> Option<Event> {
    Event::parse(text)
}
