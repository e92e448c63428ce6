//! Connections that the server opens.

use std::time::Duration;

use ari_bindings::Event;
use ari_bindings::outbound::{Listener, ListenerBuilder, Session};
use ari_test::Fake;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

use crate::{next, until};

fn builder() -> ListenerBuilder {
    Listener::builder().credentials("me", "secret").applications("x")
}

async fn listen() -> Listener {
    builder().bind("127.0.0.1:0").await.unwrap()
}

async fn call_in(fake: &Fake, session: Session) {
    let (ari, mut events) = session.into_parts();
    assert_eq!(next(&mut events).await.kind(), "ApplicationRegistered");
    let _caller = fake.call("x").from("100").await;
    let Event::StasisStart(start) = next(&mut events).await else { panic!("no call") };
    ari.channel(&start.channel).answer().await.unwrap();
    ari.channel(&start.channel).hangup().await.unwrap();
    until(&mut events, "StasisEnd").await;
}

#[tokio::test(start_paused = true)]
async fn persistent_connection_is_opened_again() {
    let (fake, mut listener) = (Fake::new(), listen().await);
    let outbound = fake.outbound("x").credentials("me", "secret").to(&listener);
    let session = listener.accept().await.unwrap();
    assert_eq!((session.application(), session.peer().ip().is_ipv4()), ("x", true));
    call_in(&fake, session).await;
    // The program has dropped its session.
    call_in(&fake, listener.accept().await.unwrap()).await;
    fake.faults().cut_events();
    let last = listener.accept().await.unwrap();
    drop(outbound);
    let mut events = last.into_parts().1;
    for kind in ["ApplicationRegistered", "ApplicationUnregistered"] {
        assert_eq!(next(&mut events).await.kind(), kind);
    }
    assert!(events.next().await.is_none());
    assert!(timeout(Duration::from_secs(60), listener.accept()).await.is_err());
}

#[tokio::test]
async fn persistent_connection_goes_over_a_network() {
    let (fake, mut listener) = (Fake::new(), listen().await);
    let url = format!("ws://{}/ari?server=1", listener.local_addr());
    let _outbound = fake.outbound("x").credentials("me", "secret").to_url(&url);
    let session = listener.accept().await.unwrap();
    assert_eq!(session.path(), "/ari?server=1");
    call_in(&fake, session).await;
}

