//! `ari explain`: what an operation, parameter, model, event or property is.

mod example;
mod explanation;
mod find;
mod page;

use crate::context::Context;
use crate::failure::Failure;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  ari explain channels.originate      an operation; `ari explain channels originate` does the same
  ari explain channels.play.media     a parameter
  ari explain StasisStart             an event
  ari explain Channel                 a model
  ari explain Channel.state           a property
  ari explain channels                the operations of a resource";

/// Explain an operation, parameter, event, model or property of ARI
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Its name, as in the declarations or on the command line
    #[arg(required = true, value_name = "ITEM")]
    item: Vec<String>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let explanation = find::find(&args.item.join("."))?.explanation();
    if context.output.is_chosen() {
        return context.output.print_value(&explanation);
    }
    output::raw(page::text(&explanation).as_bytes())
}
