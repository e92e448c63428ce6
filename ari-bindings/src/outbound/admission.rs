//! Which connections become sessions.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::header::{
    AUTHORIZATION, HeaderValue, SEC_WEBSOCKET_PROTOCOL, WWW_AUTHENTICATE,
};
use tokio_tungstenite::tungstenite::http::{HeaderMap, StatusCode};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes};
use zeroize::Zeroizing;

use crate::connection::{Metered, Socket, application, config};
use crate::event::kind;
use crate::request::excerpt;
use crate::transport::ByteStream;

/// The subprotocol of ARI.
const PROTOCOL: &str = "ari";

/// The maximum number of messages before the one that names the application.
const MAX_FIRST_MESSAGES: usize = 16;

/// How much of the name of an application is logged; those of Asterisk have 73 characters at most.
const EXCERPT: usize = 100;

/// What a connection has to present.
#[derive(Clone)]
pub(super) struct Admission {
    /// The value of the header with user and password.
    pub(super) authorization: Option<Zeroizing<String>>,
    pub(super) applications: Option<Vec<String>>,
    pub(super) max_message_size: usize,
}

/// A connection that has authenticated.
pub(super) struct Authenticated {
    pub(super) socket: Socket,
    /// Path and query of its request.
    pub(super) path: String,
    pub(super) permit: OwnedSemaphorePermit,
}

/// What a connection has said first.
pub(super) struct Introduction {
    pub(super) application: String,
    pub(super) messages: VecDeque<Utf8Bytes>,
}

impl Admission {
    /// Reads the HTTP request of a connection, checks its credentials, and upgrades it to a WebSocket if there is room
    /// for a session.
    pub(super) async fn authenticate(
        &self,
        stream: Box<dyn ByteStream>,
        sessions: &Arc<Semaphore>,
    ) -> Result<Authenticated, String> {
        let (mut path, mut permit) = (String::new(), None);
        let check = Check { admission: self, sessions, path: &mut path, permit: &mut permit };
        let socket = accept_hdr_async_with_config(Metered::new(stream), check, Some(config(self.max_message_size)))
            .await
            .map_err(|error| refusal(&error))?;
        let permit = permit.ok_or("its request was not checked")?;
        Ok(Authenticated { socket, path, permit })
    }

    /// Reads messages until one names the application, and checks that name.
    pub(super) async fn introduce(&self, socket: &mut Socket) -> Result<Introduction, String> {
        let mut messages = VecDeque::new();
        while messages.len() < MAX_FIRST_MESSAGES {
            let text = match socket.next().await {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(_))) | None => return Err("it closed before it named its application".into()),
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(error.to_string()),
            };
            let registered = kind(&text).is_ok_and(|kind| kind == "ApplicationRegistered");
            let named = registered.then(|| application(&text).map(String::from)).flatten();
            messages.push_back(text);
            let Some(application) = named else { continue };
            if !self.is_welcome(&application) {
                let shown = excerpt(&application, EXCERPT);
                return Err(format!("the application {shown:?} is not accepted here"));
            }
            return Ok(Introduction { application, messages });
        }
        Err("its first messages do not name its application".to_owned())
    }

    /// Whether an application is accepted.
    ///
    /// With a connection for each call, Asterisk 22 appends the channel's name, which is not its id:
    /// `hello-world:PJSIP/phone-a-00000001`. That is the name of the application in everything that follows.
    fn is_welcome(&self, application: &str) -> bool {
        let Some(expected) = &self.applications else { return true };
        expected.iter().any(|expected| {
            application.strip_prefix(expected.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        })
    }

    fn has_credentials(&self, headers: &HeaderMap) -> bool {
        let Some((expected_scheme, expected)) = self.authorization.as_ref().and_then(|basic| basic.split_once(' '))
        else {
            return true;
        };
        let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some((scheme, shown)) = shown.and_then(|shown| shown.split_once(' ')) else { return false };
        scheme.eq_ignore_ascii_case(expected_scheme) && is_same(shown.trim().as_bytes(), expected.as_bytes())
    }
}

/// Compares in a time that depends on the length of what was shown alone, and not on where it differs.
fn is_same(shown: &[u8], expected: &[u8]) -> bool {
    let mut difference = shown.len() ^ expected.len();
    for (index, byte) in shown.iter().enumerate() {
        difference |= usize::from(byte ^ expected.get(index).copied().unwrap_or(0));
    }
    std::hint::black_box(difference) == 0
}

/// Reads the request for an upgrade.
struct Check<'a> {
    admission: &'a Admission,
    sessions: &'a Arc<Semaphore>,
    path: &'a mut String,
    permit: &'a mut Option<OwnedSemaphorePermit>,
}

impl Callback for Check<'_> {
    #[allow(clippy::result_large_err, reason = "the trait has it so")]
    fn on_request(self, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        let headers = request.headers();
        if !self.admission.has_credentials(headers) {
            let mut refusal = error(StatusCode::UNAUTHORIZED, "the user or password is wrong");
            refusal.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"ari\""));
            return Err(refusal);
        }
        let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
        if !offered.flat_map(|offered| offered.split(',')).any(|offered| offered.trim() == PROTOCOL) {
            let reason = "the subprotocol `ari` is not offered: websocket_client.conf needs `protocols = ari`";
            return Err(error(StatusCode::BAD_REQUEST, reason));
        }
        let Ok(permit) = Arc::clone(self.sessions).try_acquire_owned() else {
            return Err(error(StatusCode::SERVICE_UNAVAILABLE, "the limit of sessions is reached"));
        };
        *self.permit = Some(permit);
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
        *self.path = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
        Ok(response)
    }
}

fn error(status: StatusCode, reason: &str) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(reason.to_owned()));
    *response.status_mut() = status;
    response
}

/// Why a connection did not become a WebSocket.
fn refusal(error: &WsError) -> String {
    match error {
        WsError::Http(response) => response
            .body()
            .as_ref()
            .map_or_else(|| response.status().to_string(), |body| String::from_utf8_lossy(body).into_owned()),
        error => error.to_string(),
    }
}

/// The longest reason that a Close frame takes, in bytes.
const MAX_REASON: usize = 123;

/// How long a peer may take to read why it was refused.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// Closes a WebSocket that does not become a session.
pub(super) async fn refuse(mut socket: Socket, code: CloseCode, reason: &str) {
    let mut reason = reason.to_owned();
    while reason.len() > MAX_REASON {
        reason.pop();
    }
    let frame = CloseFrame { code, reason: reason.into() };
    // It is over either way.
    let _ = tokio::time::timeout(REFUSAL_TIMEOUT, socket.close(Some(frame))).await;
}

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn refuse_gives_up_on_a_peer_that_does_not_read() {
        let (stream, _peer) = tokio::io::duplex(8);
        let stream = Metered::new(Box::new(stream));
        let socket = Socket::from_raw_socket(stream, Role::Server, Some(config(1000))).await;
        let refusing = refuse(socket, CloseCode::Policy, "longer than what the peer takes");
        tokio::time::timeout(REFUSAL_TIMEOUT * 2, refusing).await.expect("it ends");
    }

    #[test]
    fn is_same_compares_every_byte() {
        assert!(is_same(b"", b"") && is_same(b"secret", b"secret"));
        for other in [&b""[..], b"s", b"secre", b"secrets", b"secret\0", b"Secret", b"\0\0\0\0\0\0"] {
            assert!(!is_same(other, b"secret") && !is_same(b"secret", other), "{other:?}");
        }
    }
}
