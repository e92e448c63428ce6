//! Whether the server can be reached, as what, and by whom.

use std::time::Instant;

use ari_bindings::{Client, ConnectErrorKind, Error};

use super::check::Check;
use super::get;
use crate::context::Context;
use crate::failure::{Failure, Kind};

/// Prefixes that servers are often given: by http.conf, by distributions and by proxies.
const PREFIXES: [&str; 5] = ["/ari", "/asterisk/ari", "/pbx/ari", "/api/ari", "/asterisk"];

/// Checks the way to the server; false if there is none, so that nothing else can be checked.
pub(super) async fn check(client: &Client, context: &Context, checks: &mut Vec<Check>) -> Result<bool, Failure> {
    let url = context.server()?.url;
    let started = Instant::now();
    let answer = get(client, "/asterisk/ping").await;
    let took = started.elapsed().as_millis();
    let reached = match answer {
        Ok(_) => {
            checks.push(Check::ok("reachable", format!("{url} answers in {took} ms")));
            true
        }
        // Only the module of this operation is missing.
        Err(Error::Refused { status: 404, .. }) => {
            checks.push(Check::ok("reachable", format!("{url} answers in {took} ms, but not to GET /asterisk/ping")));
            true
        }
        Err(error) => {
            let found = Failure::from(error.clone()).to_string();
            let check = match error {
                Error::Unauthorized { .. } => {
                    checks.push(Check::ok("reachable", format!("{url} answers in {took} ms")));
                    let remedy = "compare user and password with the section of the user in ari.conf, and mind \
                                  password_format; `asterisk -rx \"module reload res_ari\"` applies changes";
                    Check::error("credentials", found, remedy).with_kind(Kind::Denied)
                }
                Error::NotAri { status: 404, .. } => elsewhere(&url, found).await?,
                error => Check::error("reachable", found, remedy(&error, &url)).with_kind(kind(&error)),
            };
            checks.push(check);
            false
        }
    };
    if reached || checks.iter().any(Check::is_ok) {
        checks.extend(tls(&url));
    }
    if reached {
        let user = context.server()?.user;
        checks.push(Check::ok("credentials", format!("the server accepts the user {user}")));
    }
    Ok(reached)
}

/// A web server that is not ARI at this path: looks for it at others.
async fn elsewhere(url: &str, found: String) -> Result<Check, Failure> {
    let path = url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| url.len() - rest.len() + at));
    let origin = &url[..path.unwrap_or(url.len())];
    for prefix in PREFIXES {
        let other = format!("{origin}{prefix}");
        if other.trim_end_matches('/') == url.trim_end_matches('/') {
            continue;
        }
        // Without the password, which this path may not be meant for: ARI asks for one.
        let answer = get(&Client::builder(&other).build()?, "/asterisk/ping").await;
        if matches!(answer, Err(Error::Unauthorized { .. })) {
            return Ok(
                Check::error("prefix", found, format!("ARI is at {other}: use that URL")).with_kind(Kind::Unreachable)
            );
        }
    }
    let remedy = "a web server answers, but not ARI: is `enabled = yes` in ari.conf, and is res_ari loaded (`asterisk -rx \
                  \"module show like res_ari\"`)? `prefix` of http.conf, or a proxy, may put a path before /ari; \
                  `asterisk -rx \"http show status\"` lists the paths";
    Ok(Check::error("prefix", found, remedy).with_kind(Kind::Unreachable))
}

fn kind(error: &Error) -> Kind {
    if error.is_timeout() { Kind::Timeout } else { Kind::Unreachable }
}

fn remedy(error: &Error, url: &str) -> String {
    let text = match error {
        Error::Connect { kind: ConnectErrorKind::Refused, .. } => {
            "nothing listens there: does Asterisk run, and are `enabled`, `bindaddr` and `bindport` of http.conf right? \
             `asterisk -rx \"http show status\"` shows what is in effect"
        }
        Error::Connect { kind: ConnectErrorKind::Dns, .. } => "check the name of the host, and the name server",
        Error::Connect { kind: ConnectErrorKind::Tls, .. } => {
            "if the port does not speak TLS, use http:// or the port of `tlsbindaddr` in http.conf (usually 8089, with \
             `tlsenable = yes`); if the certificate is not trusted, is out of date or has another name, replace it or \
             trust its issuer"
        }
        Error::Connect { kind: ConnectErrorKind::NotHttp, .. } if url.starts_with("http:") => {
            "something else listens there, such as AMI or SIP, or it expects https://; the port is `bindport` of http.conf"
        }
        Error::Connect { kind: ConnectErrorKind::NotHttp, .. } => "the port is `tlsbindaddr` of http.conf",
        Error::Refused { status: 503, .. } => "Asterisk is starting: try again in a few seconds",
        Error::NotAri { .. } => "something else answers there, or a proxy has no connection to Asterisk",
        Error::OutcomeUnknown { timed_out: false, .. } => {
            "the server accepts connections and closes them: it has as many as `sessionlimit` of http.conf allows, event \
             connections included; raise it, or end clients that do not close theirs"
        }
        error if error.is_timeout() => {
            "does a firewall drop the packets, or is Asterisk stuck? --max-time gives it longer"
        }
        _ => "check the network on the way to the server",
    };
    text.to_owned()
}

/// Whether the password travels encrypted.
fn tls(url: &str) -> Option<Check> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split('/').next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let is_local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    if scheme == "https" {
        return Some(Check::ok("tls", "encrypted, and the certificate is trusted"));
    }
    if is_local {
        return Some(Check::ok("tls", "not needed: the server is on this machine"));
    }
    Some(Check::warning(
        "tls",
        "the password and all events travel in the clear",
        "set `tlsenable`, `tlsbindaddr` and `tlscertfile` in http.conf and use https://, or put a proxy or a VPN before it",
    ))
}
