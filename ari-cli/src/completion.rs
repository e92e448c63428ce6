//! What a shell offers beyond the commands: the names of servers, and the channels, bridges and other objects that a
//! server has at that moment.

use std::env;
use std::time::Duration;

use ari_bindings::{Client, Request};
use clap::{Args, Command, FromArgMatches};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use jaq_json::Val;

use crate::cli::Globals;
use crate::output;
use crate::profiles::Profiles;
use crate::reference::{MODELS, Operation, Place, RESOURCES, Reply};
use crate::server::Server;

/// How long a user waits for it at most.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many objects a shell shows at most.
const MOST: usize = 500;

/// The names of the servers.
pub(crate) fn servers() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let profiles = Profiles::load().unwrap_or_default();
        let candidate = |(name, profile): (String, crate::profiles::Profile)| {
            CompletionCandidate::new(name).help(Some(profile.url.into()))
        };
        profiles.servers.into_iter().map(candidate).collect()
    })
}

/// The ids of this kind that the server has; none if it does not answer in time, or only with a password that nobody
/// can be asked for meanwhile.
pub(crate) fn ids(kind: &'static str) -> ArgValueCandidates {
    ArgValueCandidates::new(move || found(kind).unwrap_or_default())
}

fn found(kind: &str) -> Option<Vec<CompletionCandidate>> {
    let (listing, property) = listing(kind)?;
    let server = Server::of(&globals()?).ok().filter(Server::is_unattended)?;
    let client = server.client().ok()?.timeout(PATIENCE).connect_timeout(PATIENCE).build().ok()?;
    let Val::Arr(objects) = list(&client, listing)? else { return None };
    Some(objects.iter().take(MOST).filter_map(|object| candidate(object, property)).collect())
}

/// The operation that lists the objects that have this kind of id, and the property that holds it.
fn listing(kind: &str) -> Option<(&'static Operation, &'static str)> {
    let (model, property) = MODELS.iter().find_map(|model| {
        let (_, property) = model.id.filter(|(of_model, _)| *of_model == kind)?;
        Some((model, property))
    })?;
    let reply = format!("List[{}]", model.name);
    let is_listing = |operation: &&Operation| {
        matches!(operation.reply, Reply::Json(ty) if ty == reply)
            && operation.parameters.iter().all(|parameter| parameter.place != Place::Path && !parameter.required)
    };
    let operations = RESOURCES.iter().flat_map(|resource| resource.operations);
    Some((operations.into_iter().find(is_listing)?, property))
}

fn list(client: &Client, listing: &'static Operation) -> Option<Val> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let asking = client.send(Request::new(listing.method, listing.path));
    let response = runtime.block_on(async { tokio::time::timeout(PATIENCE, asking).await }).ok()?.ok()?;
    output::parse(response.body()).ok()
}

/// An id, with the name of the object where that is something else.
fn candidate(object: &Val, property: &str) -> Option<CompletionCandidate> {
    let id = text(object, property)?;
    let name = text(object, "name").filter(|name| *name != id);
    Some(CompletionCandidate::new(id).help(name.map(Into::into)))
}

fn text(object: &Val, property: &str) -> Option<String> {
    let Val::Obj(members) = object else { return None };
    let Val::TStr(text) = members.get(&Val::from(property.to_owned()))? else { return None };
    let text = String::from_utf8(text.to_vec()).ok()?;
    // A shell would take a line for each, and a terminal the rest for commands.
    (!text.is_empty() && !text.contains(char::is_control)).then_some(text)
}

/// The options of the command line that is being completed, as far as it is written.
fn globals() -> Option<Globals> {
    let words = env::args_os().skip_while(|word| word != "--").skip(1);
    let command = Globals::augment_args(Command::new("ari")).ignore_errors(true).allow_external_subcommands(true);
    // Without the names of commands, of which it knows none.
    let written: Vec<_> = words.collect();
    let matches = command.try_get_matches_from(options(&written)).ok()?;
    Globals::from_arg_matches(&matches).ok()
}

/// The words that choose the server, with their values, wherever they stand.
fn options(words: &[std::ffi::OsString]) -> Vec<&std::ffi::OsString> {
    let choosing = ["-s", "--server", "--url", "--user"];
    let mut chosen: Vec<_> = words.iter().take(1).collect();
    for (index, word) in words.iter().enumerate().skip(1) {
        let Some(text) = word.to_str() else { continue };
        if choosing.contains(&text) {
            chosen.extend(words[index..].iter().take(2));
        } else if choosing.iter().any(|option| text.starts_with(&format!("{option}="))) {
            chosen.push(word);
        }
    }
    chosen
}
