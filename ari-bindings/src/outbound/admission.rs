//! Who may come in.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
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

use crate::connection::Wire;
use crate::connection::{Socket, application, config};
use crate::event::kind;
use crate::transport::Credentials;

/// The subprotocol of ARI.
const PROTOCOL: &str = "ari";

/// How many messages may come before the application is told.
const MOST_BEFORE: usize = 16;

/// What a connection has to show.
#[derive(Clone)]
pub(super) struct Admission {
    pub(super) credentials: Option<Credentials>,
    pub(super) applications: Option<Vec<String>>,
    pub(super) largest_message: usize,
}

/// A connection that has not been let in.
pub(super) struct Refused {
    pub(super) reason: String,
    /// What has yet to be told, and closed, where it has become a WebSocket.
    pub(super) socket: Option<Socket>,
}

impl From<String> for Refused {
    fn from(reason: String) -> Self {
        Self { reason, socket: None }
    }
}

/// A connection that has been let in.
pub(super) struct Admitted {
    pub(super) socket: Socket,
    pub(super) application: String,
    /// What has come so far.
    pub(super) messages: VecDeque<Utf8Bytes>,
    /// What was asked for: path and query.
    pub(super) path: String,
}

impl Admission {
    /// Makes a WebSocket of a connection, and lets it tell its application.
    pub(super) async fn admit(&self, stream: Box<dyn Wire>) -> Result<Admitted, Refused> {
        let mut path = String::new();
        let check = Check { admission: self, path: &mut path };
        let mut socket = accept_hdr_async_with_config(stream, check, Some(config(self.largest_message)))
            .await
            .map_err(|error| refusal(&error))?;
        let mut messages = VecDeque::new();
        while messages.len() < MOST_BEFORE {
            let text = match socket.next().await {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(_))) | None => {
                    return Err("it was closed before it told its application".to_owned().into());
                }
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(error.to_string().into()),
            };
            let registered = kind(&text).is_ok_and(|kind| kind == "ApplicationRegistered");
            let named = registered.then(|| application(&text).map(String::from)).flatten();
            messages.push_back(text);
            let Some(application) = named else { continue };
            if !self.is_welcome(&application) {
                let reason = format!("the application {application:?} is not expected here");
                return Err(Refused { reason, socket: Some(socket) });
            }
            return Ok(Admitted { socket, application, messages, path });
        }
        let reason = "its first messages do not tell its application".to_owned();
        Err(Refused { reason, socket: Some(socket) })
    }

    /// Whether an application may come.
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
        let Some(Credentials { user, password }) = &self.credentials else { return true };
        let Some(shown) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) else { return false };
        let expected = Zeroizing::new(STANDARD.encode(Zeroizing::new(format!("{user}:{}", password.as_str()))));
        let Some((scheme, shown)) = shown.split_once(' ') else { return false };
        scheme.eq_ignore_ascii_case("Basic") && same(shown.trim().as_bytes(), expected.as_bytes())
    }
}

/// Compares without telling by its time where the difference is.
fn same(shown: &[u8], expected: &[u8]) -> bool {
    let differences = shown.iter().zip(expected).fold(0, |differences, (a, b)| differences | (a ^ b));
    shown.len() == expected.len() && std::hint::black_box(differences) == 0
}

/// Reads the request for an upgrade.
struct Check<'a> {
    admission: &'a Admission,
    path: &'a mut String,
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

/// What is wrong with a connection that did not become a WebSocket.
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
const LONGEST_REASON: usize = 123;

/// Says goodbye to a WebSocket that is not welcome.
pub(super) async fn refuse(mut socket: Socket, code: CloseCode, reason: &str) {
    let mut reason = reason.to_owned();
    while reason.len() > LONGEST_REASON {
        reason.pop();
    }
    let frame = CloseFrame { code, reason: reason.into() };
    // It is over either way.
    let _ = socket.close(Some(frame)).await;
}
