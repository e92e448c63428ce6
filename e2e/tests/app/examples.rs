//! The examples of `ari-app`, except for `voicemail`.

use std::time::Duration;

use ari_app::{Call, Queue};
use ari_bindings::Event;
use ari_bindings::handles::ChannelHandle;
use ari_e2e::{Recorder, Server, eventually, on_each_server, unique};

use crate::caller::{Caller, Running, notes};

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/ivr.rs"]
mod ivr;

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/conference.rs"]
mod conference;

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/click_to_dial.rs"]
mod click_to_dial;

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/dialer.rs"]
mod dialer;

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/queue.rs"]
mod queue;

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/transfer.rs"]
mod transfer;

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
    eventually(|| async {
        let bridges = app.ari.bridges().list().await.unwrap();
        let room = bridges.iter().find(|bridge| bridge.id.as_str().starts_with(&app.prefix));
        room.map_or(0, |room| room.channels.len()) == count
    })
    .await;
}

#[tokio::test]
async fn ivr_greets_refuses_and_ends() {
    on_each_server(|server: Server| async move {
        let mut app = Running::start(&server, ivr::menu).await;
        let mut caller = Caller::watching(&server, &app.name).await;
        plays(&mut caller, "sound:vm-press").await;
        caller.presses("1").await;
        plays(&mut caller, "sound:hello-world").await;
        plays(&mut caller, "sound:vm-press").await;
        caller.presses("5").await;
        plays(&mut caller, "sound:pm-invalid-option").await;
        plays(&mut caller, "sound:vm-press").await;
        caller.presses("9").await;
        plays(&mut caller, "sound:vm-goodbye").await;
        assert_eq!(app.summary().await.failure, None);
        caller.watch.close().await;
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn ivr_goes_on_in_the_dialplan() {
    on_each_server(|server: Server| async move {
        let mut app = Running::start(&server, ivr::menu).await;
        let mut caller = Caller::watching(&server, &app.name).await;
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
    })
    .await;
}

#[tokio::test]
async fn conference_mutes_by_key_and_is_left_by_key() {
    on_each_server(|server: Server| async move {
        let mut app = Running::start(&server, conference::join).await;
        let mut first = Caller::watching(&server, &app.name).await;
        plays(&mut first, "sound:conf-onlyperson").await;
        room_has(&app, 1).await;
        let second = Caller::to(&server, &app.name).await;
        room_has(&app, 2).await;
        first.presses("1").await;
        plays(&mut first, "sound:conf-now-muted").await;
        first.presses("1").await;
        plays(&mut first, "sound:conf-now-unmuted").await;
        first.presses("#").await;
        plays(&mut first, "sound:vm-goodbye").await;
        assert_eq!(app.summary().await.failure, None);
        first.watch.close().await;
        second.hangs_up().await;
        room_has(&app, 0).await;
        assert_eq!(app.summary().await.failure, None);
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn click_to_dial_connects_and_reports_why_not() {
    on_each_server(|server: Server| async move {
        let mut app = Running::start(&server, click_to_dial::connect).await;
        let (ari, first) = (app.ari.clone(), "Local/wait@default");
        for second in ["Local/busy@default", "Local/fail@default"] {
            let id = click_to_dial::call_first(&ari, &app.name, first, second).await.unwrap();
            let summary = app.summary().await;
            assert_eq!((summary.id.as_str(), summary.failure, summary.legs), (id.as_str(), None, 1), "{second}");
        }
        let id = click_to_dial::call_first(&ari, &app.name, first, "Local/wait@default").await.unwrap();
        app.until_legs(1).await;
        eventually(|| async {
            let bridges = ari.bridges().list().await.unwrap();
            bridges.iter().any(|bridge| bridge.id.as_str().starts_with(&app.prefix) && bridge.channels.len() == 2)
        })
        .await;
        ari.channel(&id).hangup().await.unwrap();
        assert_eq!(app.summary().await.failure, None);
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn dialer_reports_each_outcome_and_dials_two_at_once() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let mut app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
                call.answer().await?;
                let endpoints = ["busy", "playback", "ring", "fail"].map(|name| format!("Local/{name}@default"));
                let outcomes = dialer::dial_all(&call, &endpoints, Duration::from_secs(1)).await?;
                notes.add(outcomes.iter().map(|(_, outcome)| *outcome).collect::<Vec<_>>());
                Ok(())
            }
        })
        .await;
        let caller = Caller::to(&server, &app.name).await;
        assert_eq!(report.next().await, r#"["busy", "answered, hung up", "no answer", "not reached"]"#);
        caller.waits_for_hangup().await;
        assert_eq!(app.summary().await.legs, 4);
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn dialer_hangs_up_on_all_when_its_caller_does() {
    on_each_server(|server: Server| async move {
        let mut app = Running::start(&server, |call: Call| async move {
            call.answer().await?;
            let endpoints = ["ring", "ring", "wait"].map(|name| format!("Local/{name}@default"));
            dialer::dial_all(&call, &endpoints, Duration::from_secs(60)).await?;
            Ok(())
        })
        .await;
        let caller = Caller::to(&server, &app.name).await;
        app.until_legs(2).await;
        caller.hangs_up().await;
        app.until_legs(0).await;
        let summary = app.summary().await;
        assert_eq!((summary.failure, summary.legs), (None, 2));
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn queue_gives_a_caller_to_an_agent() {
    on_each_server(|server: Server| async move {
        let agents = Queue::new(["Local/busy@default", "Local/wait@default"]).rest(Duration::from_millis(200));
        let line = agents.clone();
        let mut app = Running::start(&server, move |call: Call| queue::wait(call, agents.clone())).await;
        let first = Caller::to(&server, &app.name).await;
        room_has(&app, 2).await;
        let mut second = Caller::watching(&server, &app.name).await;
        plays(&mut second, "sound:queue-thereare").await;
        first.hangs_up().await;
        eventually(|| async { line.waiting() == 0 }).await;
        room_has(&app, 2).await;
        second.channel().hangup().await.unwrap();
        for _ in 0..2 {
            assert_eq!(app.summary().await.failure, None);
        }
        second.watch.close().await;
        app.end().await;
    })
    .await;
}

/// A caller and an agent's phone that talk, and that phone's connection and channel.
async fn talking(server: &Server) -> (Running, Caller, Recorder, ChannelHandle) {
    let phone = unique("phone");
    let mut watch = Recorder::open(&server.client(), &phone).await;
    let number = format!("stasis-{phone}");
    let app = Running::start(server, move |call: Call| {
        let number = number.clone();
        async move { transfer::connect(call, &number).await }
    })
    .await;
    let mut caller = Caller::dialling(server, &app.name, 100).await;
    let Event::StasisStart(start) = watch.until_kind("StasisStart").await else { unreachable!() };
    let agent = server.client().channel(&start.channel);
    agent.answer().await.unwrap();
    caller.is_answered().await;
    room_has(&app, 2).await;
    (app, caller, watch, agent)
}

#[tokio::test]
async fn blind_transfer_releases_the_agent() {
    on_each_server(|server: Server| async move {
        let (mut app, caller, mut watch, agent) = talking(&server).await;
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
    on_each_server(|server: Server| async move {
        let (mut app, caller, watch, agent) = talking(&server).await;
        agent.send_dtmf().dtmf("*1001#").await.unwrap();
        // The two legs talk.
        eventually(|| async {
            let bridges = app.ari.bridges().list().await.unwrap();
            let mut own = bridges.iter().filter(|bridge| bridge.id.as_str().starts_with(&app.prefix));
            own.any(|bridge| matches!(&*bridge.channels, [one, two] if [one, two].iter().all(|id| id.as_str().starts_with(&app.prefix))))
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
