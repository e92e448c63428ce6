//! Why a WebSocket is no longer used.

use std::io;
use std::sync::Arc;

use tokio_tungstenite::tungstenite::error::{Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::event::DisconnectReason;

/// Why a WebSocket is no longer used.
pub(in crate::connection) enum End {
    /// The program wants it.
    Asked(CloseCode),
    /// Anything else.
    Because(DisconnectReason),
}

pub(super) fn closed_by_server(frame: Option<CloseFrame>) -> DisconnectReason {
    let (code, reason) = match frame {
        Some(CloseFrame { code, reason }) => (Some(code.into()), reason.as_str().into()),
        None => (None, "".into()),
    };
    DisconnectReason::ClosedByServer { code, reason }
}

pub(super) fn reason(error: WsError) -> DisconnectReason {
    match error {
        WsError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            DisconnectReason::ConnectionLost(Arc::new(error))
        }
        WsError::Io(_)
        | WsError::ConnectionClosed
        | WsError::AlreadyClosed
        | WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            DisconnectReason::lost("the server has ended the connection without a Close frame")
        }
        error => DisconnectReason::Protocol { reason: error.to_string().into() },
    }
}

/// The code of our Close frame, where there is one to send; none if the server has closed the connection itself.
pub(super) fn close_code(reason: &DisconnectReason) -> Option<CloseCode> {
    match reason {
        DisconnectReason::ClosedByServer { .. } => None,
        DisconnectReason::Protocol { .. } => Some(CloseCode::Protocol),
        _ => Some(CloseCode::Normal),
    }
}
