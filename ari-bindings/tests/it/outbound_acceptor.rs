//! Connections to a listener that do not come to its port.

use std::net::SocketAddr;

use ari_bindings::Event;
use ari_bindings::outbound::Listener;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, DuplexStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::outbound::{GOOD, listen, registered};

const PEER: ([u8; 4], u16) = ([192, 0, 2, 1], 5038);

/// Connects as Asterisk does, without a network.
async fn dial(listener: &Listener, headers: &[(&'static str, &str)]) -> Result<WebSocketStream<DuplexStream>, WsError> {
    let mut request = "ws://program.example/ari?server=2".into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let (near, far) = tokio::io::duplex(1 << 16);
    listener.acceptor().serve_connection(near, PEER.into());
    Ok(client_async(request, far).await?.0)
}

#[tokio::test(start_paused = true)]
async fn acceptor_makes_sessions_of_streams() {
    let mut listener = listen(|builder| builder).await;
    let mut socket = dial(&listener, &GOOD).await.unwrap();
    socket.send(Message::text(registered("x"))).await.unwrap();
    let mut session = listener.accept().await.unwrap();
    assert_eq!((session.peer(), session.path()), (SocketAddr::from(PEER), "/ari?server=2"));
    let Event::ApplicationRegistered(_) = session.events().next().await.unwrap().unwrap() else { panic!() };
    socket.close(Some(CloseFrame { code: 1000.into(), reason: "".into() })).await.unwrap();
    while socket.next().await.is_some() {}
    assert!(session.events().next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn acceptor_checks_credentials() {
    let listener = listen(|builder| builder).await;
    let error = dial(&listener, &[("Sec-WebSocket-Protocol", "ari")]).await.unwrap_err();
    assert!(matches!(error, WsError::Http(response) if response.status() == 401));
}

#[tokio::test]
async fn acceptor_drops_connections_after_shutdown() {
    let mut listener = listen(|builder| builder).await;
    let acceptor = listener.acceptor();
    listener.shutdown().await;
    let (near, mut far) = tokio::io::duplex(16);
    acceptor.serve_connection(near, PEER.into());
    assert_eq!(far.read(&mut [0]).await.unwrap(), 0);
}
