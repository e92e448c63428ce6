//! `ari api`: any request, by method and path.

use std::io::Read;

use ari_bindings::{Method, Request};
use serde_json::Value;

use crate::context::Context;
use crate::failure::Failure;

/// The largest body that is read from a file or a pipe.
const MAX_BODY: u64 = 16 << 20;

const EXAMPLES: &str = "\
Examples:
  ari api GET /channels
  ari api POST /channels/1700000000.1/play -f media=sound:hello-world
  echo '{\"variables\": {\"LANG\": \"en\"}}' | ari api POST /channels -f endpoint=PJSIP/alice -f app=hello --json @-";

/// Send any request, also one that this program does not know
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// GET, POST, PUT, PATCH or DELETE
    #[arg(value_parser = method)]
    method: Method,

    /// The path below the base URL, such as /channels; it may have a query
    path: String,

    /// A parameter of the query, in the form KEY=VALUE
    #[arg(short, long = "field", value_name = "KEY=VALUE", value_parser = field)]
    fields: Vec<(String, String)>,

    /// The body: JSON, @FILE, or @- for standard input
    #[arg(long, value_name = "JSON")]
    json: Option<String>,
}

fn method(text: &str) -> Result<Method, String> {
    match text.to_ascii_uppercase().as_str() {
        "GET" => Ok(Method::Get),
        "POST" => Ok(Method::Post),
        "PUT" => Ok(Method::Put),
        "PATCH" => Ok(Method::Patch),
        "DELETE" => Ok(Method::Delete),
        _ => Err("ARI has GET, POST, PUT, PATCH and DELETE".to_owned()),
    }
}

fn field(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("there is no `=` between key and value")?;
    Ok((key.to_owned(), value.to_owned()))
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let request = request(args)?;
    context.send(request).await
}

fn request(args: Args) -> Result<Request, Failure> {
    let (path, query) = args.path.split_once('?').unwrap_or((&args.path, ""));
    let slash = if path.starts_with('/') { "" } else { "/" };
    let mut request = Request::new(args.method, format!("{slash}{path}"));
    let of_path = form_urlencoded::parse(query.as_bytes()).into_owned();
    for (key, value) in of_path.chain(args.fields) {
        request = request.query_parameter(key, value);
    }
    if let Some(text) = args.json {
        request = request.json(json(&text)?);
    }
    Ok(request)
}

/// JSON as an argument gives it: itself, or the name of a file after `@`.
pub(crate) fn json(argument: &str) -> Result<Value, Failure> {
    let (text, from) = match argument.strip_prefix('@') {
        None => (argument.to_owned(), "the argument"),
        Some("-") => (read(std::io::stdin(), "standard input")?, "standard input"),
        Some(path) => {
            let file =
                std::fs::File::open(path).map_err(|error| Failure::usage(format!("cannot read {path}: {error}")))?;
            (read(file, path)?, path)
        }
    };
    serde_json::from_str(&text).map_err(|error| Failure::usage(format!("{from} is not JSON: {error}")))
}

fn read(from: impl Read, name: &str) -> Result<String, Failure> {
    let mut text = String::new();
    from.take(MAX_BODY + 1)
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
    if text.len() as u64 > MAX_BODY {
        return Err(Failure::usage(format!("{name} has more than {MAX_BODY} bytes, more than Asterisk reads")));
    }
    Ok(text)
}
