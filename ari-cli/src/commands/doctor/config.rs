//! Settings that the server shows by `GET /asterisk/config/dynamic`.

use std::collections::BTreeMap;

use ari_bindings::{Client, Method, Request};
use serde_json::Value;

use super::check::Check;

/// Names that distributions and samples give to transports of PJSIP.
const TRANSPORTS: [&str; 11] = [
    "transport-udp",
    "transport-tcp",
    "transport-tls",
    "transport-wss",
    "udp",
    "tcp",
    "tls",
    "wss",
    "0.0.0.0-udp",
    "0.0.0.0-tcp",
    "0.0.0.0-tls",
];

type Settings = BTreeMap<String, String>;

/// The settings of an object, if the server shows it.
async fn settings(client: &Client, class: &str, kind: &str, id: &str) -> Option<Settings> {
    let request = Request::new(Method::Get, "/asterisk/config/dynamic/{class}/{type}/{id}");
    let request = request.path_parameter("class", class).path_parameter("type", kind).path_parameter("id", id);
    let response = client.send(request).await.ok()?;
    let tuples: Vec<Value> = serde_json::from_slice(response.body()).ok()?;
    let setting = |tuple: &Value| Some((tuple["attribute"].as_str()?.to_owned(), tuple["value"].as_str()?.to_owned()));
    Some(tuples.iter().filter_map(setting).collect())
}

fn value<'a>(settings: &'a Settings, name: &str) -> &'a str {
    settings.get(name).map_or("", String::as_str)
}

/// ari.conf, which newer releases show.
pub(super) async fn ari(client: &Client, checks: &mut Vec<Check>) {
    let Some(general) = settings(client, "res_ari", "general", "general").await else {
        return checks.push(Check::skipped("ari.conf", "this server does not show it"));
    };
    checks.push(if value(&general, "allowed_origins").split(',').any(|origin| origin.trim() == "*") {
        Check::warning(
            "ari.conf",
            "`allowed_origins = *`: scripts of any website may use ARI from a browser that has the password",
            "list the origins of your own pages in ari.conf, or remove the line",
        )
    } else {
        Check::ok("ari.conf", "no foreign website is allowed to use ARI")
    });
    let timeout = value(&general, "websocket_write_timeout");
    let found =
        format!("a client that does not read its events for {timeout} ms is disconnected (websocket_write_timeout)");
    checks.push(match timeout.parse::<u64>() {
        Ok(..50) => Check::warning("ari.conf", found, "set `websocket_write_timeout` to 100 or more"),
        Ok(_) => Check::ok("ari.conf", found),
        Err(_) => Check::skipped("ari.conf", "websocket_write_timeout is not shown"),
    });
}

/// The addresses that phones are given for the sound.
pub(super) async fn media(client: &Client, named: &[String], checks: &mut Vec<Check>) {
    let mut found = false;
    for name in named.iter().map(String::as_str).chain(TRANSPORTS) {
        let Some(transport) = settings(client, "res_pjsip", "transport", name).await else {
            if named.iter().any(|wanted| wanted == name) {
                let text = format!("pjsip.conf has no transport `{name}`, or the server does not show it");
                checks.push(Check::skipped("nat", text));
            }
            continue;
        };
        found = true;
        checks.push(address(name, &transport));
    }
    if !found && named.is_empty() {
        checks.push(Check::skipped("nat", "no transport of PJSIP has a usual name: give it by --transport"));
    }
}

fn address(name: &str, transport: &Settings) -> Check {
    let bind = value(transport, "bind");
    let (media, local) = (value(transport, "external_media_address"), value(transport, "local_net"));
    if media.is_empty() {
        let local = if bind.starts_with("127.") || bind.starts_with("[::1]") {
            ", and only this machine reaches it"
        } else {
            ""
        };
        let found =
            format!("{name} has no external_media_address: right if no NAT is between Asterisk and its phones{local}");
        return Check::ok("nat", found);
    }
    if local.is_empty() {
        return Check::warning(
            "nat",
            format!(
                "{name} gives {media} to every phone, also to those in the same network, since it has no local_net"
            ),
            "list the networks behind the NAT as `local_net` of the transport in pjsip.conf",
        );
    }
    Check::ok("nat", format!("{name} gives {media} to phones outside of {local}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_external_address_needs_the_local_networks() {
        let level = |pairs: &[(&str, &str)]| {
            let settings = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            serde_json::to_value(address("transport-udp", &settings)).unwrap()["level"].clone()
        };
        assert_eq!(level(&[("bind", "0.0.0.0:5060"), ("external_media_address", "")]), "ok");
        assert_eq!(level(&[("external_media_address", "203.0.113.1")]), "warning");
        assert_eq!(level(&[("external_media_address", "203.0.113.1"), ("local_net", "10.0.0.0/8")]), "ok");
    }
}
