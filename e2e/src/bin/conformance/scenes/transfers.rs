//! Transfers by a phone, performed by Asterisk or by the application.

use std::time::Duration;

use ari_bindings::{Event, Events};
use ari_e2e::{Dialog, SipPhone, unique};
use tokio::time::timeout;

use crate::scene::Scene;

pub(crate) async fn run(mut scene: Scene) {
    let phone = SipPhone::open("phone-a", scene.server.get("SIP_PORT")).await.expect("a phone");
    blind(&mut scene, &phone).await;
    attended(&scene, &phone).await;
    if scene.has("channels.transfer_progress") {
        left_to_the_application(&mut scene, &phone).await;
    }
    scene.watch.close().await;
}

/// The phone talks to another phone in a bridge of the application, and transfers it blindly.
async fn blind(scene: &mut Scene, phone: &SipPhone) {
    let other = scene.enter("echo").await;
    let mut call = phone.call(&format!("first-{}", scene.app)).await.expect("a call");
    let Event::StasisStart(start) = scene.watch.until_kind("StasisStart").await else { unreachable!() };
    let bridge = scene.ok(scene.aside.bridges().create()).await.id;
    let handle = scene.aside.bridge(&bridge);
    scene.ok(handle.add_channel([start.channel.id.as_str(), other.as_str()])).await;
    scene.watch.until_channel("ChannelEnteredBridge", &other).await;
    assert_eq!(phone.refer(&mut call, &phone.address("wait")).await.expect("an answer"), 202);
    phone.answering(scene.watch.until_kind("BridgeBlindTransfer")).await;
    assert_eq!(phone.bye(&mut call).await.expect("an answer"), 200);
    scene.watch.until_channel("StasisEnd", start.channel.id.as_str()).await;
    scene.ok(handle.destroy()).await;
    scene.hang_up(&other).await;
}

/// The phone has two calls, each in a bridge created by Asterisk, and connects them with an attended transfer.
async fn attended(scene: &Scene, phone: &SipPhone) {
    let mut all = scene.ari.events([unique("all")]).subscribe_all(true).await.expect("a connection");
    let mut first = in_company(scene, phone, &mut all).await;
    let second = in_company(scene, phone, &mut all).await;
    let target = format!("{}?{}", phone.address("dial-wait"), second.replaces());
    assert_eq!(phone.refer(&mut first, &target).await.expect("an answer"), 202);
    phone.answering(until(&mut all, "BridgeMerged")).await;
    phone.answering(until(&mut all, "BridgeAttendedTransfer")).await;
    all.close().await;
}

/// A call with three channels, whose bridge merges in a transfer: with two, Asterisk would swap a channel instead.
async fn in_company(scene: &Scene, phone: &SipPhone, all: &mut Events) -> Dialog {
    let call = phone.call("dial-wait").await.expect("a call");
    let target = entered(all, "PJSIP/").await;
    let third = scene.aside.channels().originate("Local/wait@default").context("default").extension("join");
    let third = scene.ok(third.priority(1).variables([("TARGET", target)])).await;
    // Compared by name, because the id has changed by then.
    entered(all, &third.name).await;
    call
}

/// Waits until a channel whose name has this prefix enters a bridge, and returns its name.
async fn entered(events: &mut Events, prefix: &str) -> String {
    loop {
        if let Event::ChannelEnteredBridge(entered) = until(events, "ChannelEnteredBridge").await {
            if let Some(channel) = entered.channel.filter(|channel| channel.name.starts_with(prefix)) {
                return channel.name;
            }
        }
    }
}

async fn until(events: &mut Events, kind: &str) -> Event {
    let search = async {
        loop {
            let event = events.next().await.expect("an event").expect("a connection");
            if event.kind() == kind {
                return event;
            }
        }
    };
    timeout(Duration::from_secs(10), search).await.unwrap_or_else(|_| panic!("no {kind}"))
}

/// The phone requests a transfer, which the application performs.
async fn left_to_the_application(scene: &mut Scene, phone: &SipPhone) {
    let mut call = phone.call(&format!("refer-{}", scene.app)).await.expect("a call");
    let Event::StasisStart(start) = scene.watch.until_kind("StasisStart").await else { unreachable!() };
    assert_eq!(phone.refer(&mut call, &phone.address("wait")).await.expect("an answer"), 202);
    phone.answering(scene.watch.until_kind("ChannelTransfer")).await;
    let channel = scene.channel(start.channel.id.as_str());
    phone.answering(scene.ok(channel.transfer_progress("channel_progress"))).await;
    phone.answering(scene.ok(channel.transfer_progress("channel_answered"))).await;
    scene.hang_up(start.channel.id.as_str()).await;
    phone.answering(scene.watch.until_channel("StasisEnd", start.channel.id.as_str())).await;
}
