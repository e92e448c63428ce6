//! What the user may do, whether events arrive, and what time it is there.

use std::time::{Instant, SystemTime};

use ari_bindings::{Client, ConnectErrorKind, Error, Method, Request, date};

use super::check::Check;
use super::{get, unique};
use crate::failure::Failure;

/// How far apart clocks may be, in milliseconds.
const APART: i128 = 2_000;

/// Whether the user may change things: asked with a request that has nothing to change.
pub(super) async fn rights(client: &Client) -> Check {
    let request = Request::new(Method::Delete, "/playbacks/{playbackId}").path_parameter("playbackId", unique());
    match client.send(request).await {
        Err(Error::Refused { status: 403, .. }) => Check::warning(
            "rights",
            "the user may only read",
            "to control calls, use another user, or `read_only = no` in ari.conf",
        ),
        Ok(_) | Err(Error::Refused { status: 404, .. }) => Check::ok("rights", "the user may read and write"),
        Err(error) => Check::skipped("rights", Failure::from(error).to_string()),
    }
}

/// How far the clock of the server is from the one here.
pub(super) async fn clock(client: &Client) -> Check {
    let sent = SystemTime::now();
    let answer = get(client, "/asterisk/ping").await;
    let took = sent.elapsed().unwrap_or_default();
    let there = answer.ok().and_then(|ping| date::parse(ping["timestamp"].as_str()?).ok());
    let (Some(there), Ok(here)) = (there, (sent + took / 2).duration_since(SystemTime::UNIX_EPOCH)) else {
        return Check::skipped("clock", "the server does not tell the time");
    };
    let ahead = i128::from(there.timestamp_millis()) - i128::try_from(here.as_millis()).unwrap_or_default();
    let apart = ahead.unsigned_abs();
    if apart <= APART.unsigned_abs() + took.as_millis() {
        return Check::ok("clock", format!("within {} s of the clock here", APART / 1000));
    }
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    let apart = match apart / 1000 {
        seconds @ 0..3_600 => format!("{seconds}.{} s", apart % 1000 / 100),
        seconds @ 3_600..86_400 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    };
    let found = format!("the server's clock is {apart} {direction} the one here");
    Check::warning("clock", found, "keep both clocks by NTP (chrony, systemd-timesyncd): logs and certificates need it")
}

/// Whether an event connection opens.
pub(super) async fn events(client: &Client) -> Check {
    let started = Instant::now();
    match client.events(unique()).await {
        Ok(mut events) => {
            let took = started.elapsed().as_millis();
            events.close().await;
            Check::ok("events", format!("an event connection opens in {took} ms"))
        }
        Err(error) => {
            let remedy = match error {
                Error::Connect { kind: ConnectErrorKind::NoWebSocket, .. } => {
                    "is res_http_websocket loaded? A proxy on the way must forward `Upgrade` and `Connection`"
                }
                _ => {
                    "are res_ari_events and res_http_websocket loaded, and is `sessionlimit` of http.conf high enough?"
                }
            };
            Check::error("events", Failure::from(error).to_string(), remedy)
        }
    }
}
