//! `ari server`: servers by name.

use std::io;

use clap::{Subcommand, ValueHint};
use serde::Serialize;

use crate::completion;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::note;
use crate::profiles::{self, Profile, Profiles};
use crate::server;

/// Name servers, with their users and passwords, for -s NAME
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Add(Add),
    /// List the servers
    List,
    /// Use a server unless another is chosen
    Use {
        /// The name of the server
        #[arg(add = completion::servers())]
        name: String,
    },
    /// Forget a server
    Remove {
        /// The name of the server
        #[arg(add = completion::servers())]
        name: String,
    },
    /// Show which server is in use, and where its user and password come from
    Show,
}

/// Add a server, or replace the one of that name
///
/// The password is asked for, unless an option says where it comes from. The first server becomes the one in use.
#[derive(Debug, clap::Args)]
struct Add {
    /// The name of the server
    name: String,

    /// The base URL, such as http://pbx.example.com:8088/ari
    #[arg(value_hint = ValueHint::Url)]
    url: String,

    /// The command that prints the password, such as `pass asterisk`; it runs whenever the password is needed
    #[arg(long, value_name = "COMMAND", value_hint = ValueHint::CommandString, conflicts_with_all = ["password_stdin", "no_password"])]
    password_command: Option<String>,

    /// Read the password from standard input
    #[arg(long, conflicts_with = "no_password")]
    password_stdin: bool,

    /// Keep no password: it comes from ARI_PASSWORD, or is asked for each time
    #[arg(long)]
    no_password: bool,
}

/// A server as it is listed.
#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    current: &'static str,
    url: &'a str,
    user: &'a str,
    password: &'a str,
}

/// The server in use.
#[derive(Serialize)]
struct Shown {
    name: Option<String>,
    url: String,
    user: String,
    password: String,
    file: String,
}

pub(crate) fn run(args: Args, context: &Context) -> Result<(), Failure> {
    match args.action {
        Action::Add(add) => self::add(add, context.user()),
        Action::List => list(context),
        Action::Use { name } => {
            let mut profiles = Profiles::load()?;
            profiles.get(&name)?;
            profiles.current = Some(name);
            profiles.save()
        }
        Action::Remove { name } => remove(&name),
        Action::Show => show(context),
    }
}

fn add(add: Add, user: Option<&str>) -> Result<(), Failure> {
    server::check(&add.url)?;
    let Some(user) = user else {
        return Err(Failure::usage("no user").with_remedy("--user NAME, as ari.conf has it"));
    };
    let mut profiles = Profiles::load()?;
    let password = if add.password_stdin {
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        Some(line.trim_end_matches(['\r', '\n']).to_owned())
    } else if add.no_password || add.password_command.is_some() {
        None
    } else {
        Some(server::ask(&format!("Password of {user} at {}: ", add.url))?)
    };
    let profile = Profile { url: add.url, user: user.to_owned(), password, password_command: add.password_command };
    profiles.servers.insert(add.name.clone(), profile);
    profiles.current.get_or_insert(add.name);
    profiles.save()?;
    note!("saved in {}", profiles::path()?.display());
    Ok(())
}

fn remove(name: &str) -> Result<(), Failure> {
    let mut profiles = Profiles::load()?;
    profiles.get(name)?;
    profiles.servers.remove(name);
    profiles.current.take_if(|current| current == name);
    profiles.save()
}

fn list(context: &Context) -> Result<(), Failure> {
    let profiles = Profiles::load()?;
    let listed = profiles.servers.iter().map(|(name, profile)| Listed {
        name,
        current: if profiles.current.as_ref() == Some(name) { "yes" } else { "" },
        url: &profile.url,
        user: &profile.user,
        password: match (&profile.password, &profile.password_command) {
            (Some(_), _) => "file",
            (None, Some(_)) => "command",
            (None, None) => "ARI_PASSWORD or prompt",
        },
    });
    context.output.print_value(&listed.collect::<Vec<_>>())
}

fn show(context: &Context) -> Result<(), Failure> {
    let server = context.server()?;
    let (password, file) = (server.password_source(), profiles::path()?.display().to_string());
    context.output.print_value(&Shown { name: server.profile, url: server.url, user: server.user, password, file })
}
