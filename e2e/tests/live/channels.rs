//! Requests about channels.

use ari_bindings::values::{ChannelState, Direction};
use ari_bindings::{Event, VariableValue};
use ari_e2e::{Phone, Route, Server, eventually, on_each_route, unique};

use crate::by_name;
use crate::call::Call;

#[tokio::test]
async fn channel_is_listed_found_and_hung_up_with_a_reason() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let got = call.channel().get().await.unwrap();
        assert_eq!((got.id.as_str(), &got.state), (call.id.as_str(), &ChannelState::Up));
        assert!(got.name.starts_with("Local/echo@default-"), "{}", got.name);
        let listed = call.ari.channels().list().await.unwrap();
        assert!(listed.iter().any(|channel| channel.id == call.id));

        call.channel().hangup().reason("busy").await.unwrap();
        call.watch.until_channel("StasisEnd", &call.id).await;
        let Event::ChannelDestroyed(end) = call.watch.until_channel("ChannelDestroyed", &call.id).await else {
            unreachable!()
        };
        assert_eq!((end.cause, end.cause_txt.as_str()), (17, "User busy"));
        eventually(|| async { call.channel().get().await.is_err_and(|error| error.is_not_found()) }).await;
        call.watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn channel_is_created_and_dialled() {
    on_each_route(|server: Server, route: Route| async move {
        let (app, id) = (unique("app"), unique("channel"));
        let (ari, mut watch) = server.open(route, [&app]).await;
        let made = ari.channels().create("Local/echo@default", &app).channel_id(&id).app_args("x,y").await.unwrap();
        assert_eq!((made.id.as_str(), &made.state), (id.as_str(), &ChannelState::Down));
        let Event::StasisStart(start) = watch.until_channel("StasisStart", &id).await else { unreachable!() };
        assert_eq!(start.args, ["x", "y"]);

        ari.channel(&id).dial().timeout(10).await.unwrap();
        let state = |event: &Event| match event {
            Event::Dial(dial) if dial.peer.id == id => Some(dial.dialstatus.clone()),
            _ => None,
        };
        // The first Dial event may precede StasisStart.
        let answered = |event: &Event| state(event).filter(|state| state == "ANSWER");
        watch.until("answered Dial", answered).await;
        assert_eq!(ari.channel(&id).get().await.unwrap().state, ChannelState::Up);
        ari.channel(&id).hangup().await.unwrap();
        watch.until_channel("StasisEnd", &id).await;
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn channel_operations_take_effect() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let channel = call.channel();
        channel.answer().await.unwrap();
        channel.ring().await.unwrap();
        channel.ring_stop().await.unwrap();
        if server.major() >= 20 {
            channel.progress().await.unwrap();
        }
        channel.mute(Direction::In).await.unwrap();
        channel.unmute("both").await.unwrap();
        channel.hold().await.unwrap();
        channel.unhold().await.unwrap();
        channel.start_moh().moh_class("default").await.unwrap();
        channel.stop_moh().await.unwrap();
        channel.start_silence().await.unwrap();
        channel.stop_silence().await.unwrap();
        // The far end is Echo(), which returns the digits.
        channel.send_dtmf().dtmf("1*0A").between(50).duration(50).await.unwrap();
        for expected in ["1", "*", "0", "A"] {
            let received = call.watch.until_channel("ChannelDtmfReceived", &call.id).await;
            let Event::ChannelDtmfReceived(dtmf) = received else { unreachable!() };
            assert_eq!(dtmf.digit, expected);
        }
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn channel_variables_are_set_and_read() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let channel = call.channel();
        channel.set_channel_var("COLOUR").value("dark blue").await.unwrap();
        assert_eq!(call.watch.until_set(&call.id, "COLOUR").await, "dark blue");
        assert_eq!(channel.get_channel_var("COLOUR").await.unwrap().value, "dark blue");
        assert_eq!(channel.get_channel_var("CHANNEL(language)").await.unwrap().value, "en");
        let error = channel.get_channel_var("NOT_SET").await.unwrap_err();
        assert!(error.is_not_found(), "{error}");

        // A request without a value unsets the variable.
        channel.set_channel_var("COLOUR").await.unwrap();
        assert_eq!(call.watch.until_set(&call.id, "COLOUR").await, "");
        let unset = channel.get_channel_var("COLOUR").await;
        assert_eq!(unset.map(|it| it.value).unwrap_or_default(), "");
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn many_channel_variables_are_set_and_read_at_once() {
    on_each_route(|server: Server, route: Route| async move {
        if server.major() < 20 {
            return;
        }
        let mut call = Call::open(&server, route).await;
        let channel = call.channel();
        channel
            .set_channel_vars([("A", VariableValue::from("1,\"2\"")), ("B", VariableValue::reported("two"))])
            .await
            .unwrap();
        let got = channel.get_channel_vars(["A", "B"]).await.unwrap();
        assert_eq!(got.variables, by_name([("A", "1,\"2\""), ("B", "two")]));
        let reported = channel.get().await.unwrap().channelvars.unwrap();
        assert_eq!((&*reported["B"], reported.get("A")), ("two", None), "{reported:?}");
        let error = channel.get_channel_vars(["A", "NOT_SET"]).await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
        // Events include the reported variable, up to the last one of the application.
        channel.hangup().await.unwrap();
        let Event::StasisEnd(end) = call.watch.until_channel("StasisEnd", &call.id).await else { unreachable!() };
        assert_eq!(end.channel.channelvars.unwrap()["B"], "two");
        call.watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn channel_moves_and_continues_in_the_dialplan() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let other = unique("other");
        let (_, mut others) = server.open(route, [&other]).await;
        call.channel().r#move(&other).app_args("moved").await.unwrap();
        let Event::StasisStart(start) = others.until_channel("StasisStart", &call.id).await else { unreachable!() };
        assert_eq!(start.args, ["moved"]);
        call.watch.until_channel("StasisEnd", &call.id).await;

        let back = format!("args-{}", call.app);
        call.channel().continue_in_dialplan().context("default").extension(back).priority(1).await.unwrap();
        others.until_channel("StasisEnd", &call.id).await;
        let Event::StasisStart(start) = call.watch.until_channel("StasisStart", &call.id).await else { unreachable!() };
        assert_eq!(start.args, ["first", "second"]);
        others.close().await;
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn snoop_channel_is_created() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let id = unique("snoop");
        let snoop = call.ari.channels().snoop_channel_with_id(&call.id, &id, &call.app);
        let made = snoop.spy("both").whisper("out").app_args("spy").await.unwrap();
        assert!(made.name.starts_with("Snoop/"), "{}", made.name);
        let Event::StasisStart(start) = call.watch.until_channel("StasisStart", &id).await else { unreachable!() };
        assert_eq!(start.args, ["spy"]);
        call.ari.channel(&id).hangup().await.unwrap();
        call.watch.until_channel("StasisEnd", &id).await;
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn external_media_reports_its_port() {
    on_each_route(|server: Server, route: Route| async move {
        let (app, id) = (unique("app"), unique("media"));
        let (ari, mut watch) = server.open(route, [&app]).await;
        let request = ari.channels().external_media(&app, "ulaw").external_host("127.0.0.1:40000").channel_id(&id);
        let made = request.variables([("COLOUR", "blue")]).await.unwrap();
        let variables = made.channelvars.unwrap();
        assert_eq!((made.id.as_str(), &*variables["UNICASTRTP_LOCAL_ADDRESS"]), (id.as_str(), "127.0.0.1"));
        assert!(variables["UNICASTRTP_LOCAL_PORT"].parse::<u16>().is_ok(), "{variables:?}");
        watch.until_channel("StasisStart", &id).await;
        assert_eq!(ari.channel(&id).get_channel_var("COLOUR").await.unwrap().value, "blue");
        ari.channel(&id).hangup().await.unwrap();
        watch.until_channel("StasisEnd", &id).await;
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn phone_has_rtp_statistics() {
    on_each_route(|server: Server, route: Route| async move {
        let app = unique("app");
        let (ari, mut watch) = server.open(route, [&app]).await;
        let call = tokio::spawn(Phone::calling(&server, "hangup", &format!("stasis-{app}")).call());
        let Event::StasisStart(start) = watch.until_kind("StasisStart").await else { unreachable!() };
        let channel = ari.channel(&start.channel);
        channel.answer().await.unwrap();
        let statistics = channel.rtpstatistics().await.unwrap();
        assert!(statistics.local_ssrc > 0, "{statistics:?}");
        assert!(statistics.channel_uniqueid == start.channel.id, "{statistics:?}");
        call.await.unwrap();
        watch.until_channel("StasisEnd", start.channel.id.as_str()).await;
        watch.close().await;

        // Other channels have no statistics; the response to that differs between releases.
        let call = Call::open(&server, route).await;
        let error = call.channel().rtpstatistics().await.unwrap_err();
        assert!(matches!(error.status(), Some(403 | 404)), "{error}");
        call.end().await;
    })
    .await;
}
