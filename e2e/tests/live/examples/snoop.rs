//! The example `snoop`.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "an example is a separate program")]
#[path = "../../../../ari-bindings/examples/snoop.rs"]
mod example;

use ari_bindings::Event;
use ari_e2e::{Recorder, Route, Server, on_each_server, unique};
use tokio::sync::Mutex;

use super::{Running, listen};
use crate::call::Call;

/// Serializes the tests: the dialplan contains the name of the application.
static APPLICATION: Mutex<()> = Mutex::const_new(());

/// A call from this number, and a supervisor listening to it.
async fn listening(server: &Server, snoop: &mut Running, target: &mut Call, number: &str) -> Call {
    target.channel().set_channel_var("CALLERID(num)").value(number).await.unwrap();
    target.watch.until_kind("ChannelCallerId").await;
    let supervisor = Call::to(server, Route::Http, &format!("2007{number}")).await;
    until_snooping(snoop).await;
    supervisor
}

async fn until_snooping(snoop: &mut Running) {
    let entered = |event: &Event| match event {
        Event::ChannelEnteredBridge(entered) => {
            entered.channel.as_ref().is_some_and(|channel| channel.name.starts_with("Snoop/")).then_some(())
        }
        _ => None,
    };
    snoop.watch.until("a snoop channel in the bridge", entered).await;
}

#[tokio::test]
async fn supervisor_listens_until_the_call_ends() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut snoop = Running::start(&server, "snoop", example::serve).await;
        let mut target = Call::to(&server, Route::Http, "talk").await;
        let mut supervisor = listening(&server, &mut snoop, &mut target, "4711").await;
        listen(supervisor.channel()).await;
        supervisor.watch.until_channel("ChannelTalkingStarted", &supervisor.id).await;
        target.end().await;
        supervisor.watch.until_channel("StasisEnd", &supervisor.id).await;
        supervisor.watch.close().await;
        snoop.end().await;
    })
    .await;
}

#[tokio::test]
async fn supervisor_whispers() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut snoop = Running::start(&server, "snoop", example::serve).await;
        let (ari, app) = (server.client(), unique("far"));
        let mut far = Recorder::open(&ari, &app).await;
        let mut target = Call::to(&server, Route::Http, &format!("first-{app}")).await;
        let Event::StasisStart(start) = far.until_kind("StasisStart").await else { unreachable!() };
        listen(ari.channel(&start.channel)).await;
        // Whispers are mixed into the audio sent to the other end, even into silence.
        target.channel().start_silence().await.unwrap();
        let supervisor = listening(&server, &mut snoop, &mut target, "4712").await;
        supervisor.channel().send_dtmf().dtmf("2").await.unwrap();
        until_snooping(&mut snoop).await;
        supervisor.channel().play(["sound:hello-world"]).await.unwrap();
        far.until_channel("ChannelTalkingStarted", start.channel.id.as_str()).await;
        far.close().await;
        supervisor.end().await;
        target.end().await;
        snoop.end().await;
    })
    .await;
}

#[tokio::test]
async fn unknown_call_is_reported() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let snoop = Running::start(&server, "snoop", example::serve).await;
        let mut supervisor = Call::to(&server, Route::Http, "20070000").await;
        supervisor.watch.until_channel("StasisEnd", &supervisor.id).await;
        supervisor.watch.close().await;
        snoop.end().await;
    })
    .await;
}
