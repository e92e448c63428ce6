//! The example `queue`.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "an example is a separate program")]
#[path = "../../../../ari-bindings/examples/queue.rs"]
mod example;

use std::time::Duration;

use ari_bindings::values::BridgeType;
use ari_bindings::{Client, Event};
use ari_e2e::{Phone, Recorder, Route, Server, on_each_server, unique};
use tokio::sync::Mutex;

use self::example::Settings;
use super::{Running, listen};
use crate::call::Call;

/// Serializes the tests: the dialplan contains the name of the application.
static APPLICATION: Mutex<()> = Mutex::const_new(());

async fn start(server: &Server, agents: &[&str], ring_seconds: i64) -> Running {
    let agents = agents.iter().map(|extension| format!("Local/{extension}@default")).collect();
    let settings = Settings { agents, ring_seconds, rest: Duration::from_millis(100) };
    Running::start(server, "queue", |ari, events| example::serve(ari, events, settings)).await
}

/// An agent's phone, controlled by the test.
struct Agent {
    ari: Client,
    app: String,
    watch: Recorder,
}

impl Agent {
    async fn new(server: &Server) -> Self {
        let (ari, app) = (server.client(), unique("agent"));
        let watch = Recorder::open(&ari, &app).await;
        Self { ari, app, watch }
    }

    /// The extension that calls the phone.
    fn extension(&self) -> String {
        format!("stasis-{}", self.app)
    }

    /// Answers when the phone rings, and returns its channel.
    async fn answer(&mut self) -> String {
        let Event::StasisStart(start) = self.watch.until_kind("StasisStart").await else { unreachable!() };
        self.ari.channel(&start.channel).answer().await.unwrap();
        start.channel.id.into_string()
    }
}

/// Waits until a channel enters a bridge of this type, and returns the channel.
async fn until_in(queue: &mut Running, bridge: BridgeType) -> String {
    let entered = |event: &Event| match event {
        Event::ChannelEnteredBridge(entered) if entered.bridge.bridge_type == bridge => {
            entered.channel.as_ref().map(|channel| channel.id.to_string())
        }
        _ => None,
    };
    queue.watch.until(&format!("a channel in a bridge of type {bridge}"), entered).await
}

#[tokio::test]
async fn caller_returns_to_the_queue_after_the_agent_hangs_up() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut agent = Agent::new(&server).await;
        let mut queue = start(&server, &[&agent.extension()], 10).await;
        let mut caller = Call::to(&server, Route::Http, "2005").await;
        let channel = until_in(&mut queue, BridgeType::Holding).await;
        listen(caller.channel()).await;
        // The caller receives music.
        caller.watch.until_channel("ChannelTalkingStarted", &caller.id).await;

        // The agent hangs up during the conversation: the caller waits again, and the agent is called again.
        let phone = agent.answer().await;
        let talking = [until_in(&mut queue, BridgeType::Mixing).await, until_in(&mut queue, BridgeType::Mixing).await];
        assert!(talking.contains(&channel), "{talking:?}");
        agent.ari.channel(&phone).hangup().await.unwrap();
        agent.watch.until_channel("StasisEnd", &phone).await;
        assert_eq!(until_in(&mut queue, BridgeType::Holding).await, channel);

        // The caller hangs up during the next conversation, and the program hangs up the agent.
        let phone = agent.answer().await;
        until_in(&mut queue, BridgeType::Mixing).await;
        until_in(&mut queue, BridgeType::Mixing).await;
        caller.end().await;
        agent.watch.until_channel("StasisEnd", &phone).await;
        agent.watch.close().await;
        queue.end().await;
    })
    .await;
}

