//! The proxy injects the requested fault immediately.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use ari_e2e::{Counts, FaultProxy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::echo::Echo;

async fn proxy() -> (Echo, FaultProxy) {
    let echo = Echo::start().await;
    let proxy = FaultProxy::to(echo.address);
    (echo, proxy)
}

/// Opens a connection and checks that it works.
async fn connected(proxy: &FaultProxy) -> TcpStream {
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    says(&mut stream).await;
    stream
}

async fn says(stream: &mut TcpStream) {
    stream.write_all(b"hello").await.unwrap();
    let mut received = [0; 5];
    stream.read_exact(&mut received).await.unwrap();
    assert_eq!(&received, b"hello");
}

/// Reads to the end. Returns the received bytes and the error that ended the connection, if any.
async fn rest(stream: &mut TcpStream) -> (Vec<u8>, Option<ErrorKind>) {
    let mut received = Vec::new();
    let end = stream.read_to_end(&mut received).await.err();
    (received, end.map(|error| error.kind()))
}

fn is_silent(stream: &TcpStream) -> bool {
    stream.try_read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

fn is_reset(end: &io::Result<()>) -> bool {
    end.as_ref().is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
}

#[tokio::test]
async fn proxy_forwards_both_ways() {
    let (mut echo, proxy) = proxy().await;
    let stream = connected(&proxy).await;
    assert_eq!(proxy.counts(), Counts { made: 1, open: 1 });
    let (mut reads, mut writes) = stream.into_split();
    let large: Vec<u8> = (0..=u8::MAX).cycle().take(1 << 20).collect();
    let sent = large.clone();
    let writing = tokio::spawn(async move {
        writes.write_all(&sent).await.unwrap();
        writes.shutdown().await.unwrap();
    });
    let mut received = Vec::new();
    reads.read_to_end(&mut received).await.unwrap();
    writing.await.unwrap();
    assert!(received == large, "{} bytes", received.len());
    assert!(echo.ends.recv().await.unwrap().is_ok());
    proxy.until(|counts| counts == Counts { made: 1, open: 0 }).await;
}

#[tokio::test]
async fn cut_resets_both_ends() {
    let (mut echo, proxy) = proxy().await;
    let mut streams = [connected(&proxy).await, connected(&proxy).await];
    proxy.cut().await;
    assert_eq!(proxy.counts(), Counts { made: 2, open: 0 });
    for stream in &mut streams {
        assert_eq!(rest(stream).await, (Vec::new(), Some(ErrorKind::ConnectionReset)));
        assert!(is_reset(&echo.ends.recv().await.unwrap()));
    }
    connected(&proxy).await;
}

#[tokio::test]
async fn close_ends_both_sides_without_reset() {
    let (mut echo, proxy) = proxy().await;
    let mut stream = connected(&proxy).await;
    proxy.close().await;
    assert_eq!(proxy.counts(), Counts { made: 1, open: 0 });
    // Data sent after the close causes no reset.
    stream.write_all(b"too late").await.unwrap();
    assert_eq!(rest(&mut stream).await, (Vec::new(), None));
    assert!(echo.ends.recv().await.unwrap().is_ok());
    assert_eq!(*echo.received.borrow(), 5);
}

#[tokio::test]
async fn half_open_hides_each_end_from_the_other() {
    let (mut echo, proxy) = proxy().await;
    let mut before = connected(&proxy).await;
    proxy.half_open().await;
    before.write_all(b"lost").await.unwrap();
    let mut during = TcpStream::connect(proxy.address()).await.unwrap();
    during.write_all(b"lost").await.unwrap();
    proxy.until(|counts| counts.made == 2).await;

    proxy.heal().await;
    connected(&proxy).await;
    assert!(is_silent(&before) && is_silent(&during));
    assert_eq!(*echo.received.borrow(), 10);

    // The working connection was closed; the server has seen no other end.
    assert!(echo.ends.recv().await.unwrap().is_ok());
    drop(before);
    proxy.until(|counts| counts.open == 1).await;
    connected(&proxy).await;
    assert!(echo.ends.recv().await.unwrap().is_ok());
    assert!(echo.ends.is_empty());
    proxy.cut().await;
    assert!(is_reset(&echo.ends.recv().await.unwrap()));
    assert_eq!(rest(&mut during).await.1, Some(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn black_hole_leaves_new_connections_unanswered() {
    let (echo, proxy) = proxy().await;
    let mut before = connected(&proxy).await;
    proxy.black_hole().await;
    let mut lost = TcpStream::connect(proxy.address()).await.unwrap();
    lost.write_all(b"lost").await.unwrap();
    proxy.until(|counts| counts == Counts { made: 2, open: 2 }).await;
    says(&mut before).await;
    proxy.heal().await;
    connected(&proxy).await;
    assert!(is_silent(&lost));
    assert_eq!(*echo.received.borrow(), 15);
}

#[tokio::test]
async fn refuse_resets_and_stop_listening_refuses() {
    let (_echo, proxy) = proxy().await;
    let mut before = connected(&proxy).await;
    proxy.refuse().await;
    let mut refused = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(rest(&mut refused).await, (Vec::new(), Some(ErrorKind::ConnectionReset)));
    assert_eq!(proxy.counts(), Counts { made: 2, open: 1 });

    for _ in 0..3 {
        proxy.stop_listening().await;
        let error = TcpStream::connect(proxy.address()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        says(&mut before).await;
        proxy.heal().await;
        connected(&proxy).await;
    }
    assert_eq!(proxy.counts().made, 5);
}

#[tokio::test]
async fn target_changes_for_new_connections() {
    let (_first, proxy) = proxy().await;
    let second = Echo::start().await;
    let mut before = connected(&proxy).await;
    proxy.set_target(second.address).await;
    connected(&proxy).await;
    says(&mut before).await;
    assert_eq!(*second.received.borrow(), 5);

    // The new target has just stopped listening.
    let gone = second.address;
    drop(second);
    proxy.set_target(gone).await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(rest(&mut stream).await.1, Some(ErrorKind::ConnectionReset));
    says(&mut before).await;
}

#[tokio::test]
async fn delay_applies_both_ways_and_keeps_the_order() {
    let (_echo, proxy) = proxy().await;
    let mut stream = connected(&proxy).await;
    let delay = Duration::from_millis(40);
    proxy.delay(delay).await;
    for _ in 0..2 {
        let started = Instant::now();
        says(&mut stream).await;
        assert!(started.elapsed() >= 2 * delay);
    }
    stream.write_all(b"ab").await.unwrap();
    proxy.heal().await;
    stream.write_all(b"cd").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(rest(&mut stream).await, (b"abcd".to_vec(), None));
}

#[tokio::test]
async fn truncation_limits_the_bytes_passed() {
    let (mut echo, proxy) = proxy().await;
    let mut stream = connected(&proxy).await;
    proxy.truncate_after(7).await;
    stream.write_all(b"0123456789").await.unwrap();
    assert_eq!(rest(&mut stream).await, (b"0123456".to_vec(), None));
    assert!(is_reset(&echo.ends.recv().await.unwrap()));
    assert_eq!(proxy.counts(), Counts { made: 1, open: 0 });

    proxy.truncate_next(3).await;
    let mut next = TcpStream::connect(proxy.address()).await.unwrap();
    next.write_all(b"0123456789").await.unwrap();
    assert_eq!(rest(&mut next).await, (b"012".to_vec(), None));
    let mut other = connected(&proxy).await;
    proxy.truncate_after(0).await;
    assert_eq!(rest(&mut other).await, (Vec::new(), None));
}

#[tokio::test]
async fn stall_delivers_nothing_from_the_server() {
    let (mut echo, proxy) = proxy().await;
    let mut stream = connected(&proxy).await;
    proxy.stall().await;
    stream.write_all(b"later").await.unwrap();
    echo.received.wait_for(|received| *received == 10).await.unwrap();
    connected(&proxy).await;
    assert!(is_silent(&stream));
    proxy.heal().await;
    let mut received = [0; 5];
    stream.read_exact(&mut received).await.unwrap();
    assert_eq!(&received, b"later");
}

#[tokio::test]
async fn drop_ends_the_proxy_and_its_connections() {
    let (mut echo, proxy) = proxy().await;
    let mut stream = connected(&proxy).await;
    let address = proxy.address();
    drop(proxy);
    assert!(rest(&mut stream).await.0.is_empty());
    assert!(echo.ends.recv().await.is_some());
    let error = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn proxy_url_keeps_the_path() {
    let proxy = FaultProxy::to_url("http://127.0.0.1:9/pbx/ari");
    assert_eq!(proxy.url("http://127.0.0.1:9/pbx/ari"), format!("http://{}/pbx/ari", proxy.address()));
}
