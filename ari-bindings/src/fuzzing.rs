//! What fuzz targets need from the inside: the event connection without a socket. Only with `--cfg fuzzing`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::connection::{Accepted, LARGEST_MESSAGE, Metered, Pings, Socket, config};
use crate::{Client, Error, Events, OverflowPolicy};

/// Connects over a stream on which the WebSocket handshake is complete, and returns a client whose requests use it, and
/// its events.
///
/// A lost connection is not re-established.
pub async fn connect(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    application: &str,
    buffer_limit: usize,
    overflow_policy: OverflowPolicy,
) -> Result<(Client, Events), Error> {
    let stream = Metered::new(Box::new(stream));
    let socket = Socket::from_raw_socket(stream, Role::Client, Some(config(LARGEST_MESSAGE))).await;
    let accepted = Accepted {
        application: application.to_owned(),
        base_url: "ws://fuzzing".to_owned(),
        http: None,
        timeout: Duration::from_secs(10),
        pings: Pings::default(),
        buffer_limit,
        overflow_policy,
    };
    let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().map_err(|error| Error::config(error.to_string()))?;
    let (client, events, _) = accepted.start(socket, VecDeque::new(), permit);
    Ok((client, events))
}
