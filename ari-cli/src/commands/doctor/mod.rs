//! `ari doctor`: what is wrong with a server, and what to change.

mod access;
mod applications;
mod check;
mod config;
mod idle;
mod modules;
mod reach;
mod recordings;
mod release;

use ari_bindings::{Client, Error, Method, Request};
use serde_json::Value;

use self::check::Check;
use crate::context::Context;
use crate::failure::Failure;
use crate::output;

const HELP: &str = "\
Examples:
  ari doctor                        look, and change nothing
  ari doctor --app hello            also: is the name of this application free?
  ari doctor --write --measure      also record for a second, and measure how long idle connections last

Exit status:
  0  no check has more than a note
  1  there are warnings
  otherwise that of the first error, as in `ari --help`";

/// Check a server and say what to change
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// An application that your program is going to use; can be given several times
    #[arg(long = "app", value_name = "APP")]
    apps: Vec<String>,

    /// A transport of pjsip.conf whose addresses are checked, besides those with usual names
    #[arg(long = "transport", value_name = "NAME")]
    transports: Vec<String>,

    /// Make a short recording and delete it, to see whether recordings can be written
    #[arg(long)]
    write: bool,

    /// Measure what the server does not tell: how long an idle connection stays open, which takes up to 30 seconds
    #[arg(long)]
    measure: bool,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let checks = checks(&args, context).await?;
    if context.output.is_chosen() {
        context.output.print_value(&checks)?;
    } else {
        output::raw(check::text(&checks).as_bytes())?;
    }
    check::verdict(&checks)
}

async fn checks(args: &Args, context: &Context) -> Result<Vec<Check>, Failure> {
    let client = context.http_client("")?;
    let mut checks = Vec::new();
    if !reach::check(&client, context, &mut checks).await? {
        return Ok(checks);
    }
    checks.push(access::rights(&client).await);
    checks.push(access::clock(&client).await);
    let release = release::check(&client, &mut checks).await;
    modules::check(&client, release, &mut checks).await;
    checks.push(access::events(&client).await);
    applications::check(&client, &args.apps, &mut checks).await;
    checks.push(recordings::sounds(&client).await);
    checks.push(recordings::folder(&client, args.write).await);
    config::ari(&client, &mut checks).await;
    config::media(&client, &args.transports, &mut checks).await;
    if args.measure {
        checks.push(idle::check(&context.server()?.url).await);
    }
    Ok(checks)
}

/// The JSON that a path answers with.
async fn get(client: &Client, path: &str) -> Result<Value, Error> {
    let response = client.send(Request::new(Method::Get, path.to_owned())).await?;
    Ok(serde_json::from_slice(response.body()).unwrap_or_default())
}

/// A name that nothing else on the server has.
fn unique() -> String {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    format!("ari-doctor-{}-{}", std::process::id(), since.as_millis())
}
