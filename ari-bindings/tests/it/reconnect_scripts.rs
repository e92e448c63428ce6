//! Random scripts against the state machine of a connection. Regardless of the server and the program:
//!
//! - `Disconnected` and `Reconnected` alternate;
//! - no event is delivered out of order or twice, and none is missing without a notice;
//! - every request ends in bounded time;
//! - at most `buffer_limit` and one more event are queued;
//! - all tasks end with the connection.
//!
//! `RECONNECT_SCRIPTS` sets the number of scripts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ari_bindings::{
    Client, ConnectionState, DisconnectReason, Error, Event, Events, OverflowPolicy, Reconnect, Transport,
};
use futures_util::{SinkExt as _, StreamExt as _};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::fake::{Fake, Peer, application, numbered};
use crate::over_websocket::reply;
use crate::server::{pass, within};

const LIMIT: usize = 20_000;

/// One step of a script.
#[derive(Debug, Clone)]
enum Step {
    /// The server sends this many events.
    Send(usize),
    /// The server drops the connection without a Close frame.
    Cut,
    /// The server closes the connection.
    Close,
    /// The server stops reading from this connection.
    StopReading,
    /// The server refuses connections, or accepts them again.
    Refuse(bool),
    /// The program sends a request.
    Request,
    /// The program stops or resumes taking events.
    Pause(bool),
    /// Some milliseconds pass.
    Wait(u64),
}

#[derive(Debug, Clone)]
struct Script {
    transport: Transport,
    policy: OverflowPolicy,
    steps: Vec<Step>,
}

fn scripts() -> impl Strategy<Value = Script> {
    let step = prop_oneof![
        4 => (1..400_usize).prop_map(Step::Send),
        2 => Just(Step::Cut),
        1 => Just(Step::Close),
        1 => Just(Step::StopReading),
        1 => any::<bool>().prop_map(Step::Refuse),
        3 => Just(Step::Request),
        1 => any::<bool>().prop_map(Step::Pause),
        4 => (1..40_u64).prop_map(Step::Wait),
    ];
    let transport = prop_oneof![Just(Transport::Http), Just(Transport::WebSocket)];
    let policy = prop_oneof![
        Just(OverflowPolicy::Fail),
        Just(OverflowPolicy::DropOldest),
        Just(OverflowPolicy::Wait(Duration::from_secs(10))),
    ];
    (transport, policy, prop::collection::vec(step, 1..20)).prop_map(|(transport, policy, steps)| Script {
        transport,
        policy,
        steps,
    })
}

#[test]
fn reconnect_scripts_keep_the_invariants() {
    let cases = std::env::var("RECONNECT_SCRIPTS").map_or(12, |cases| cases.parse().unwrap());
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner
        .run(&scripts(), |script| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(run(script));
            Ok(())
        })
        .unwrap();
}