#[tokio::test]
async fn unanswering_agent_is_skipped() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut agent = Agent::new(&server).await;
        let mut queue = start(&server, &["ring", "busy", &agent.extension()], 1).await;
        let caller = Call::to(&server, Route::Http, "2005").await;
        let channel = until_in(&mut queue, BridgeType::Holding).await;
        let phone = agent.answer().await;
        let talking = [until_in(&mut queue, BridgeType::Mixing).await, until_in(&mut queue, BridgeType::Mixing).await];
        assert!(talking.contains(&channel), "{talking:?}");
        caller.end().await;
        agent.watch.until_channel("StasisEnd", &phone).await;
        agent.watch.close().await;
        queue.end().await;
    })
    .await;
}

#[tokio::test]
async fn agent_is_not_called_without_caller() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut agent = Agent::new(&server).await;
        let mut queue = start(&server, &[&agent.extension()], 30).await;
        let caller = Call::to(&server, Route::Http, "2005").await;
        until_in(&mut queue, BridgeType::Holding).await;
        let Event::StasisStart(start) = agent.watch.until_kind("StasisStart").await else { unreachable!() };
        caller.end().await;
        agent.watch.until_channel("StasisEnd", start.channel.id.as_str()).await;
        agent.watch.close().await;
        queue.end().await;
    })
    .await;
}

#[tokio::test]
async fn longest_waiting_caller_is_next() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut agent = Agent::new(&server).await;
        let mut queue = start(&server, &[&agent.extension()], 10).await;
        let mut callers = Vec::new();
        for _ in 0..3 {
            let caller = Call::to(&server, Route::Http, "2005").await;
            callers.push((caller, until_in(&mut queue, BridgeType::Holding).await));
        }
        // The first caller gives up.
        let (first, channel) = callers.remove(0);
        first.end().await;
        queue.watch.until_channel("StasisEnd", &channel).await;
        for (caller, channel) in callers {
            agent.answer().await;
            let talking =
                [until_in(&mut queue, BridgeType::Mixing).await, until_in(&mut queue, BridgeType::Mixing).await];
            assert!(talking.contains(&channel), "{talking:?}");
            caller.end().await;
        }
        agent.watch.close().await;
        queue.end().await;
    })
    .await;
}

#[tokio::test]
async fn transferring_phone_is_no_new_caller() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut agent = Agent::new(&server).await;
        let mut queue = start(&server, &[&agent.extension()], 10).await;
        let phone = tokio::spawn(Phone::calling(&server, "refer", "2005").call());
        let agent_channel = agent.answer().await;
        for _ in 0..2 {
            until_in(&mut queue, BridgeType::Mixing).await;
        }
        let replaces = |event: &Event| match event {
            Event::StasisStart(start) => start.replace_channel.as_ref().map(|_| start.channel.id.to_string()),
            _ => None,
        };
        let successor = queue.watch.until("a channel that replaces the caller", replaces).await;
        phone.await.unwrap();
        // The agent still has the call, and when the agent hangs up, the successor waits in the caller's place.
        agent.ari.channel(&agent_channel).hangup().await.unwrap();
        assert_eq!(until_in(&mut queue, BridgeType::Holding).await, successor);
        queue.ari.channel(&successor).hangup().await.unwrap();
        queue.watch.until_channel("StasisEnd", &successor).await;
        agent.watch.close().await;
        queue.end().await;
    })
    .await;
}

#[tokio::test]
async fn picked_up_call_is_connected() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut queue = start(&server, &["picked-up"], 10).await;
        let caller = Call::to(&server, Route::Http, "2005").await;
        let channel = until_in(&mut queue, BridgeType::Holding).await;
        let ringing = |event: &Event| match event {
            Event::Dial(dial) => (dial.dialstatus == "RINGING").then_some(()),
            _ => None,
        };
        queue.watch.until("a ringing agent", ringing).await;
        let picker = Call::to(&server, Route::Http, "pickup").await;
        let talking = [until_in(&mut queue, BridgeType::Mixing).await, until_in(&mut queue, BridgeType::Mixing).await];
        assert!(talking.contains(&channel), "{talking:?}");
        caller.end().await;
        drop(picker);
        queue.end().await;
    })
    .await;
}
