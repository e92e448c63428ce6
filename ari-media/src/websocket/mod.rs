//! Media over `chan_websocket`: Asterisk 20.16, 21.11, 22.6, 23.0 and later.
//!
//! Asterisk keeps the time: sound is sent ahead of what has been played, and dropped there by a cut.

mod connect;
mod control;
mod listener;
mod progress;
mod session;
#[cfg(test)]
mod tests;
#[cfg(feature = "tls")]
mod tls;

use tokio::io::{AsyncRead, AsyncWrite};

pub use connect::WebSocketConnector;
pub use control::MediaStart;
pub use listener::{WebSocketBuilder, WebSocketListener};

/// The subprotocol.
const PROTOCOL: &str = "media";

/// A connection of any kind, with TLS or without.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// The medium of a stream on which the handshake is complete.
#[cfg(any(test, fuzzing))]
pub(crate) async fn bare(
    stream: impl Wire + 'static,
    config: &crate::MediaConfig,
) -> Result<(MediaStart, crate::Media), crate::MediaError> {
    use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::Role};

    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, Some(session::limits())).await;
    let introduction = session::introduce(&mut socket).await?;
    let media = session::start(socket, &introduction, config, ())?;
    Ok((introduction.start, media))
}
