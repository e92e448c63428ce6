//! The example `external_media`.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "an example is a separate program")]
#[path = "../../../../ari-bindings/examples/external_media.rs"]
mod example;

use std::net::{IpAddr, Ipv4Addr};

use ari_bindings::Event;
use ari_bindings::ids::{BridgeId, ChannelId};
use ari_e2e::{Route, Server, eventually, on_each_server};
use tokio::sync::Mutex;

use super::{Running, listen};
use crate::call::Call;

/// Serializes the tests: the dialplan contains the name of the application.
static APPLICATION: Mutex<()> = Mutex::const_new(());

async fn start(server: &Server) -> Running {
    let address = IpAddr::from(Ipv4Addr::LOCALHOST);
    Running::start(server, "external_media", |ari, events| example::serve(ari, events, address)).await
}

/// Waits until a media channel is in the bridge, and returns both ids.
async fn until_media(media: &mut Running) -> (ChannelId, BridgeId) {
    let entered = |event: &Event| match event {
        Event::ChannelEnteredBridge(entered) => {
            let channel = entered.channel.as_ref()?;
            channel.name.starts_with("UnicastRTP/").then(|| (channel.id.clone(), entered.bridge.id.clone()))
        }
        _ => None,
    };
    media.watch.until("the media in the bridge", entered).await
}

#[tokio::test]
async fn caller_receives_the_echo() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut media = start(&server).await;
        let mut caller = Call::to(&server, Route::Http, "2008").await;
        let (channel, bridge) = until_media(&mut media).await;
        listen(caller.channel()).await;
        caller.channel().play(["sound:hello-world"]).await.unwrap();
        caller.watch.until_channel("ChannelTalkingStarted", &caller.id).await;
        caller.end().await;
        let gone = |error: ari_bindings::Error| error.is_not_found();
        eventually(|| async { media.ari.channel(&channel).get().await.is_err_and(gone) }).await;
        eventually(|| async { media.ari.bridge(&bridge).get().await.is_err_and(gone) }).await;
        media.end().await;
    })
    .await;
}

#[tokio::test]
async fn clean_up_removes_leftovers_of_a_crash() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut media = start(&server).await;
        let mut caller = Call::to(&server, Route::Http, "2008").await;
        let (channel, bridge) = until_media(&mut media).await;
        // The connection ends, and the program does not clean up its calls.
        media.end().await;
        let ari = server.client();
        ari.channel(&channel).get().await.unwrap();
        example::clean_up(&ari).await.unwrap();
        let gone = |error: ari_bindings::Error| error.is_not_found();
        eventually(|| async { ari.channel(&channel).get().await.is_err_and(gone) }).await;
        eventually(|| async { ari.bridge(&bridge).get().await.is_err_and(gone) }).await;
        caller.watch.until_channel("StasisEnd", &caller.id).await;
        caller.watch.close().await;
    })
    .await;
}
