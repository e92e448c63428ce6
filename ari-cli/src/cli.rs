//! The command line.

use std::time::Duration;

use clap::{Args, FromArgMatches, ValueHint};

use crate::commands::{self, Call};
use crate::completion;
use crate::output::Format;

const ABOUT: &str =
    "Asterisk from a terminal: every operation of its REST interface, and tools for the calls behind them";

/// The order of headings in `--help` follows the order of first use.
const CONNECTION: &str = "Server";
const OUTPUT: &str = "Output";

const EXIT_STATUS: &str = "\
Exit status:
  0    done
  1    any other failure
  2    the command line is wrong, or the request cannot be expressed in ARI
  3    Asterisk has no such channel, bridge or other object (404)
  4    the user or password is wrong, or may not do this (401, 403)
  5    the server cannot be reached, or what answers is not ARI
  6    Asterisk refused or failed for another reason
  7    no answer in time
  8    the server's release does not have this
  130  interrupted";

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Globals {
    /// A server by the name that `ari server add` gave it [env: ARI_SERVER]
    #[arg(short, long, global = true, value_name = "NAME", add = completion::servers(), help_heading = CONNECTION)]
    pub(crate) server: Option<String>,

    /// The server's base URL, such as http://localhost:8088/ari [env: ARI_URL]
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url, help_heading = CONNECTION)]
    pub(crate) url: Option<String>,

    /// The user of ari.conf; the password comes from ARI_PASSWORD, the named server or a prompt [env: ARI_USER]
    #[arg(long, global = true, value_name = "NAME", help_heading = CONNECTION)]
    pub(crate) user: Option<String>,

    /// Send requests over a WebSocket instead of HTTP (Asterisk 20.14, 21.9, 22.4 and later)
    #[arg(long, global = true, help_heading = CONNECTION)]
    pub(crate) websocket: bool,

    /// How many seconds a request may take
    #[arg(long, global = true, value_name = "SECONDS", default_value = "30", value_parser = seconds, help_heading = CONNECTION)]
    pub(crate) max_time: Duration,

    /// Print the request as a curl command and send nothing
    #[arg(long, global = true, help_heading = OUTPUT)]
    pub(crate) dry_run: bool,

    /// The form of the output: a table on a terminal and JSON elsewhere unless it is given
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT", help_heading = OUTPUT)]
    pub(crate) output: Option<Format>,

    /// Filter JSON by this jq expression; text is printed without quotes
    #[arg(long, global = true, value_name = "EXPRESSION", help_heading = OUTPUT)]
    pub(crate) jq: Option<String>,

    /// No colours, as with the variable NO_COLOR
    #[arg(long, global = true, help_heading = OUTPUT)]
    pub(crate) no_color: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if !time.is_zero() && seconds <= 86_400.0 => Ok(time),
        _ => Err("must be more than 0 and at most 86400".to_owned()),
    }
}

/// The whole tree of commands.
pub(crate) fn command() -> clap::Command {
    let command = clap::Command::new("ari").subcommand_required(true).arg_required_else_help(true);
    // The derives of what is added would leave their own documentation.
    commands::add(Globals::augment_args(command))
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .long_about(ABOUT)
        .after_help(EXIT_STATUS)
}

/// What the command line says; exits where it is wrong or asks for help.
pub(crate) fn parse() -> (Globals, Call) {
    let matches = command().get_matches();
    match (Globals::from_arg_matches(&matches), Call::of(&matches)) {
        (Ok(globals), Ok(call)) => (globals, call),
        (Err(error), _) | (_, Err(error)) => error.exit(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_tree_of_commands_is_sound() {
        super::command().debug_assert();
    }
}
