//! The operations of ARI: `ari RESOURCE OPERATION`, all from the generated table.

mod request;
mod tree;

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use ari_bindings::{Client, Download, Error, Request, availability};
use clap::ArgMatches;

pub(crate) use self::tree::{resources, words};
use crate::cli;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output::{self, note};
use crate::reference::{Operation, Place, Reply, Resource};

/// An operation with its arguments.
#[derive(Debug)]
pub(crate) struct Args {
    resource: &'static Resource,
    operation: &'static Operation,
    matches: ArgMatches,
}

impl Args {
    /// What the command line says, if it calls an operation.
    pub(crate) fn of(matches: &ArgMatches) -> Option<Self> {
        let (name, inner) = matches.subcommand()?;
        let resource = Resource::find(name)?;
        let (name, matches) = inner.subcommand()?;
        Some(Self { resource, operation: resource.operation(name)?, matches: matches.clone() })
    }
}

/// The request that a command line would send, given with the name of the program; `None` if it calls no operation.
pub(crate) fn request_of(words: &[String]) -> Option<Request> {
    let matches = cli::command().try_get_matches_from(words).ok()?;
    let args = Args::of(&matches)?;
    request::request(args.operation, &args.matches).ok()
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let request = request::request(args.operation, &args.matches)?;
    if context.dry_run() {
        return output::curl(&context.server()?, &request);
    }
    let client = context.client().await?;
    check(&args, &client).await?;
    match send(&args, &client, request, context).await {
        Err(failure) if failure.kind() == Kind::NotFound => Err(explained(&args, &client, failure).await),
        done => done,
    }
}

async fn send(args: &Args, client: &Client, request: Request, context: &Context) -> Result<(), Failure> {
    if args.operation.reply == Reply::File {
        let to = args.matches.get_one::<PathBuf>(tree::SAVE);
        return save(client.download(request).await?, to).await;
    }
    context.print(&client.send(request).await?)
}

async fn save(mut download: Download, to: Option<&PathBuf>) -> Result<(), Failure> {
    let mut out: Box<dyn Write> = match to {
        Some(path) => Box::new(
            File::create(path).map_err(|error| Failure::usage(format!("cannot write {}: {error}", path.display())))?,
        ),
        None if io::stdout().is_terminal() => {
            return Err(Failure::usage("the file is no text for a terminal").with_remedy("--save FILE, or a pipe"));
        }
        None => Box::new(io::stdout().lock()),
    };
    let mut size = 0;
    while let Some(chunk) = download.chunk().await? {
        out.write_all(&chunk)?;
        size += chunk.len();
    }
    out.flush()?;
    if let Some(path) = to {
        note!("{size} bytes in {}", path.display());
    }
    Ok(())
}

/// Refuses parameters that the server's release would ignore. Only those that some release lacks cost the request that
/// asks for the release.
async fn check(args: &Args, client: &Client) -> Result<(), Failure> {
    let operation = availability::find(&args.operation.item(args.resource));
    for parameter in request::given(args.operation, &args.matches) {
        let item = availability::find(&parameter.item(args.resource, args.operation));
        let Some(item) = item.filter(|item| Some(item.since()) != operation.map(availability::Item::since)) else {
            continue;
        };
        let server = client.server_version().await?;
        if server.release().is_some_and(|release| item.is_in(release) == Some(false)) {
            return Err(lacks(server.version(), item));
        }
    }
    Ok(())
}

fn lacks(version: &str, item: availability::Item) -> Failure {
    let since: Vec<String> = item.since().iter().map(ToString::to_string).collect();
    Failure::new(Kind::Unavailable, format!("Asterisk {version} has no {item}; it came with {}", since.join(", ")))
}

/// A 404 with its reason: the release lacks the operation, a module is missing, or there is no such object.
async fn explained(args: &Args, client: &Client, failure: Failure) -> Failure {
    let item = availability::find(&args.operation.item(args.resource));
    let server: Result<_, Error> = client.server_version().await;
    if let (Ok(server), Some(item)) = (server, item)
        && server.release().is_some_and(|release| item.is_in(release) == Some(false))
    {
        return lacks(server.version(), item);
    }
    match listing(args) {
        Some(listing) => {
            failure.with_remedy(format!("`ari {} {}` lists what there is", args.resource.command, listing.command))
        }
        None => failure,
    }
}

/// The operation of the resource that lists what the path names one of.
fn listing(args: &Args) -> Option<&'static Operation> {
    let has_path = |operation: &Operation| operation.parameters.iter().any(|parameter| parameter.place == Place::Path);
    let is_list = |operation: &&Operation| {
        !has_path(operation) && matches!(operation.reply, Reply::Json(ty) if ty.starts_with("List["))
    };
    has_path(args.operation).then(|| args.resource.operations.iter().find(is_list)).flatten()
}
