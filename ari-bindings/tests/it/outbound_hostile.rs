//! Hostile and broken connections to a listener, and those of Asterisk among them.

use std::env;
use std::time::Duration;

use ari_bindings::outbound::Listener;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Error as WsError;

use crate::fake::{Peer, numbered, send};
use crate::outbound::{GOOD, close_frame, dial, listen, registered, session};
use crate::server::within;

/// Opens a connection, sends these bytes, and keeps the connection until the listener closes it.
fn intrude(listener: &Listener, bytes: Vec<u8>) -> JoinHandle<()> {
    let address = listener.local_addr();
    tokio::spawn(async move {
        // A busy listener may reset the connection.
        let Ok(mut stream) = TcpStream::connect(address).await else { return };
        let _ = stream.write_all(&bytes).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
}

async fn until_pending(listener: &Listener, condition: impl Fn(usize) -> bool) {
    within(async {
        while !condition(listener.pending_connections()) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn silent_connections_do_not_shut_out_good_ones() {
    let mut listener = listen(|builder| builder.max_pending(64).max_pending_per_address(32)).await;
    let mut silent = Vec::new();
    let mut good = Vec::new();
    for number in 0..1000 {
        silent.push(intrude(&listener, b"GET / HTTP/1.1\r\n".to_vec()));
        assert!(listener.pending_connections() <= 32);
        if number % 50 == 49 {
            good.push(session(&mut listener).await);
        }
    }
    assert_eq!((good.len(), listener.open_sessions()), (20, 20));
    // The oldest ones were displaced first, long before their timeout.
    until_pending(&listener, |pending| pending == 32).await;
    for oldest in silent.drain(..900) {
        within(oldest).await.unwrap();
    }
    session(&mut listener).await;
    within(listener.shutdown()).await;
    assert_eq!(listener.pending_connections(), 0);
    for rest in silent {
        within(rest).await.unwrap();
    }
}

#[tokio::test]
async fn handshake_timeout_closes_slow_heads() {
    let listener = listen(|builder| builder.handshake_timeout(Duration::from_millis(100))).await;
    for bytes in [&b""[..], b"GET / HTTP/1.1\r\nHost: x\r\n"] {
        within(intrude(&listener, bytes.to_vec())).await.unwrap();
    }
    until_pending(&listener, |pending| pending == 0).await;
}

#[tokio::test]
async fn credentials_are_compared_in_full() {
    let listener = listen(|builder| builder).await;
    let encode = |credentials: &str| STANDARD.encode(credentials);
    let right = encode("me:secret");
    let mut wrong: Vec<String> = (0..right.len()).map(|length| right[..length].to_owned()).collect();
    wrong.extend(["me:secre", "me:", "", ":", "me:secret2", "me:secreT", "m:secret"].map(encode));
    wrong.push(format!("{right}A"));
    for shown in wrong {
        let shown = format!("Basic {shown}");
        match dial(&listener, &[("Authorization", &shown), GOOD[1]]).await.map(drop).unwrap_err() {
            WsError::Http(response) => assert_eq!(response.status(), 401, "{shown}"),
            other => panic!("{shown}: {other}"),
        }
    }
    assert_eq!(listener.open_sessions(), 0);
    dial(&listener, &[("Authorization", &format!("basic  {right}")), GOOD[1]]).await.unwrap();
}

#[tokio::test]
async fn messages_before_application_are_small() {
    let mut listener = listen(|builder| builder).await;
    let mut large = dial(&listener, &GOOD).await.unwrap();
    let filler = format!(r#"{{"type":"Test","filler":"{}"}}"#, "x".repeat(70_000));
    send(&mut large, filler.clone()).await;
    close_frame(&mut large).await;
    // Messages after the first may be large.
    let (mut session, mut peer) = session(&mut listener).await;
    send(&mut peer, filler).await;
    for kind in ["ApplicationRegistered", "Test"] {
        assert_eq!(within(session.events().next()).await.unwrap().unwrap().kind(), kind);
    }
}

/// One step of a script.
#[derive(Debug, Clone)]
enum Step {
    /// A peer sends these bytes and waits.
    Bytes(Vec<u8>),
    /// A request with the wrong password.
    WrongPassword,
    /// The right password, and then this many messages that do not name an application, or another application.
    Stray(usize, bool),
    /// Asterisk connects, and its session is kept.
    Good,
    /// The oldest session is dropped by the program, or lost.
    End(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let bytes = prop_oneof![
        Just(Vec::new()),
        Just(b"GET / HTTP/1.1\r\n".to_vec()),
        Just(b"\x16\x03\x01\x02\x00\x01\x00\x01".to_vec()),
        prop::collection::vec(any::<u8>(), 0..300),
        (1..70_000_usize).prop_map(|length| vec![b'x'; length]),
    ];
    let step = prop_oneof![
        4 => bytes.prop_map(Step::Bytes),
        1 => Just(Step::WrongPassword),
        1 => (0..20_usize, any::<bool>()).prop_map(|(messages, foreign)| Step::Stray(messages, foreign)),
        2 => Just(Step::Good),
        1 => any::<bool>().prop_map(Step::End),
    ];
    prop::collection::vec(step, 1..60)
}

const MAX_PENDING: usize = 4;
const MAX_SESSIONS: usize = 30;

async fn run(steps: Vec<Step>) {
    let mut listener = listen(|builder| {
        let builder = builder.max_sessions(MAX_SESSIONS).max_pending(MAX_PENDING);
        builder.application_timeout(Duration::from_millis(500))
    })
    .await;
    let (mut open, mut others, mut strays) = (Vec::new(), Vec::new(), Vec::<Peer>::new());
    for step in steps {
        match step {
            Step::Bytes(bytes) => others.push(intrude(&listener, bytes)),
            Step::WrongPassword => {
                assert!(dial(&listener, &[("Authorization", "Basic bWU6"), GOOD[1]]).await.is_err());
            }
            // Their permits are released within two seconds.
            Step::Stray(..) if strays.len() == 10 => {}
            Step::Stray(messages, foreign) => {
                let mut peer = dial(&listener, &GOOD).await.unwrap();
                for number in 0..messages {
                    send(&mut peer, numbered(number)).await;
                }
                if foreign {
                    send(&mut peer, registered("foreign")).await;
                }
                strays.push(peer);
            }
            Step::Good if open.len() + strays.len() >= MAX_SESSIONS => {}
            Step::Good => open.push(session(&mut listener).await),
            Step::End(by_program) if !open.is_empty() => {
                let (session, peer) = open.remove(0);
                if by_program { drop(session) } else { drop(peer) }
            }
            Step::End(_) => {}
        }
        assert!(listener.pending_connections() <= MAX_PENDING);
        assert!(listener.open_sessions() <= MAX_SESSIONS);
    }
    // After any script, Asterisk can connect, and all permits are released.
    open.truncate(MAX_SESSIONS - 1 - strays.len());
    open.push(session(&mut listener).await);
    drop((open, strays));
    within(async {
        while listener.open_sessions() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    within(listener.shutdown()).await;
    assert_eq!(listener.pending_connections(), 0);
    for other in others {
        within(other).await.unwrap();
    }
}

/// Runs a few scripts, or as many as `LISTENER_SCRIPTS` says. Each takes about a second.
#[test]
fn listener_scripts_keep_the_invariants() {
    let cases = env::var("LISTENER_SCRIPTS").map_or(4, |cases| cases.parse().expect("LISTENER_SCRIPTS is a number"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let test = |steps| {
        runtime.block_on(run(steps));
        Ok(())
    };
    TestRunner::new(config).run(&steps(), test).unwrap();
}
