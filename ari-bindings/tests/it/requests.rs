//! Sending requests: retries, the limit of concurrent requests, and errors.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ari_bindings::{Client, ConnectErrorKind, Error};
use futures_util::future::join_all;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::server::{Server, listen, receive, response, within};

/// Drops the connections of this many requests, and answers later ones.
fn hang_up(listener: TcpListener, times: usize) -> Arc<AtomicUsize> {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            receive(&mut stream).await;
            if counter.fetch_add(1, Ordering::Relaxed) >= times {
                stream.write_all(response("200 OK", "application/json", "[]").as_bytes()).await.unwrap();
            }
        }
    });
    asked
}

#[tokio::test]
async fn lost_get_is_retried_if_enabled() {
    let (listener, builder) = listen().await;
    let asked = hang_up(listener, 2);
    let ari = builder.retries(2).build().unwrap();
    let started = Instant::now();
    within(ari.channels().list()).await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    // 100 and 200 ms, shortened by up to a half.
    assert!(started.elapsed() >= Duration::from_millis(150), "{:?}", started.elapsed());
}

#[tokio::test]
async fn retries_are_opt_in_and_never_repeat_a_post() {
    let (listener, builder) = listen().await;
    let asked = hang_up(listener, 9);
    let error = within(builder.clone().retries(5).build().unwrap().bridges().create()).await.unwrap_err();
    assert!(error.maybe_executed(), "{error}");
    let error = within(builder.build().unwrap().channels().list()).await.unwrap_err();
    assert!(error.maybe_executed(), "{error}");
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn unsent_requests_are_retried_whatever_the_method() {
    let (listener, builder) = listen().await;
    let address = listener.local_addr().unwrap();
    drop(listener);
    let ari = builder.retries(4).build().unwrap();
    let (created, ()) = within(async {
        tokio::join!(ari.channels().hangup("c"), async {
            // At least one attempt is refused before the server listens.
            tokio::task::yield_now().await;
            let listener = TcpListener::bind(address).await.unwrap();
            let (mut stream, _) = listener.accept().await.unwrap();
            receive(&mut stream).await;
            stream.write_all(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        })
    })
    .await;
    created.unwrap();
}

#[tokio::test]
async fn max_requests_limits_concurrency() {
    let (listener, builder) = listen().await;
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counter, maximum) = (Arc::clone(&now), Arc::clone(&most));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (counter, maximum) = (Arc::clone(&counter), Arc::clone(&maximum));
            tokio::spawn(async move {
                receive(&mut stream).await;
                maximum.fetch_max(counter.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                counter.fetch_sub(1, Ordering::SeqCst);
                stream.write_all(response("200 OK", "application/json", "[]").as_bytes()).await.unwrap();
            });
        }
    });
    let ari = builder.max_requests(3).build().unwrap();
    let lists = within(join_all((0..30).map(|_| ari.channels().list().into_future()))).await;
    assert!(lists.iter().all(Result::is_ok));
    assert!((1..=3).contains(&most.load(Ordering::SeqCst)), "{most:?}");
}

#[tokio::test]
async fn request_whose_turn_never_comes_is_not_sent() {
    let (listener, builder) = listen().await;
    let ari = builder.max_requests(1).timeout(Duration::from_millis(100)).build().unwrap();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        receive(&mut stream).await;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: 100\r\n\r\nRIFF";
        stream.write_all(head.as_bytes()).await.unwrap();
        (listener, stream)
    });
    // A download counts as in progress for as long as the program holds it.
    let download = within(ari.recordings().get_stored_file("a")).await.unwrap();
    let (listener, _stream) = within(served).await.unwrap();
    let error = within(ari.channels().list()).await.unwrap_err();
    assert!(matches!(error, Error::Connect { kind: ConnectErrorKind::Busy, .. }), "{error:?}");
    assert!(error.to_string().contains("max_requests") && !error.maybe_executed(), "{error}");
    drop(download);
    let answered = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let line = receive(&mut stream).await.line;
        stream.write_all(response("200 OK", "application/json", "[]").as_bytes()).await.unwrap();
        line
    };
    let (list, line) = within(async { tokio::join!(ari.bridges().list(), answered) }).await;
    assert_eq!((list.unwrap(), &*line), (vec![], "GET /ari/bridges HTTP/1.1"));
}

#[tokio::test]
async fn request_without_time_left_is_not_sent() {
    let (listener, builder) = listen().await;
    let ari = builder.timeout(Duration::ZERO).build().unwrap();
    let error = within(ari.channel("1").answer()).await.unwrap_err();
    assert!(matches!(error, Error::Connect { kind: ConnectErrorKind::Busy, .. }), "{error:?}");
    drop(listener);
}

#[test]
fn clients_and_builders_show_no_password() {
    let builder = Client::builder("http://me:hidden@localhost:8088/ari").credentials("me", "hidden");
    let ari = builder.clone().build().unwrap();
    for text in [
        format!("{builder:?}"),
        format!("{ari:?}"),
        #[cfg(feature = "websocket")]
        format!("{:?}", ari.events(["x"])),
    ] {
        assert!(!text.contains("hidden") && !text.contains("bWU6aGlkZGVu"), "{text}");
    }
}

#[tokio::test]
async fn extreme_settings_are_accepted() {
    let server = Server::json("200 OK", "[]").await;
    let builder = Client::builder(server.client.base_url());
    let most = builder.clone().timeout(Duration::MAX).connect_timeout(Duration::MAX).idle_timeout(Duration::MAX);
    let most = most.download_timeout(Duration::MAX).max_download_size(u64::MAX).max_requests(usize::MAX);
    for ari in [most.build().unwrap(), builder.max_requests(0).idle_timeout(Duration::ZERO).build().unwrap()] {
        assert_eq!(within(ari.channels().list()).await.unwrap(), []);
        let file = within(ari.recordings().get_stored_file("a")).await.unwrap();
        assert_eq!(within(file.bytes()).await.unwrap(), b"[]");
    }
}