async fn run(script: Script) {
    let mut fake = Fake::start().await;
    let server = Server::start(&mut fake);
    let ari = fake.builder().transport(script.transport).timeout(Duration::from_millis(300));
    let ari = ari.connect_timeout(Duration::from_millis(500)).build().unwrap();
    let events = within(connect(&ari, script.policy)).await.unwrap();
    within(server.connected()).await;
    let connection = events.connection();
    let (pause, paused) = watch::channel(false);
    let (taken, mut taking) = watch::channel(Taken::default());
    let program = tokio::spawn(take_all(events, paused, taken));
    let mut requests = JoinSet::new();

    let (mut number, mut may_overflow) = (0, false);
    for step in &script.steps {
        match step {
            Step::Send(count) => {
                for _ in 0..*count {
                    server.command(Command::Send(numbered(number)));
                    number += 1;
                }
            }
            Step::Cut => server.command(Command::Cut),
            Step::Close => server.command(Command::Close),
            Step::StopReading => server.command(Command::StopReading),
            Step::Refuse(refuse) => fake.refuse(refuse.then_some(503)),
            Step::Request => {
                let channel = ari.channel("c");
                requests.spawn(async move { within(channel.answer()).await.err() });
            }
            Step::Pause(yes) => {
                may_overflow |= *yes;
                pause.send_replace(*yes);
            }
            Step::Wait(millis) => pass(Duration::from_millis(*millis)).await,
        }
        tokio::task::yield_now().await;
    }
    fake.refuse(None);
    pause.send_replace(false);

    // An event arrives eventually, unless the program was too slow.
    let arrived = async {
        let (mut state, first) = (connection.clone(), number);
        loop {
            server.command(Command::Send(numbered(number)));
            number += 1;
            tokio::select! {
                _ = taking.wait_for(|taken| taken.end.is_some() || taken.last.is_some_and(|last| last >= first)) => return,
                // It may have been sent to a connection that is lost by now.
                Some(_) = state.changed() => {}
            }
        }
    };
    within(arrived).await;
    within(async { while requests.join_next().await.transpose().unwrap().is_some() {} }).await;
    within(connection.close()).await;
    assert_eq!(connection.state(), ConnectionState::Closed);
    within(program).await.unwrap();
    let end = taking.borrow().end.clone().expect("an end");
    if let Err(error) = end {
        assert!(may_overflow && script.policy == OverflowPolicy::Fail, "{error}");
        assert!(matches!(error, Error::Disconnected { reason: DisconnectReason::Overflow { .. }, .. }), "{error}");
    }
    drop((ari, connection));
    drop(server);
    fake.stop().await;
    within(async {
        while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn connect(ari: &Client, policy: OverflowPolicy) -> Result<Events, Error> {
    let short = Duration::from_millis(60);
    ari.events(["x"])
        .reconnect(Reconnect::new().delays(Duration::from_millis(1), Duration::from_millis(10)))
        .ping_interval(short)
        .ping_timeout(short)
        .buffer_limit(LIMIT)
        .overflow_policy(policy)
        .await
}

/// The events taken so far, checked on arrival.
#[derive(Default)]
struct Taken {
    last: Option<usize>,
    /// The number of events dropped since the last event.
    dropped: usize,
    /// Whether there was a gap since the last event.
    gap: bool,
    disconnected: bool,
    /// `Ok` after the program's own close.
    end: Option<Result<(), Error>>,
}

impl Taken {
    fn note(&mut self, event: &Event) {
        match event {
            Event::Disconnected(_) => {
                assert!(!self.disconnected, "disconnected twice");
                (self.disconnected, self.gap) = (true, true);
            }
            Event::Reconnected(_) => {
                assert!(self.disconnected, "reconnected without a loss");
                self.disconnected = false;
            }
            Event::Dropped(dropped) => self.dropped += usize::try_from(dropped.events).unwrap(),
            event => {
                assert!(!self.disconnected, "an event in a gap: {event:?}");
                let number = serde_json::to_value(event).unwrap()["number"].as_u64().unwrap();
                self.number(usize::try_from(number).unwrap());
            }
        }
    }

    fn number(&mut self, number: usize) {
        let next = self.last.map_or(0, |last| last + 1);
        assert!(number >= next, "{number} comes after {:?}", self.last);
        if self.gap {
            assert!(number - next >= self.dropped, "more was dropped than is missing before {number}");
        } else {
            assert_eq!(number - next, self.dropped, "missing before {number}");
        }
        (self.last, self.dropped, self.gap) = (Some(number), 0, false);
    }
}

async fn take_all(mut events: Events, mut paused: watch::Receiver<bool>, taken: watch::Sender<Taken>) {
    // An event, and the notices of one gap and of dropped events.
    const BEYOND: usize = 1000;
    let connection = events.connection();
    let end = loop {
        if paused.wait_for(|paused| !paused).await.is_err() {
            break Ok(());
        }
        match events.next().await {
            Some(Ok(event)) => taken.send_modify(|taken| taken.note(&event)),
            Some(Err(error)) => {
                assert!(events.next().await.is_none());
                break Err(error);
            }
            None => break Ok(()),
        }
        let statistics = connection.statistics();
        assert!(statistics.queued_bytes <= LIMIT + BEYOND, "{statistics:?}");
    };
    taken.send_modify(|taken| taken.end = Some(end));
}

/// A command for the newest connection of the server.
enum Command {
    Send(String),
    Cut,
    Close,
    StopReading,
}

/// Serves all connections.
struct Server {
    newest: Arc<Mutex<Option<mpsc::UnboundedSender<Command>>>>,
}

impl Server {
    fn start(fake: &mut Fake) -> Self {
        let newest = Arc::default();
        let server = Self { newest: Arc::clone(&newest) };
        let mut connections = fake.take_connections();
        tokio::spawn(async move {
            while let Some((_, peer)) = connections.recv().await {
                let (sender, commands) = mpsc::unbounded_channel();
                *newest.lock().unwrap() = Some(sender);
                tokio::spawn(serve(peer, commands));
            }
            *newest.lock().unwrap() = None;
        });
        server
    }

    /// Waits for the first connection.
    async fn connected(&self) {
        while self.newest.lock().unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    }

    /// A command for a connection that no longer exists is ignored.
    fn command(&self, command: Command) {
        if let Some(newest) = &*self.newest.lock().unwrap() {
            let _ = newest.send(command);
        }
    }
}

async fn serve(mut peer: Peer, mut commands: mpsc::UnboundedReceiver<Command>) {
    let mut reading = true;
    loop {
        tokio::select! {
            message = peer.next(), if reading => match message {
                Some(Ok(Message::Text(text))) => {
                    let request: Value = serde_json::from_str(&text).unwrap();
                    if peer.send(Message::text(answer(&request))).await.is_err() {
                        return;
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
            command = commands.recv() => match command {
                Some(Command::Send(text)) => {
                    // Does not wait for a client that has closed the connection or stopped reading.
                    let sent = tokio::time::timeout(Duration::from_secs(2), peer.send(Message::text(text))).await;
                    if !matches!(sent, Ok(Ok(()))) {
                        return;
                    }
                }
                Some(Command::Close) => {
                    let _ = peer.close(None).await;
                }
                Some(Command::StopReading) => reading = false,
                Some(Command::Cut) | None => return,
            },
        }
    }
}

fn answer(request: &Value) -> String {
    match request["uri"].as_str().unwrap() {
        "asterisk/ping" => reply(request, 200, r#"{"ping":"pong"}"#),
        "applications/x" => reply(request, 200, &application(&[], &[], &[]).to_string()),
        "channels/c/answer" => reply(request, 204, ""),
        _ => reply(request, 404, &json!({ "message": "no" }).to_string()),
    }
}
