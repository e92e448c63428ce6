//! `--dry-run`: a request as the curl command that sends it.

use ari_bindings::Request;

use super::outln;
use crate::failure::Failure;
use crate::server::Server;

/// Prints a request as a command for a POSIX shell; the password stays in `$ARI_PASSWORD`.
pub(crate) fn curl(server: &Server, request: &Request) -> Result<(), Failure> {
    outln!("{}", curl_command(&server.url, &server.user, request))?;
    Ok(())
}

/// The command for a POSIX shell that sends a request to the server at a base URL.
pub(crate) fn curl_command(url: &str, user: &str, request: &Request) -> String {
    let url = format!("{}/{}", url.trim_end_matches('/'), request.uri());
    let user = user.replace(['"', '\\', '$', '`'], "_");
    let mut command = format!("curl -sS -u \"{user}:$ARI_PASSWORD\" -X {} {}", request.method(), quoted(&url));
    if let Some(body) = request.body() {
        command += " -H 'Content-Type: application/json' -d ";
        command += &quoted(&body.to_string());
    }
    command
}

/// A word of a POSIX shell, in quotes if it needs them.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
