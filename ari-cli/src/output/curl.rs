//! `--dry-run`: a request as the curl command that sends it.

use ari_bindings::Request;

use super::outln;
use crate::failure::Failure;
use crate::server::Server;

/// Prints a request as a command for a POSIX shell; the password stays in `$ARI_PASSWORD`.
pub(crate) fn curl(server: &Server, request: &Request) -> Result<(), Failure> {
    outln!("{}", command(server, request))?;
    Ok(())
}

fn command(server: &Server, request: &Request) -> String {
    let url = format!("{}/{}", server.url.trim_end_matches('/'), request.uri());
    let user = server.user.replace(['"', '\\', '$', '`'], "_");
    let mut command = format!("curl -sS -u \"{user}:$ARI_PASSWORD\" -X {} {}", request.method(), quoted(&url));
    if let Some(body) = request.body() {
        command += " -H 'Content-Type: application/json' -d ";
        command += &quoted(&body.to_string());
    }
    command
}

/// A word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
