//! The example `ivr`.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "an example is a separate program")]
#[path = "../../../../ari-bindings/examples/ivr.rs"]
mod example;

use ari_bindings::Event;
use ari_e2e::{Route, Server, eventually, on_each_server};
use tokio::sync::Mutex;

use super::Running;
use crate::call::Call;

/// Serializes the tests: the dialplan contains the name of the application.
static APPLICATION: Mutex<()> = Mutex::const_new(());

/// Places a call and waits for the menu. Returns the call and its channel in the example.
async fn call_in(server: &Server, menu: &mut Running) -> (Call, String) {
    let caller = Call::to(server, Route::Http, "2001").await;
    let Event::StasisStart(start) = menu.watch.until_kind("StasisStart").await else { unreachable!() };
    let target = format!("channel:{}", start.channel.id);
    menu.until_played("sound:vm-press", &target).await;
    (caller, target)
}

#[tokio::test]
async fn key_interrupts_the_menu_and_chooses() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut menu = Running::start(&server, "ivr", example::serve).await;
        let (mut caller, target) = call_in(&server, &mut menu).await;
        caller.channel().send_dtmf().dtmf("1").await.unwrap();
        menu.until_played("sound:hello-world", &target).await;
        // The menu was interrupted.
        let said = |event: &Event| match event {
            Event::PlaybackStarted(started) => started.playback.media_uri == "sound:digits/9",
            _ => false,
        };
        assert!(!menu.watch.seen().iter().any(said), "{:?}", menu.watch.kinds());
        caller.channel().send_dtmf().dtmf("5").await.unwrap();
        menu.until_played("sound:pm-invalid-option", &target).await;
        caller.channel().send_dtmf().dtmf("9").await.unwrap();
        menu.until_played("sound:vm-goodbye", &target).await;
        caller.watch.until_channel("StasisEnd", &caller.id).await;
        caller.watch.close().await;
        menu.end().await;
    })
    .await;
}

#[tokio::test]
async fn silence_repeats_the_menu_once() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut menu = Running::start(&server, "ivr", example::serve).await;
        let (mut caller, target) = call_in(&server, &mut menu).await;
        menu.until_played("sound:vm-press", &target).await;
        menu.until_played("sound:vm-goodbye", &target).await;
        caller.watch.until_channel("StasisEnd", &caller.id).await;
        caller.watch.close().await;
        menu.end().await;
    })
    .await;
}

#[tokio::test]
async fn call_continues_in_the_dialplan() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut menu = Running::start(&server, "ivr", example::serve).await;
        let (caller, target) = call_in(&server, &mut menu).await;
        caller.channel().send_dtmf().dtmf("2").await.unwrap();
        let id = target.strip_prefix("channel:").unwrap();
        menu.watch.until_channel("StasisEnd", id).await;
        eventually(|| async { menu.ari.channel(id).get().await.unwrap().dialplan.exten == "echo" }).await;
        caller.end().await;
        menu.end().await;
    })
    .await;
}

#[tokio::test]
async fn hangup_affects_no_other_call() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let mut menu = Running::start(&server, "ivr", example::serve).await;
        let (first, _) = call_in(&server, &mut menu).await;
        let (second, target) = call_in(&server, &mut menu).await;
        first.end().await;
        second.channel().send_dtmf().dtmf("1").await.unwrap();
        menu.until_played("sound:hello-world", &target).await;
        second.end().await;
        menu.watch.until_channel("StasisEnd", target.strip_prefix("channel:").unwrap()).await;
        menu.end().await;
    })
    .await;
}

#[tokio::test]
async fn menu_continues_after_a_gap_that_swallows_the_end_of_a_prompt() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let (mut menu, proxy) = Running::start_behind(&server, "ivr", example::serve).await;
        let (mut caller, target) = call_in(&server, &mut menu).await;
        proxy.refuse().await;
        proxy.cut().await;
        let ari = server.client();
        let playback = menu.playback();
        eventually(|| async { ari.playback(&playback).get().await.is_err_and(|error| error.is_not_found()) }).await;
        proxy.heal().await;
        menu.watch.until_kind("Resynced").await;
        menu.until_played("sound:vm-press", &target).await;
        caller.channel().send_dtmf().dtmf("9").await.unwrap();
        caller.watch.until_channel("StasisEnd", &caller.id).await;
        caller.watch.close().await;
        menu.end().await;
    })
    .await;
}
