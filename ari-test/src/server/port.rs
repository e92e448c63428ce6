//! A real port, for clients outside of the process.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SERVER, UPGRADE};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::page::{page, response};
use super::{Opened, open, respond, serve};
use crate::Fake;
use crate::exchange::Reply;

/// `session_keep_alive` of http.conf.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// More than Asterisk reads of any body.
const MOST_BODY: usize = 1 << 20;

/// The longest request line that Asterisk reads.
const MOST_REQUEST_LINE: usize = 4095;

/// How long to wait after an error of the system, such as a lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// The port of a [`Fake`], which is open until this is dropped.
#[derive(Debug)]
pub struct Port {
    address: SocketAddr,
    url: String,
    task: JoinHandle<()>,
}

impl Port {
    /// The address, with the port that the system has chosen where port 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL for clients, such as `http://127.0.0.1:8088/ari`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fake {
    /// Opens a port for clients outside of the process, and others that use TCP. Several are possible.
    ///
    /// Do not pause the clock of Tokio: it would not wait for the network.
    pub async fn listen(&self, address: impl ToSocketAddrs) -> io::Result<Port> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let url = format!("http://{address}{}/ari", self.settings().prefix);
        let task = tokio::spawn(accept(listener, address, self.clone()));
        Ok(Port { address, url, task })
    }
}

async fn accept(mut listener: TcpListener, address: SocketAddr, fake: Fake) {
    let permits = Arc::new(Semaphore::new(fake.settings().session_limit));
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    sleep(PAUSE).await;
                    continue;
                };
                while connections.try_join_next().is_some() {}
                if let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
                    connections.spawn(connection(stream, fake.clone(), permit));
                }
            }
            () = fake.network().refusing(true) => {
                drop(listener);
                fake.network().refusing(false).await;
                listener = open_again(address).await;
            }
        }
    }
}

/// Listens on an address that another program may have taken meanwhile.
async fn open_again(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// Answers the requests of one connection.
async fn connection(stream: TcpStream, fake: Fake, permit: OwnedSemaphorePermit) {
    let _ = stream.set_nodelay(true);
    let permit = Arc::new(permit);
    let mut line = fake.network().line();
    let service = service_fn(|request| answer(fake.clone(), request, Arc::clone(&permit)));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(KEEP_ALIVE)
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        // A request of a connection that was cut gets no reply.
        biased;
        _ = line.cut() => {}
        // The client may leave at any time.
        _ = serving => {}
    }
}

async fn answer(
    fake: Fake,
    request: Request<Incoming>,
    permit: Arc<OwnedSemaphorePermit>,
) -> io::Result<Response<Full<Bytes>>> {
    let network = fake.network();
    network.thawed().await;
    let is_lost = network.loses(&fake.settings().prefix, &request);
    let mut response = if request.headers().contains_key(UPGRADE) {
        upgrade(&fake, request, permit).await
    } else {
        whole(&fake, request).await
    };
    if let Ok(value) = HeaderValue::try_from(format!("Asterisk/{}", fake.release())) {
        response.headers_mut().insert(SERVER, value);
    }
    network.delay().await;
    if is_lost { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(response.map(Full::new)) }
}

/// Answers a request that has arrived as a whole.
async fn whole(fake: &Fake, request: Request<Incoming>) -> Response<Bytes> {
    let line = request.method().as_str().len() + request.uri().to_string().len() + " HTTP/1.1 ".len();
    if line > MOST_REQUEST_LINE {
        return closing(response(page(fake.release(), 400, "")));
    }
    let (parts, body) = request.into_parts();
    match Limited::new(body, MOST_BODY).collect().await {
        Ok(body) => respond(fake, Request::from_parts(parts, body.to_bytes())).await,
        Err(_) => closing(response(Reply::message(413, "Request body too large"))),
    }
}

fn closing(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Turns a connection into an event connection.
async fn upgrade(fake: &Fake, mut request: Request<Incoming>, permit: Arc<OwnedSemaphorePermit>) -> Response<Bytes> {
    let upgrading = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let Some(accept) = accept_key(&parts.headers) else {
        return response(Reply::empty(400));
    };
    let opened = match open(fake, parts).await {
        Ok(opened) => opened,
        Err(refusal) => return refusal,
    };
    let (response, line) = (switching(&opened, accept), fake.network().line());
    tokio::spawn(async move {
        if let Ok(stream) = upgrading.await {
            serve(opened, TokioIo::new(stream), line).await;
        }
        drop(permit);
    });
    response
}

/// The answer to the key of a WebSocket's handshake.
fn accept_key(headers: &HeaderMap) -> Option<HeaderValue> {
    let key = headers.get(SEC_WEBSOCKET_KEY)?;
    HeaderValue::try_from(derive_accept_key(key.as_bytes())).ok()
}

fn switching(opened: &Opened, accept: HeaderValue) -> Response<Bytes> {
    use http::header::SEC_WEBSOCKET_PROTOCOL;

    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(subprotocol) = &opened.subprotocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, subprotocol.clone());
    }
    response
}
