//! The example `external_media`.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "it is a program of its own")]
#[path = "../../../../ari-bindings/examples/external_media.rs"]
mod example;

use std::net::{IpAddr, Ipv4Addr};

use ari_bindings::Event;
use ari_e2e::{Route, Server, eventually, on_each_server};
use tokio::sync::Mutex;

use super::{Running, listen};
use crate::call::Call;

/// The name of the application is in the dialplan: it can be used by one test at a time.
static APPLICATION: Mutex<()> = Mutex::const_new(());

#[tokio::test]
async fn who_talks_hears_it_again() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let address = IpAddr::from(Ipv4Addr::LOCALHOST);
        let serve = |ari, events| example::serve(ari, events, address);
        let mut media = Running::start(&server, "external_media", serve).await;
        let mut caller = Call::to(&server, Route::Http, "2008").await;
        let entered = |event: &Event| match event {
            Event::ChannelEnteredBridge(entered) => {
                let channel = entered.channel.as_ref()?;
                channel.name.starts_with("UnicastRTP/").then(|| (channel.id.clone(), entered.bridge.id.clone()))
            }
            _ => None,
        };
        let (channel, bridge) = media.watch.until("the media in the bridge", entered).await;
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
