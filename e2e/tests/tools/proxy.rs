//! A proxy breaks as it is told, and at once.

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

/// A connection that works.
async fn connected(proxy: &FaultProxy) -> TcpStream {
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    says(&mut stream).await;
    stream
}

async fn says(stream: &mut TcpStream) {
    stream.write_all(b"hello").await.unwrap();
    let mut heard = [0; 5];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"hello");
}

/// Everything that comes until the end, and how it ends.
async fn rest(stream: &mut TcpStream) -> (Vec<u8>, Option<ErrorKind>) {
    let mut heard = Vec::new();
    let end = stream.read_to_end(&mut heard).await.err();
    (heard, end.map(|error| error.kind()))
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
    let mut heard = Vec::new();
    reads.read_to_end(&mut heard).await.unwrap();
    writing.await.unwrap();
    assert!(heard == large, "{} bytes", heard.len());
    assert!(echo.ends.recv().await.unwrap().is_ok());
    proxy.until(|counts| counts == Counts { made: 1, open: 0 }).await;
}

#[tokio::test]
async fn a_cut_resets_both_ends() {
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
async fn closing_sends_close_frames_both_ways() {
    let (mut echo, proxy) = proxy().await;
    let mut stream = connected(&proxy).await;
    proxy.close().await;
    assert_eq!(proxy.counts(), Counts { made: 1, open: 0 });
    // What is still said makes no reset of it.
    stream.write_all(b"too late").await.unwrap();
    assert_eq!(rest(&mut stream).await, (Vec::new(), None));
    assert!(echo.ends.recv().await.unwrap().is_ok());
    assert_eq!(*echo.received.borrow(), 5);
}

#[tokio::test]
async fn half_open_connections_learn_nothing_of_each_other() {
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

    // The one that works has ended properly; the server knows of no other end.
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
async fn a_black_hole_never_answers_new_connections() {
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
async fn new_connections_are_refused_in_two_ways() {
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
async fn the_target_changes_for_new_connections() {
    let (_first, proxy) = proxy().await;
    let second = Echo::start().await;
    let mut before = connected(&proxy).await;
    proxy.set_target(second.address).await;
    connected(&proxy).await;
    says(&mut before).await;
    assert_eq!(*second.received.borrow(), 5);

    // A target that is not there is one that has gone just now.
    let nobody = second.address;
    drop(second);
    proxy.set_target(nobody).await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(rest(&mut stream).await.1, Some(ErrorKind::ConnectionReset));
    says(&mut before).await;
}

#[tokio::test]
async fn a_delay_holds_up_each_way_and_keeps_the_order() {
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
async fn proxy_passes_a_number_of_bytes() {
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
async fn a_stalled_wire_reads_nothing_from_the_server() {
    let (mut echo, proxy) = proxy().await;
    let mut stream = connected(&proxy).await;
    proxy.stall().await;
    stream.write_all(b"later").await.unwrap();
    echo.received.wait_for(|received| *received == 10).await.unwrap();
    connected(&proxy).await;
    assert!(is_silent(&stream));
    proxy.heal().await;
    let mut heard = [0; 5];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"later");
}

#[tokio::test]
async fn it_ends_with_all_its_connections_when_dropped() {
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
