//! Connections to the server, for requests and events alike: address, TCP, TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};

use super::Access;
use crate::{ConnectErrorKind, Error};

/// How long an address is tried before the next one is tried besides (RFC 8305).
const HEAD_START: Duration = Duration::from_millis(250);

/// A connection, with TLS or without.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Connects.
pub(crate) async fn connect(access: &Access) -> Result<Box<dyn Wire>, Error> {
    let addresses = lookup_host((access.url.host(), access.url.port()))
        .await
        .map_err(|error| access.connect_error(ConnectErrorKind::Dns, Arc::new(error)))?;
    let stream = first(addresses)
        .await
        .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
        .map_err(|error| access.connect_error(kind(&error), Arc::new(error)))?;
    #[cfg(feature = "tls-no-provider")]
    if let Some(tls) = &access.tls {
        return secure(access, tls, stream).await;
    }
    Ok(Box::new(stream))
}

/// The first address that answers, in the order of the resolver. One that does not answer keeps the next one waiting
/// for a moment only.
async fn first(addresses: impl Iterator<Item = SocketAddr>) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(io::ErrorKind::AddrNotAvailable, "the host name has no address");
    let mut tried = FuturesUnordered::new();
    // That nothing listens there says more than that there is no way.
    let mut failed = |error: io::Error| {
        if failure.kind() != io::ErrorKind::ConnectionRefused {
            failure = error;
        }
    };
    for address in addresses {
        tried.push(TcpStream::connect(address));
        match tokio::time::timeout(HEAD_START, tried.next()).await {
            Ok(Some(Ok(stream))) => return Ok(stream),
            Ok(Some(Err(error))) => failed(error),
            Ok(None) | Err(_) => {}
        }
    }
    while let Some(result) = tried.next().await {
        match result {
            Ok(stream) => return Ok(stream),
            Err(error) => failed(error),
        }
    }
    Err(failure)
}

fn kind(error: &io::Error) -> ConnectErrorKind {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ConnectErrorKind::Refused,
        io::ErrorKind::TimedOut => ConnectErrorKind::Timeout,
        _ => ConnectErrorKind::Other,
    }
}

#[cfg(feature = "tls-no-provider")]
async fn secure(access: &Access, tls: &super::tls::Tls, stream: TcpStream) -> Result<Box<dyn Wire>, Error> {
    match tls.connect(stream).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => {
            // What the network does comes from the operating system, but for an end; everything else is about TLS.
            let is_network = error.raw_os_error().is_some() || error.kind() == io::ErrorKind::UnexpectedEof;
            let kind = if is_network { kind(&error) } else { ConnectErrorKind::Tls };
            Err(access.connect_error(kind, Arc::new(error)))
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// A listener whose backlog is full, so that the kernel answers no further connection, and what fills it.
    async fn silent() -> (TcpListener, Vec<TcpStream>) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let mut waiting = Vec::new();
        let connect = || TcpStream::connect(listener.local_addr().unwrap());
        while let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_millis(200), connect()).await {
            waiting.push(stream);
        }
        (listener, waiting)
    }

    #[tokio::test]
    async fn an_address_that_does_not_answer_or_refuses_is_passed_over() {
        let (silent, _waiting) = silent().await;
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let good = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = [silent.local_addr().unwrap(), closed, good.local_addr().unwrap()];
        let stream = tokio::time::timeout(Duration::from_secs(5), first(addresses.into_iter())).await.unwrap().unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good.local_addr().unwrap());

        // The kernel knows no way to an address of a link without the link.
        let nowhere = "[fe80::1]:1".parse().unwrap();
        assert_eq!(kind(&first([nowhere].into_iter()).await.unwrap_err()), ConnectErrorKind::Other);
        for refused in [[closed, nowhere], [nowhere, closed]] {
            assert_eq!(kind(&first(refused.into_iter()).await.unwrap_err()), ConnectErrorKind::Refused);
        }
        assert!(first(std::iter::empty()).await.is_err());
    }
}
