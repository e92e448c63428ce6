//! The unmodified example `hello_world`, with a caller.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "an example is a separate program")]
#[path = "../../../ari-bindings/examples/hello_world.rs"]
mod example;

use ari_bindings::values::{ChannelState, PlaybackState};
use ari_bindings::{Client, Event};
use ari_e2e::{Phone, Recorder, Route, Server, on_each_route, unique};
use tokio::sync::Mutex;

/// Serializes the tests: the dialplan contains the name of the example's application.
static APPLICATION: Mutex<()> = Mutex::const_new(());

/// An extension and its application: the example's on one route, and others on the remaining routes.
fn extension_and_application(route: Route) -> (String, String) {
    let app = unique("app");
    match route {
        Route::Http => ("1000".to_owned(), "hello-world".to_owned()),
        Route::WebSocket | Route::Outbound => (format!("stasis-{app}"), app),
    }
}

/// Serves a call as the example does until the caller is gone, and records its events.
async fn serve(ari: &Client, watch: &mut Recorder) {
    loop {
        let event = watch.next().await;
        match example::react(ari, &event).await {
            // As in its `main`: the call has ended or is ending.
            Err(error) if matches!(error.status(), Some(404 | 409)) => {}
            result => result.unwrap_or_else(|error| panic!("{error} after {:?}", watch.kinds())),
        }
        if matches!(event, Event::StasisEnd(_)) {
            return;
        }
    }
}

#[tokio::test]
async fn local_channel_is_served() {
    let _alone = APPLICATION.lock().await;
    on_each_route(|server: Server, route: Route| async move {
        let (extension, app) = extension_and_application(route);
        let (ari, mut watch) = server.open(route, [&app]).await;
        let (phone, called) = (unique("phone"), unique("called"));
        ari.channels()
            .originate(format!("Local/{extension}@default"))
            .extension("echo")
            .channel_id(&phone)
            .other_channel_id(&called)
            .caller_id("Zoë <4711>")
            .await
            .unwrap();
        serve(&ari, &mut watch).await;
        let kinds = [
            "StasisStart",
            "ChannelStateChange",
            "PlaybackStarted",
            "PlaybackFinished",
            "ChannelDtmfReceived",
            "ChannelHangupRequest",
            "StasisEnd",
        ];
        assert_eq!(watch.kinds(), kinds);
        assert_call(watch.seen(), &called, ("Zoë", "4711"), (&extension, &app));
        assert_playback(watch.seen(), &["done"]);
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn sip_phone_is_served() {
    let _alone = APPLICATION.lock().await;
    on_each_route(|server: Server, route: Route| async move {
        let (extension, app) = extension_and_application(route);
        let (ari, mut watch) = server.open(route, [&app]).await;
        let call = tokio::spawn(Phone::calling(&server, "dial", &extension).call());
        serve(&ari, &mut watch).await;
        call.await.unwrap();

        // Newer releases report the quality of the call in variables when it ends.
        let is_quality = |event: &Event| match event {
            Event::ChannelVarset(set) => set.variable.starts_with("RTPAUDIOQOS"),
            _ => false,
        };
        let seen: Vec<_> = watch.seen().iter().filter(|event| !is_quality(event)).cloned().collect();
        // The phone presses its key after a second, during the greeting, and the hangup ends the playback. Only on a
        // very slow machine does the playback finish first.
        let kinds: Vec<_> = seen.iter().map(Event::kind).filter(|kind| *kind != "PlaybackFinished").collect();
        let expected = [
            "StasisStart",
            "ChannelStateChange",
            "PlaybackStarted",
            "ChannelDtmfReceived",
            "ChannelHangupRequest",
            "StasisEnd",
        ];
        assert_eq!(kinds, expected);
        let Event::StasisStart(start) = &seen[0] else { unreachable!() };
        assert!(start.channel.name.starts_with("PJSIP/phone-a-"), "{}", start.channel.name);
        assert!(!start.channel.protocol_id.is_empty(), "the Call-ID");
        assert_call(&seen, start.channel.id.as_str(), ("Phone A", "1111"), (&extension, &app));
        assert_playback(&seen, &["failed", "done"]);
        watch.close().await;
    })
    .await;
}

/// Checks that all events are about this channel and carry the expected values.
fn assert_call(events: &[Event], channel: &str, (name, number): (&str, &str), (extension, app): (&str, &str)) {
    for event in events {
        assert_eq!(event.application(), Some(app));
        assert!(event.asterisk_id().is_some() && event.timestamp().is_some(), "{event:?}");
        if let Some(it) = event.channel() {
            assert_eq!(it.id, *channel, "{event:?}");
            assert_eq!((it.caller.name.as_str(), it.caller.number.as_str()), (name, number));
            assert_eq!((it.dialplan.context.as_str(), it.dialplan.exten.as_str()), ("default", extension));
            assert_eq!((it.dialplan.app_name.as_str(), it.dialplan.app_data.as_str()), ("Stasis", app));
            assert_eq!(it.language, "en");
        }
        match event {
            Event::StasisStart(start) => {
                assert_eq!((start.args.len(), start.replace_channel.is_none()), (0, true));
                assert_eq!(start.channel.state, ChannelState::Ring);
            }
            Event::ChannelStateChange(change) => assert_eq!(change.channel.state, ChannelState::Up),
            Event::ChannelDtmfReceived(dtmf) => assert_eq!((dtmf.digit.as_str(), dtmf.duration_ms > 0), ("1", true)),
            // 32: as `DELETE /channels/ID` without a reason does.
            Event::ChannelHangupRequest(hangup) => assert_eq!((hangup.cause, hangup.soft), (Some(32), Some(true))),
            _ => {}
        }
    }
    let times: Vec<_> = events.iter().filter_map(Event::timestamp).collect();
    assert!(times.is_sorted(), "{times:?}");
}

/// Checks that there was one playback, which ended in one of these states.
fn assert_playback(events: &[Event], ends: &[&str]) {
    let playbacks: Vec<_> = events.iter().filter_map(Event::playback).collect();
    let [started, finished] = playbacks[..] else { panic!("{playbacks:?}") };
    assert_eq!((&started.id, &started.target_uri), (&finished.id, &finished.target_uri));
    assert_eq!(started.state, PlaybackState::Playing);
    assert!(ends.contains(&finished.state.as_str()), "{}", finished.state);
    for playback in playbacks {
        assert_eq!((playback.media_uri.as_str(), playback.language.as_deref()), ("sound:hello-world", Some("en")));
        assert!(playback.target_uri.starts_with("channel:"), "{}", playback.target_uri);
    }
}
