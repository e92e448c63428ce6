//! One module for each command.
//!
//! # Add a command
//!
//! 1. Write `commands/NAME.rs`, or a folder if it does not fit one file:
//!
//!    ```text
//!    /// What it does, which becomes its line in `ari help`
//!    #[derive(Debug, clap::Args)]
//!    pub(crate) struct Args { … }
//!
//!    pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> { … }
//!    ```
//!
//! 2. Add a variant to [`Command`] and a line to [`run`].
//! 3. Take the server from `context.client().await`; it has the profile, the password and the time limit.
//! 4. Write results with `context.output`: `print` for a value, which keeps `-o`, `--jq` and `--no-color` the same
//!    everywhere. Other text for people goes through `output::outln!` and `output::note!`, to
//!    standard output and standard error. Never `println!`: it panics when a pipe closes, and writes colours to files.
//! 5. Return a [`Failure`] with what was wrong and what to do; its [`Kind`](crate::failure::Kind) is the exit status.
//!    Errors of the bindings convert by `?`.
//! 6. Options must not have the name of a global one (`cli::Globals`); the test in `cli` fails if they do.
//! 7. Test it in `tests/`, against the fake of `ari-test`.

mod api;
mod call;
mod completions;
mod dial;
mod diff;
mod doctor;
mod explain;
mod history;
mod listen;
mod man;
mod operation;
mod replay;
mod server;
mod top;
mod trace;

use clap::{ArgMatches, FromArgMatches, Subcommand};

use crate::context::Context;
use crate::failure::Failure;

/// The commands that are written by hand.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Api(api::Args),
    Call(call::Args),
    Completions(completions::Args),
    Dial(dial::Args),
    Diff(diff::Args),
    Doctor(doctor::Args),
    Explain(explain::Args),
    Hello(call::Hello),
    History(history::Args),
    Listen(listen::Args),
    Man(man::Args),
    Replay(replay::Args),
    Server(server::Args),
    Top(top::Args),
    Trace(trace::Args),
}

/// What the command line calls.
#[derive(Debug)]
pub(crate) enum Call {
    /// An operation of ARI.
    Operation(operation::Args),
    /// A command that is written by hand.
    Command(Command),
}

impl Call {
    pub(crate) fn of(matches: &ArgMatches) -> Result<Self, clap::Error> {
        match operation::Args::of(matches) {
            Some(args) => Ok(Self::Operation(args)),
            None => Command::from_arg_matches(matches).map(Self::Command),
        }
    }
}

/// The whole tree of commands below this one.
pub(crate) fn add(command: clap::Command) -> clap::Command {
    Command::augment_subcommands(command).subcommands(operation::resources())
}

pub(crate) async fn run(call: Call, context: &Context) -> Result<(), Failure> {
    match call {
        Call::Operation(args) => operation::run(args, context).await,
        Call::Command(Command::Api(args)) => api::run(args, context).await,
        Call::Command(Command::Completions(args)) => completions::run(&args),
        Call::Command(Command::Man(args)) => man::run(&args),
        Call::Command(Command::Hello(args)) => call::run(args.into(), context).await,
        Call::Command(Command::Call(args)) => call::run(args, context).await,
        Call::Command(Command::Dial(args)) => dial::run(args, context).await,
        Call::Command(Command::Server(args)) => server::run(args, context),
        Call::Command(Command::Listen(args)) => listen::run(args, context).await,
        Call::Command(Command::Replay(args)) => replay::run(args).await,
        Call::Command(Command::Top(args)) => top::run(args, context).await,
        Call::Command(Command::Trace(args)) => trace::run(args, context).await,
        Call::Command(Command::Diff(args)) => diff::run(args, context).await,
        Call::Command(Command::Doctor(args)) => doctor::run(args, context).await,
        Call::Command(Command::Explain(args)) => explain::run(&args, context),
        Call::Command(Command::History(args)) => history::run(&args, context),
    }
}
