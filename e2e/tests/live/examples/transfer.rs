//! The example `transfer`.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "an example is a separate program")]
#[path = "../../../../ari-bindings/examples/transfer.rs"]
mod example;

use ari_bindings::{Client, Event};
use ari_e2e::{Recorder, Route, Server, on_each_server, unique};
use tokio::sync::Mutex;

use super::Running;
use crate::call::Call;

/// Serializes the tests: the dialplan contains the name of the application.
static APPLICATION: Mutex<()> = Mutex::const_new(());

/// A call and its agent's phone, controlled by the test.
struct Scene {
    transfer: Running,
    caller: Call,
    /// The prefix of the name of the caller's channel in the example.
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

    /// Waits until a channel whose name has this prefix enters the bridge.
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

    /// Presses keys on the agent's phone.
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

    /// Waits for the end of the call and checks that nothing is left of it.
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
async fn blind_transfer_connects_the_caller() {
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
async fn blind_transfer_to_a_busy_target_ends_the_call() {
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
async fn attended_transfer_connects_the_caller() {
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
async fn attended_transfer_can_be_cancelled() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut scene = Scene::open(&server).await;
        scene.press("*1002#").await;
        scene.until_inside("Local/1002@").await;
        scene.press("*").await;
        scene.until_caller_inside().await;
        // A transfer to a busy target is cancelled without a key.
        scene.press("*1005#").await;
        scene.until_caller_outside().await;
        scene.until_caller_inside().await;
        // When the agent hangs up, the program hangs up the caller.
        scene.hang_up_agent().await;
        scene.end().await;
    })
    .await;
}