#[tokio::test(start_paused = true)]
async fn connection_has_the_rights_of_its_local_user() {
    let (fake, mut listener) = (Fake::builder().read_only_user("looks", "").start(), listen().await);
    let outbound = fake.outbound(["x", "y"]).credentials("me", "secret").local_user("looks");
    let _outbound = outbound.to(&listener);
    let (ari, _events) = listener.accept().await.unwrap().into_parts();
    assert_eq!(ari.applications().list().await.unwrap().len(), 2);
    assert_eq!(ari.bridges().create().await.unwrap_err().status(), Some(403));
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_open_no_session() {
    let (fake, mut listener) = (Fake::new(), listen().await);
    let _outbound = fake.outbound("x").credentials("me", "wrong").to(&listener);
    assert!(timeout(Duration::from_secs(60), listener.accept()).await.is_err());
    assert!(fake.client().applications().list().await.unwrap().is_empty());
}

#[tokio::test]
async fn refused_credentials_are_tried_again_and_again() {
    let (fake, program) = (Fake::new(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let url = format!("ws://{}/", program.local_addr().unwrap());
    let _outbound = fake.outbound("x").credentials("me", "secret").to_url(&url);
    for _ in 0..3 {
        let accepted = timeout(Duration::from_secs(10), program.accept()).await;
        let (mut stream, _) = accepted.expect("the server connects again").unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        let request = String::from_utf8(request).unwrap().to_lowercase();
        assert!(request.contains("\r\nauthorization: basic bwu6c2vjcmv0\r\n"), "{request}");
        stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn each_call_has_its_connection() {
    let (fake, mut listener) = (Fake::new(), listen().await);
    let _outbound = fake.outbound("x").credentials("me", "secret").per_call().to(&listener);
    assert!(fake.client().applications().list().await.unwrap().is_empty());
    for _ in 0..2 {
        let mut caller = fake.call("x").from("100").await;
        let session = listener.accept().await.unwrap();
        let app = session.application().to_owned();
        let (ari, mut events) = session.into_parts();
        assert_eq!(next(&mut events).await.kind(), "ApplicationRegistered");
        let Event::StasisStart(start) = next(&mut events).await else { panic!("no call") };
        assert_eq!((app.as_str(), start.application.as_str()), (&*format!("x:{}", start.channel.name), &*app));
        ari.channel(&start.channel).answer().await.unwrap();
        caller.hangs_up().await;
        until(&mut events, "StasisEnd").await;
        assert!(events.next().await.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn lost_connection_of_a_call_is_opened_again() {
    let (fake, mut listener) = (Fake::new(), listen().await);
    let _outbound = fake.outbound("x").credentials("me", "secret").per_call().to(&listener);
    let mut caller = fake.call("x").from("100").await;
    let lost = listener.accept().await.unwrap();
    let app = lost.application().to_owned();
    let (_, mut events) = lost.into_parts();
    until(&mut events, "StasisStart").await;
    fake.faults().cut_events();
    let accepted = timeout(Duration::from_secs(10), listener.accept()).await;
    let session = accepted.expect("the server connects again").unwrap();
    assert_eq!(session.application(), app);
    let (ari, mut events) = session.into_parts();
    assert_eq!(next(&mut events).await.kind(), "ApplicationRegistered");
    ari.channel(caller.id()).answer().await.unwrap();
    caller.hangs_up().await;
    let kinds = until(&mut events, "StasisEnd").await;
    assert!(!kinds.contains(&"StasisStart".to_owned()), "{kinds:?}");
    while events.next().await.is_some() {}
    drop(events);
    assert!(timeout(Duration::from_secs(60), listener.accept()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn call_goes_on_if_its_lost_connection_stays_lost() {
    let (fake, mut listener) = (Fake::new(), listen().await);
    let _outbound = fake.outbound("x").credentials("me", "secret").per_call().to(&listener);
    let mut caller = fake.call("x").from("100").await;
    let (_, mut events) = listener.accept().await.unwrap().into_parts();
    until(&mut events, "StasisStart").await;
    drop(listener);
    fake.faults().cut_events();
    let started = Instant::now();
    caller.ended().await;
    let waited = started.elapsed();
    assert!(waited >= Duration::from_secs(2) && waited < Duration::from_secs(3), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn restart_ends_the_connection_of_a_call() {
    let (fake, mut listener) = (Fake::new(), listen().await);
    let _outbound = fake.outbound("x").credentials("me", "secret").per_call().to(&listener);
    let _caller = fake.call("x").from("100").await;
    let (_, mut events) = listener.accept().await.unwrap().into_parts();
    until(&mut events, "StasisStart").await;
    fake.faults().restart();
    assert!(timeout(Duration::from_secs(60), listener.accept()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn application_stays_with_who_has_taken_it() {
    let (fake, mut listener) = (Fake::new(), listen().await);
    let outbound = fake.outbound("x").credentials("me", "secret").to(&listener);
    let (_, mut events) = listener.accept().await.unwrap().into_parts();
    assert_eq!(next(&mut events).await.kind(), "ApplicationRegistered");
    let mut owner = fake.client().events("x").await.unwrap();
    assert_eq!(next(&mut events).await.kind(), "ApplicationReplaced");
    drop(events);
    let (_, mut again) = listener.accept().await.unwrap().into_parts();
    assert_eq!(next(&mut again).await.kind(), "ApplicationRegistered");
    let _caller = fake.call("x").from("100").await;
    assert_eq!(next(&mut owner).await.kind(), "StasisStart");
    drop(outbound);
    assert_eq!(next(&mut owner).await.kind(), "ApplicationUnregistered");
    assert!(again.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn call_goes_on_if_nobody_accepts_its_connection() {
    let (fake, mut listener) = (Fake::new(), listen().await);
    let _outbound = fake.outbound("x").per_call().to(&listener);
    let started = Instant::now();
    let mut caller = fake.call("x").from("100").await;
    assert!(timeout(Duration::from_secs(1), listener.accept()).await.is_err());
    caller.ended().await;
    let waited = started.elapsed();
    assert!(waited >= Duration::from_secs(2) && waited < Duration::from_secs(3), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn connection_of_a_call_stays_while_the_call_is_in_another_application() {
    let (fake, mut listener) = (Fake::new(), listen().await);
    let _outbound = fake.outbound("x").credentials("me", "secret").per_call().to(&listener);
    let mut others = fake.client().events("other").await.unwrap();
    let mut caller = fake.call("x").from("100").await;
    let (ari, mut events) = listener.accept().await.unwrap().into_parts();
    ari.channel(caller.id()).answer().await.unwrap();
    ari.channel(caller.id()).r#move("other").await.unwrap();
    until(&mut events, "StasisEnd").await;
    assert!(timeout(Duration::from_secs(60), events.next()).await.is_err());
    caller.hangs_up().await;
    until(&mut others, "StasisEnd").await;
    assert!(timeout(Duration::from_secs(10), events.next()).await.unwrap().is_none());
}
