//! Declarations from a running server, which serves its own under `/ari/api-docs/`.

use std::time::Duration;

use anyhow::{Context as _, Error, Result, anyhow, bail};
use ari_codegen::{Release, Source, swagger};

use crate::declarations::Declarations;

const TIMEOUT: Duration = Duration::from_secs(10);

/// The user and password of ARI.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Credentials {
    /// User of the running server
    #[arg(long, env = "ARI_USER", default_value = "asterisk")]
    user: String,
    /// Password of that user
    #[arg(long, env = "ARI_PASSWORD", default_value = "asterisk", hide_env_values = true)]
    password: String,
}

/// Whether a source is a running server and no folder.
pub(crate) fn is_url(source: &str) -> bool {
    source.contains("://")
}

/// Fetches the declarations of the server at `url`, and the release that it says it is.
pub(crate) fn fetch(url: &str, credentials: &Credentials) -> Result<(Declarations, Option<Release>)> {
    let authority = url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    if authority.contains('@') {
        // Reports name the URL, and logs keep reports.
        bail!("the URL holds a user: give it by --user and --password, or ARI_USER and ARI_PASSWORD");
    }
    let server = Server::new(url, credentials);
    let info = server.get("asterisk/info?only=system")?;
    let info: serde_json::Value = serde_json::from_str(&info.text)
        .with_context(|| format!("{}: not JSON; is this the URL of ARI?", info.file))?;
    let release = info["system"]["version"].as_str().and_then(Release::of_server);
    let listing = server.get("api-docs/resources.json")?;
    let mut resources = Vec::new();
    for entry in swagger::read_listing(&listing)?.resources {
        let source = server.get(&format!("api-docs/{}.json", entry.name()))?;
        resources.push((entry.name().to_owned(), source));
    }
    Ok((Declarations { listing, resources }, release))
}

struct Server {
    agent: ureq::Agent,
    base: String,
    authorization: String,
}

impl Server {
    fn new(url: &str, Credentials { user, password }: &Credentials) -> Self {
        use base64::Engine;
        let agent = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).proxy(None);
        let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        Self {
            agent: agent.build().into(),
            base: url.trim_end_matches('/').to_owned(),
            authorization: format!("Basic {credentials}"),
        }
    }

    fn get(&self, path: &str) -> Result<Source> {
        let url = format!("{}/{path}", self.base);
        let failed = |reason: String| -> Error { anyhow!("GET {url}: {reason}") };
        let request = self.agent.get(&url).header("Authorization", &self.authorization);
        let mut response = request.call().map_err(|error| match error {
            ureq::Error::TlsRequired => {
                failed("https needs TLS: `cargo run --package xtask --features https -- …`".to_owned())
            }
            other => failed(other.to_string()),
        })?;
        let text = response.body_mut().read_to_string().map_err(|error| failed(error.to_string()))?;
        match response.status().as_u16() {
            200 => Ok(Source { file: url, text }),
            401 => Err(failed("401: give the user by --user and --password, or ARI_USER and ARI_PASSWORD".to_owned())),
            404 => Err(failed("404: is this the URL of ARI itself, such as http://localhost:8088/ari?".to_owned())),
            status => Err(failed(format!("{status}: {}", excerpt(&text)))),
        }
    }
}

/// The beginning of a body for a message: one line, without control characters that could drive the terminal.
fn excerpt(body: &str) -> String {
    const LIMIT: usize = 200;
    let body = body.trim();
    let mut shown: String = body.chars().take(LIMIT).flat_map(escaped).collect();
    if body.chars().nth(LIMIT).is_some() {
        shown.push('…');
    }
    shown
}

fn escaped(character: char) -> Vec<char> {
    if character.is_control() { character.escape_default().collect() } else { vec![character] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpt_escapes_and_bounds_body() {
        assert_eq!(excerpt("  \u{1b}[2Jgone\r\nnow \n"), "\\u{1b}[2Jgone\\r\\nnow");
        let long = excerpt(&"\u{7}".repeat(10_000_000));
        assert!(long.starts_with("\\u{7}") && long.ends_with('…') && long.chars().count() < 1_500, "{long}");
    }
}
