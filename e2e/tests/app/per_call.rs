//! Applications to which Asterisk connects for each call.

use std::sync::Arc;
use std::time::Duration;

use ari_app::{Call, CallError, CallSummary, Dialed, EndReason, PerCall, Shutdown};
use ari_bindings::Client;
use ari_bindings::handles::ChannelHandle;
use ari_e2e::{FaultProxy, Outbound, OutboundGuard, Server, eventually, on_each_that_connects, unique};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

/// How long a call may take to end.
const SOON: Duration = Duration::from_secs(20);

/// A running application that Asterisk connects to through a proxy.
struct Running {
    ari: Client,
    name: String,
    proxy: FaultProxy,
    guard: OutboundGuard,
    shutdown: Shutdown,
    task: JoinHandle<()>,
    summaries: Mutex<mpsc::UnboundedReceiver<CallSummary>>,
}

impl Running {
    async fn start(server: &Server) -> Self {
        let name = unique("app");
        let listener = Outbound::listener().applications([&name]).bind("127.0.0.1:0").await.unwrap();
        let proxy = FaultProxy::to(listener.local_addr());
        let (sender, summaries) = mpsc::unbounded_channel();
        let sender = Arc::new(sender);
        let app = PerCall::new(listener).shutdown_on_signal(false).options(move |app| {
            let sender = Arc::clone(&sender);
            app.on_summary(move |summary| drop(sender.send(summary.clone())))
        });
        let shutdown = app.shutdown();
        let task = tokio::spawn(app.serve(talk));
        let guard = Outbound::default().client("connection_type", "per_call_config");
        let guard = guard.connect_to(server, proxy.address(), &[&name]).await;
        Self { ari: server.client(), name, proxy, guard, shutdown, task, summaries: Mutex::new(summaries) }
    }

    /// Somebody calls. The name of the channel is short, because that of the application contains it.
    async fn caller(&self) -> ChannelHandle {
        let id = unique("channel");
        self.ari.channels().originate_with_id(&*id, "Local/echo@default").app(&*self.name).await.unwrap();
        self.ari.channel(&*id)
    }

    async fn summary(&self) -> CallSummary {
        let summary = tokio::time::timeout(SOON, async { self.summaries.lock().await.recv().await }).await;
        summary.expect("a call ends within 20 s").expect("the application is there")
    }

    /// The channel in a bridge with this one.
    async fn party(&self, caller: &ChannelHandle) -> Option<String> {
        let bridges = self.ari.bridges().list().await.unwrap();
        let bridge = bridges.into_iter().find(|bridge| bridge.channels.contains(caller.channel_id()))?;
        bridge.channels.into_iter().find(|id| id != caller.channel_id()).map(|id| id.to_string())
    }

    /// Waits until a caller talks; returns the channel of the party.
    async fn until_talking(&self, caller: &ChannelHandle) -> String {
        eventually(|| async { self.party(caller).await.is_some() }).await;
        self.party(caller).await.unwrap()
    }

    async fn end(self) {
        self.shutdown.start();
        self.task.await.unwrap();
        self.guard.remove().await;
    }

    /// Waits until a channel is gone.
    async fn until_over(&self, channel: &str) {
        let channel = self.ari.channel(channel);
        eventually(|| async { channel.get().await.is_err_and(|error| error.is_not_found()) }).await;
    }
}

/// A handler with the usual verbs.
async fn talk(call: Call) -> Result<(), CallError> {
    call.answer().await?;
    call.set_variable("GREETING", "hello").await?;
    call.say("sound:beep").await?;
    let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
    call.bridge(leg).until_hangup().await?;
    call.say("sound:beep").await.map(drop)
}

#[tokio::test]
async fn each_call_is_served_over_a_connection_of_its_own() {
    on_each_that_connects(|server: Server| async move {
        let app = Running::start(&server).await;
        let (first, second) = (app.caller().await, app.caller().await);
        let parties = [app.until_talking(&first).await, app.until_talking(&second).await];
        assert_eq!(app.proxy.counts().made, 2);
        // The leg hangs up, and the handler returns.
        app.ari.channel(&*parties[0]).hangup().await.unwrap();
        let summary = app.summary().await;
        assert_eq!((summary.id.as_str(), summary.legs, summary.failure), (first.channel_id().as_str(), 1, None));
        assert_eq!(summary.end.unwrap().reason, EndReason::HungUp);
        app.until_over(first.channel_id().as_str()).await;
        // The caller hangs up, and the leg with it.
        second.hangup().await.unwrap();
        let summary = app.summary().await;
        assert_eq!((summary.failure, summary.end.unwrap().reason), (None, EndReason::HungUp));
        app.until_over(&parties[1]).await;
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn shutdown_lets_calls_finish_and_accepts_no_connection() {
    on_each_that_connects(|server: Server| async move {
        let app = Running::start(&server).await;
        let caller = app.caller().await;
        let party = app.until_talking(&caller).await;
        app.shutdown.start();
        // Asterisk tries again for 2 s before it gives up.
        app.until_over(app.caller().await.channel_id().as_str()).await;
        assert_eq!(app.party(&caller).await.as_ref(), Some(&party));
        app.ari.channel(&*party).hangup().await.unwrap();
        let summary = app.summary().await;
        assert_eq!((summary.failure, summary.end.unwrap().reason), (None, EndReason::HungUp));
        app.until_over(caller.channel_id().as_str()).await;
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn call_of_a_lost_connection_is_resumed_over_the_next() {
    on_each_that_connects(|server: Server| async move {
        let app = Running::start(&server).await;
        let caller = app.caller().await;
        let lost = app.until_talking(&caller).await;
        app.proxy.cut().await;
        assert_eq!(app.summary().await.end.unwrap().reason, EndReason::Disconnected);
        app.until_over(&lost).await;
        let party = app.until_talking(&caller).await;
        assert_eq!(app.proxy.counts().made, 2);
        app.ari.channel(&*party).hangup().await.unwrap();
        let summary = app.summary().await;
        assert_eq!((summary.id.as_str(), summary.legs, summary.failure), (caller.channel_id().as_str(), 1, None));
        assert_eq!(summary.end.unwrap().reason, EndReason::HungUp);
        app.until_over(caller.channel_id().as_str()).await;
        app.end().await;
    })
    .await;
}
