//! People who call.

use std::time::Duration;

use ari_bindings::Event;
use ari_test::Fake;
use tokio::time::Instant;

use crate::next_of;

#[tokio::test(start_paused = true)]
async fn caller_enters_with_name_and_arguments() {
    let fake = Fake::new();
    let mut events = fake.client().events("app").await.unwrap();
    let _caller = fake.call("app").args(["sales", "2"]).name("Ann").from("100").await;
    let Event::StasisStart(start) = next_of(&mut events, "StasisStart").await else { unreachable!() };
    assert_eq!(start.args, ["sales", "2"]);
    assert_eq!((start.channel.caller.name.as_str(), start.channel.caller.number.as_str()), ("Ann", "100"));
}

#[tokio::test(start_paused = true)]
async fn waits_for_waits_for_the_next_time() {
    let fake = Fake::new();
    let ari = fake.client();
    let _events = ari.events("app").await.unwrap();
    let mut caller = fake.call("app").from("100").await;
    let channel = ari.channel(caller.id());
    assert!(!caller.is_up());
    channel.answer().await.unwrap();
    caller.is_answered().await;
    channel.play(["sound:tt-monkeys", "sound:beep", "sound:tt-monkeys"]).await.unwrap();
    let begin = Instant::now();
    caller.waits_for("sound:tt-monkeys").await;
    assert!(begin.elapsed() < Duration::from_secs(1));
    caller.waits_for("sound:tt-monkeys").await;
    assert!(begin.elapsed() > Duration::from_secs(10));
    assert_eq!(caller.heard(), ["sound:tt-monkeys", "sound:beep", "sound:tt-monkeys"]);
    channel.hangup().await.unwrap();
    assert_eq!(caller.ended().await, 16);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "has waited 5s for sound:menu; heard: []")]
async fn waits_for_fails_when_patience_ends() {
    let fake = Fake::builder().patience(Duration::from_secs(5)).start();
    let _events = fake.client().events("app").await.unwrap();
    fake.call("app").from("100").await.waits_for("sound:menu").await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "the call ended with cause 17 before sound:menu")]
async fn waits_for_fails_when_the_call_ends() {
    let fake = Fake::new();
    let ari = fake.client();
    let _events = ari.events("app").await.unwrap();
    let mut caller = fake.call("app").from("100").await;
    ari.channel(caller.id()).hangup().reason("busy").await.unwrap();
    caller.waits_for("sound:menu").await;
}

#[tokio::test(start_paused = true)]
async fn telephone_transfers_into_the_bridge() {
    let fake = Fake::new();
    let ari = fake.client();
    let mut events = ari.events("app").await.unwrap();
    let (mut first, second) = (fake.call("app").from("100").await, fake.call("app").from("101").await);
    let bridge = ari.bridges().create().await.unwrap().id;
    for person in [&first, &second] {
        ari.channel(person.id()).answer().await.unwrap();
        ari.bridge(&bridge).add_channel(person.id()).await.unwrap();
    }
    assert!(!first.transfers_blind_to("nowhere"));
    next_of(&mut events, "ChannelEnteredBridge").await;
    next_of(&mut events, "ChannelEnteredBridge").await;
    assert!(first.transfers_blind_to("wait"));
    let Event::StasisStart(start) = next_of(&mut events, "StasisStart").await else { unreachable!() };
    assert_eq!(start.replace_channel.unwrap().id, *first.id());
    next_of(&mut events, "ChannelLeftBridge").await;
    next_of(&mut events, "ChannelEnteredBridge").await;
    let Event::BridgeBlindTransfer(transfer) = next_of(&mut events, "BridgeBlindTransfer").await else {
        unreachable!()
    };
    assert_eq!((transfer.exten.as_str(), transfer.result.as_str()), ("wait", "Success"));
    assert_eq!(transfer.transferee.unwrap().id, *second.id());
    let Event::StasisEnd(end) = next_of(&mut events, "StasisEnd").await else { unreachable!() };
    assert_eq!(end.channel.id, *first.id());
    first.ended().await;
    let bridge = ari.bridge(&bridge).get().await.unwrap();
    assert_eq!(bridge.channels, [second.id(), start.channel.id.as_str()]);
}
