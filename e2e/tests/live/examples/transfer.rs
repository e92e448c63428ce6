//! The example `transfer`.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "it is a program of its own")]
#[path = "../../../../ari-bindings/examples/transfer.rs"]
mod example;

use ari_bindings::{Client, Event};
use ari_e2e::{Recorder, Route, Server, on_each_server, unique};
use tokio::sync::Mutex;

use super::Running;
use crate::call::Call;

/// The name of the application is in the dialplan: it can be used by one test at a time.
static APPLICATION: Mutex<()> = Mutex::const_new(());

/// A call, and the telephone of the agent who has it, in the hands of the test.
struct Scene {
    transfer: Running,
    caller: Call,
    /// What the name of the caller's channel in the example begins with.
    caller_name: String,
    agent_name: String,
    ari: Client,
    watch: Recorder,
    phone: String,
}

impl Scene {
    async fn open(server: &Server) -> Self {
        let transfer = Running::start(server, "transfer", example::serve).await;
        let (ari, app) = (server.client(), unique("agent"));
        let mut watch = Recorder::open(&ari, &app).await;
        let number = format!("stasis-{app}");
        let answer = async {
            let Event::StasisStart(start) = watch.until_kind("StasisStart").await else { unreachable!() };
            ari.channel(&start.channel).answer().await.unwrap();
            start.channel.id.into_string()
        };
        let dialled = format!("2006{number}");
        let (caller, phone) = tokio::join!(Call::to(server, Route::Http, &dialled), answer);
        let (caller_name, agent_name) = (format!("Local/{dialled}@"), format!("Local/{number}@"));
        let mut scene = Self { transfer, caller, caller_name, agent_name, ari, watch, phone };
        scene.until_inside(&scene.agent_name.clone()).await;
        scene.until_inside(&scene.caller_name.clone()).await;
        scene
    }

    /// Waits until somebody whose name begins like this enters the bridge.
    async fn until_inside(&mut self, name: &str) {
        let entered = |event: &Event| match event {
            Event::ChannelEnteredBridge(entered) => {
                entered.channel.as_ref().is_some_and(|channel| channel.name.starts_with(name)).then_some(())
            }
            _ => None,
        };
        self.transfer.watch.until(&format!("{name} in the bridge"), entered).await;
    }

    async fn until_caller_outside(&mut self) {
        let left = |event: &Event| match event {
            Event::ChannelLeftBridge(left) => left.channel.name.starts_with(&self.caller_name).then_some(()),
            _ => None,
        };
        self.transfer.watch.until("the caller out of the bridge", left).await;
    }

    async fn until_caller_inside(&mut self) {
        self.until_inside(&self.caller_name.clone()).await;
    }

    /// The agent presses keys.
    async fn press(&self, keys: &str) {
        self.ari.channel(&self.phone).send_dtmf().dtmf(keys).await.unwrap();
    }

    async fn hang_up_agent(&mut self) {
        self.ari.channel(&self.phone).hangup().await.unwrap();
        self.until_agent_gone().await;
    }

    async fn until_agent_gone(&mut self) {
        self.watch.until_channel("StasisEnd", &self.phone).await;
    }

    /// The caller is hung up on, or has hung up, and nothing is left of the call.
    async fn end(mut self) {
        self.caller.watch.until_channel("StasisEnd", &self.caller.id).await;
        self.caller.watch.close().await;
        self.watch.close().await;
        self.transfer.end().await;
    }

    async fn hang_up_caller(&mut self) {
        self.caller.channel().hangup().await.unwrap();
    }
}

#[tokio::test]
async fn a_blind_transfer() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut scene = Scene::open(&server).await;
        scene.press("#1002#").await;
        scene.until_agent_gone().await;
        scene.until_inside("Local/1002@").await;
        scene.until_caller_inside().await;
        scene.hang_up_caller().await;
        scene.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_blind_transfer_to_one_who_is_busy() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut scene = Scene::open(&server).await;
        scene.press("#1005#").await;
        scene.until_agent_gone().await;
        scene.end().await;
    })
    .await;
}

#[tokio::test]
async fn an_attended_transfer() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut scene = Scene::open(&server).await;
        scene.press("*1002#").await;
        scene.until_caller_outside().await;
        scene.until_inside("Local/1002@").await;
        scene.hang_up_agent().await;
        scene.until_caller_inside().await;
        scene.hang_up_caller().await;
        scene.end().await;
    })
    .await;
}

#[tokio::test]
async fn an_attended_transfer_that_is_taken_back() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut scene = Scene::open(&server).await;
        scene.press("*1002#").await;
        scene.until_inside("Local/1002@").await;
        scene.press("*").await;
        scene.until_caller_inside().await;
        // To one who is busy, it is taken back without a key.
        scene.press("*1005#").await;
        scene.until_caller_outside().await;
        scene.until_caller_inside().await;
        // The program hangs up on the caller with the agent.
        scene.hang_up_agent().await;
        scene.end().await;
    })
    .await;
}
