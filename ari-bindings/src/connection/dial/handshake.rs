//! The opening handshake of a WebSocket, whose refusals are read like those of any request.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::{
    CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL, UPGRADE,
};
use reqwest::Response;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::super::socket::{LARGEST_MESSAGE, Metered, Socket, config};
use crate::request::Head;
use crate::transport::{ByteStream, Http, Upgraded};
use crate::{ConnectErrorKind, Error, Request};

/// How much of a refusal is read.
const LARGEST_REFUSAL: usize = 64 << 10;

/// How long the text of a refusal may take once its head is there.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// Connects, and upgrades the connection to a WebSocket.
pub(super) async fn upgrade(http: &Http, request: &Request) -> Result<Socket, Error> {
    let key = generate_key();
    let stream = match http.upgrade(request, &key).await? {
        Upgraded::Response(response) => upgraded(http, request, response, &key).await?,
        Upgraded::Stream(stream) => stream,
    };
    Ok(Socket::from_raw_socket(Metered::new(stream), Role::Client, Some(config(LARGEST_MESSAGE))).await)
}

/// The stream of the WebSocket, if the server agrees to it.
async fn upgraded(http: &Http, request: &Request, response: Response, key: &str) -> Result<Box<dyn ByteStream>, Error> {
    let head = Head::new(response.status().as_u16(), response.headers());
    if response.status() != 101 {
        let is_upgrade_missing = response.status() == 426;
        let refusal = http.refusal(head, request, &refusal(response).await);
        // Asterisk answers so if the request arrives without its Upgrade.
        return Err(if is_upgrade_missing {
            http.connect_error(ConnectErrorKind::NoWebSocket, Arc::new(refusal))
        } else {
            refusal
        });
    }
    if let Err(fault) = check(response.headers(), key) {
        return Err(http.refusal(head, request, fault));
    }
    match response.upgrade().await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(http.connect_error(ConnectErrorKind::Other, Arc::new(error.without_url()))),
    }
}

/// Whether the server agrees to the WebSocket that was asked for (RFC 6455, 4.1).
fn check(headers: &HeaderMap, key: &str) -> Result<(), &'static str> {
    if !has_token(headers, UPGRADE, "websocket") {
        return Err("no WebSocket: the header Upgrade is missing");
    }
    if !has_token(headers, CONNECTION, "upgrade") {
        return Err("no WebSocket: the header Connection does not say Upgrade");
    }
    let accept = headers.get(SEC_WEBSOCKET_ACCEPT);
    if accept.is_none_or(|accept| accept.as_bytes() != derive_accept_key(key.as_bytes()).as_bytes()) {
        return Err("no WebSocket: Sec-WebSocket-Accept is wrong");
    }
    if headers.contains_key(SEC_WEBSOCKET_EXTENSIONS) || headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
        return Err("no WebSocket as asked for: it has extensions or a subprotocol");
    }
    Ok(())
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(token))
}

/// The text of a refusal. Cut short, it is still the best explanation there is.
async fn refusal(mut response: Response) -> String {
    let mut text = Vec::new();
    let read = async {
        while let Ok(Some(piece)) = response.chunk().await {
            text.extend_from_slice(&piece[..piece.len().min(LARGEST_REFUSAL - text.len())]);
            if text.len() == LARGEST_REFUSAL {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(REFUSAL_TIMEOUT, read).await;
    String::from_utf8_lossy(&text).into_owned()
}
