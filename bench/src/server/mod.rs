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
use replies::Replies;
use session::Burst;

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

/// Serves until the parent is gone. One thread does: it is to be fast, not to take the contender's processor.
pub(crate) fn run(server: &Server) -> Result<(), Failure> {
    std::thread::spawn(|| {
        // Ends when the parent does, however it does.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let shared = Shared {
        replies: Replies::new(),
        burst: Burst::new(server.events)?,
        burst_is_taken: AtomicBool::new(server.events == 0),
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve(Arc::new(shared)))
}

async fn serve(shared: Arc<Shared>) -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    child::send(&listener.local_addr()?.port())?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request| {
                let shared = Arc::clone(&shared);
                async move { Ok::<_, Infallible>(answer(request, shared)) }
            });
            let connection = hyper::server::conn::http1::Builder::new();
            // A contender that hangs up is no failure of the server.
            let _ = connection.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
        });
    }
}

fn answer(mut request: Request<Incoming>, shared: Arc<Shared>) -> Response<Full<Bytes>> {
    if let Some(key) = request.headers().get(SEC_WEBSOCKET_KEY) {
        let accept = derive_accept_key(key.as_bytes());
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let Ok(upgraded) = upgrade.await else { return };
            let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() else { return };
            let is_first = !shared.burst_is_taken.swap(true, Ordering::Relaxed);
            let burst = is_first.then_some(&shared.burst);
            session::run(parts.io.into_inner(), parts.read_buf.into(), burst, &shared.replies).await;
        });
        let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
        let response = response.header(CONNECTION, "Upgrade").header(UPGRADE, "websocket");
        return response.header(SEC_WEBSOCKET_ACCEPT, accept).body(Full::default()).expect("a valid response");
    }
    let path = request.uri().path();
    let path = path.strip_prefix("/ari/").unwrap_or(path);
    let (status, body) = shared.replies.of(path);
    let response = Response::builder().status(status).header(CONTENT_TYPE, "application/json");
    response.body(Full::new(body)).expect("a valid response")
}
