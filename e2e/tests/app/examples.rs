//! The examples of `ari-app`, except for `voicemail`.

use std::time::Duration;

use ari_app::{App, Overload, Placed, Queue};
use ari_bindings::Event;
use ari_bindings::handles::ChannelHandle;
use ari_e2e::{Recorder, Route, Server, eventually, on_each_route, on_each_server, unique};

use crate::caller::Caller;
use crate::running::{Running, serve, serve_with};

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/ivr.rs"]
mod ivr;

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/conference.rs"]
mod conference;

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/click_to_dial.rs"]
pub(crate) mod click_to_dial;

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/dialer.rs"]
mod dialer;

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/queue.rs"]
mod queue;

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/transfer.rs"]
pub(crate) mod transfer;

/// Waits until the application plays this.
async fn plays(caller: &mut Caller, media: &str) {
    let started = |event: &Event| match event {
        Event::PlaybackStarted(started) => (started.playback.media_uri == media).then_some(()),
        _ => None,
    };
    caller.watch.until(media, started).await;
}

/// Waits until so many are in the application's bridge.
async fn room_has(app: &Running, count: usize) {
    eventually(|| async { app.bridges().await.first().map_or(0, |(_, channels)| channels.len()) == count }).await;
}

#[tokio::test]
async fn ivr_greets_refuses_and_ends() {
    serve(
        |call, _| ivr::menu(call),
        |app| async move {
            let mut caller = app.watched(100).await;
            plays(&mut caller, "sound:vm-press").await;
            caller.presses("1").await;
            plays(&mut caller, "sound:hello-world").await;
            plays(&mut caller, "sound:vm-press").await;
            caller.presses("5").await;
            plays(&mut caller, "sound:pm-invalid-option").await;
            plays(&mut caller, "sound:vm-press").await;
            caller.presses("9").await;
            plays(&mut caller, "sound:vm-goodbye").await;
            app.ended_well(1).await;
            caller.watch.close().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn ivr_goes_on_in_the_dialplan() {
    serve(
        |call, _| ivr::menu(call),
        |app| async move {
            let mut caller = app.watched(100).await;
            plays(&mut caller, "sound:vm-press").await;
            caller.presses("2").await;
            let summary = app.summary().await;
            assert_eq!(summary.failure, None);
            eventually(|| async {
                app.ari.channel(&*summary.id).get().await.is_ok_and(|channel| channel.dialplan.exten == "echo")
            })
            .await;
            caller.hangs_up().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn conference_mutes_by_key_and_is_left_by_key() {
    serve(
        |call, _| conference::join(call),
        |app| async move {
            let mut first = app.watched(100).await;
            plays(&mut first, "sound:conf-onlyperson").await;
            room_has(&app, 1).await;
            let second = app.caller().await;
            room_has(&app, 2).await;
            first.presses("1").await;
            plays(&mut first, "sound:conf-now-muted").await;
            first.presses("1").await;
            plays(&mut first, "sound:conf-now-unmuted").await;
            first.presses("#").await;
            plays(&mut first, "sound:vm-goodbye").await;
            app.ended_well(1).await;
            first.watch.close().await;
            second.hangs_up().await;
            room_has(&app, 0).await;
            app.ended_well(1).await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn click_to_dial_connects_and_reports_why_not() {
    serve(
        |call, _| click_to_dial::connect(call),
        |app| async move {
            for second in ["Local/busy@default", "Local/fail@default"] {
                let placed = app.outgoing.dial("Local/wait@default").args(second).await.unwrap();
                let Placed::Answered(call) = placed else { panic!("{placed:?}") };
                let summary = app.summary().await;
                assert_eq!((summary.id.as_str(), summary.failure, summary.legs), (call.id(), None, 1), "{second}");
            }
            let placed = app.outgoing.dial("Local/wait@default").args("Local/wait@default").await.unwrap();
            let Placed::Answered(call) = placed else { panic!("{placed:?}") };
            app.until_talks(1).await;
            app.ari.channel(call.id()).hangup().await.unwrap();
            app.ended_well(1).await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn dialer_reports_each_outcome_and_dials_two_at_once() {
    on_each_server(|server: Server| async move {
        let options = |app: App| app.max_calls(2, Overload::Congestion);
        let app = Running::with(&server, unique("app"), options, |call, _| dialer::play(call)).await;
        let endpoints = ["busy", "playback", "ring", "fail"].map(|name| format!("Local/{name}@default"));
        let outcomes = dialer::dial_all(&app.outgoing, &endpoints, Duration::from_secs(1)).await.unwrap();
        let outcomes: Vec<_> = outcomes.iter().map(|(_, outcome)| *outcome).collect();
        assert_eq!(outcomes, ["busy", "answered", "no answer", "not reached"]);
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn queue_gives_a_caller_to_an_agent() {
    serve_with(
        || Queue::new(["Local/busy@default", "Local/wait@default"]).rest(Duration::from_millis(200)),
        |call, _, queue| queue::wait(call, queue),
        |app, queue| async move {
            let first = app.caller().await;
            room_has(&app, 2).await;
            let mut second = app.watched(100).await;
            plays(&mut second, "sound:queue-thereare").await;
            first.hangs_up().await;
            eventually(|| async { queue.waiting() == 0 }).await;
            room_has(&app, 2).await;
            second.channel().hangup().await.unwrap();
            app.ended_well(2).await;
            second.watch.close().await;
            app.end().await;
        },
    )
    .await;
}

/// A caller and an agent's phone that talk, and that phone's connection and channel.
async fn talking(server: &Server, route: Route) -> (Running, Caller, Recorder, ChannelHandle) {
    let phone = unique("phone");
    let mut watch = Recorder::open(&server.client(), &phone).await;
    let number = format!("stasis-{phone}");
    let app = Running::start(server, route, move |call, _| {
        let number = number.clone();
        async move { transfer::connect(call, &number).await }
    })
    .await;
    let mut caller = app.dialling(100).await;
    let Event::StasisStart(start) = watch.until_kind("StasisStart").await else { unreachable!() };
    let agent = server.client().channel(&start.channel);
    agent.answer().await.unwrap();
    caller.is_answered().await;
    room_has(&app, 2).await;
    (app, caller, watch, agent)
}

#[tokio::test]
async fn blind_transfer_releases_the_agent() {
    on_each_route(|server: Server, route: Route| async move {
        let (app, caller, mut watch, agent) = talking(&server, route).await;
        agent.send_dtmf().dtmf("#1001#").await.unwrap();
        watch.until_channel("StasisEnd", agent.channel_id().as_str()).await;
        watch.close().await;
        room_has(&app, 2).await;
        caller.hangs_up().await;
        let summary = app.summary().await;
        assert_eq!((summary.failure, summary.legs), (None, 2));
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn attended_transfer_lets_the_agent_consult() {
    on_each_route(|server: Server, route: Route| async move {
        let (app, caller, watch, agent) = talking(&server, route).await;
        agent.send_dtmf().dtmf("*1001#").await.unwrap();
        // The two legs talk.
        eventually(|| async {
            let are_legs = |ids: &[String]| ids.len() == 2 && ids.iter().all(|id| id.starts_with(&app.prefix));
            app.bridges().await.iter().any(|(_, channels)| are_legs(channels))
        })
        .await;
        agent.hangup().await.unwrap();
        app.until_legs(1).await;
        room_has(&app, 2).await;
        caller.hangs_up().await;
        let summary = app.summary().await;
        assert_eq!((summary.failure, summary.legs), (None, 2));
        watch.close().await;
        app.end().await;
    })
    .await;
}
