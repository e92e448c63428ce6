//! The server that contenders talk to: enough of Asterisk's HTTP server, on loopback, in its own process.

mod replies;
mod session;

use std::convert::Infallible;
use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::Failure;
use crate::child;
use session::Burst;

pub(crate) use replies::{Replies, RestRequest};
pub(crate) use session::{GIVE_UP, Sent};

/// What one server does.
#[derive(Debug, clap::Args)]
pub(crate) struct Server {
    /// How many events it sends to the first who connects
    #[arg(long)]
    events: u64,
}

/// What all connections share.
struct Shared {
    replies: Replies,
    burst: Burst,
    /// Whether somebody has come who gets it.
    burst_is_taken: AtomicBool,
}

/// Serves requests and a burst of events.
pub(crate) fn run(server: &Server) -> Result<(), Failure> {
    let shared = Arc::new(Shared {
        replies: Replies::new(),
        burst: Burst::new(server.events)?,
        burst_is_taken: AtomicBool::new(server.events == 0),
    });
    run_with(move |request| answer(request, &shared))
}

/// Serves with these answers until the parent is gone. One thread does: it is to be fast, not to take the contender's
/// processor.
pub(crate) fn run_with<Answer>(answer: Answer) -> Result<(), Failure>
where
    Answer: Fn(Request<Incoming>) -> Response<Full<Bytes>> + Clone + Send + 'static,
{
    std::thread::spawn(|| {
        // Ends when the parent does, however it does.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve(answer))
}

async fn serve<Answer>(answer: Answer) -> Result<(), Failure>
where
    Answer: Fn(Request<Incoming>) -> Response<Full<Bytes>> + Clone + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    child::send(&listener.local_addr()?.port())?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answer = answer.clone();
        tokio::spawn(async move {
            let service =
                hyper::service::service_fn(move |request| std::future::ready(Ok::<_, Infallible>(answer(request))));
            let connection = hyper::server::conn::http1::Builder::new();
            // A contender that hangs up is no failure of the server.
            let _ = connection.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
        });
    }
}

fn answer(mut request: Request<Incoming>, shared: &Arc<Shared>) -> Response<Full<Bytes>> {
    let for_session = Arc::clone(shared);
    let upgraded = upgrade(&mut request, move |stream, read| async move {
        let shared = for_session;
        let is_first = !shared.burst_is_taken.swap(true, Ordering::Relaxed);
        let burst = is_first.then_some(&shared.burst);
        session::run(stream, read, burst, &shared.replies).await;
    });
    if let Some(response) = upgraded {
        return response;
    }
    let (status, body) = shared.replies.of(path_of(&request));
    respond(status, body)
}

/// The path of a request below `/ari/`.
pub(crate) fn path_of(request: &Request<Incoming>) -> &str {
    let path = request.uri().path();
    path.strip_prefix("/ari/").unwrap_or(path)
}

/// An answer in JSON.
pub(crate) fn respond(status: u16, body: Bytes) -> Response<Full<Bytes>> {
    let response = Response::builder().status(status).header(CONTENT_TYPE, "application/json");
    response.body(Full::new(body)).expect("a valid response")
}

/// Accepts a WebSocket and runs its session, if the request asks for one.
pub(crate) fn upgrade<Session>(
    request: &mut Request<Incoming>,
    session: impl FnOnce(TcpStream, Vec<u8>) -> Session + Send + 'static,
) -> Option<Response<Full<Bytes>>>
where
    Session: Future<Output = ()> + Send,
{
    let accept = derive_accept_key(request.headers().get(SEC_WEBSOCKET_KEY)?.as_bytes());
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() else { return };
        session(parts.io.into_inner(), parts.read_buf.into()).await;
    });
    let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
    let response = response.header(CONNECTION, "Upgrade").header(UPGRADE, "websocket");
    Some(response.header(SEC_WEBSOCKET_ACCEPT, accept).body(Full::default()).expect("a valid response"))
}
