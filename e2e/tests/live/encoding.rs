//! Text that is special in URIs, lists or bodies arrives unchanged.

use ari_bindings::models::Bridge;
use ari_bindings::{Client, Event, VariableValue};
use ari_e2e::{Route, Server, on_each_route, unique};

use crate::by_name;
use crate::call::Call;

/// Characters that are special in URIs, in queries or in Asterisk's lists.
const AWKWARD: &str = "a/b+c d%41&=?#,\"'(x)[y]\\ü€";

#[tokio::test]
async fn special_characters_survive_in_channel_ids() {
    on_each_route(|server: Server, route: Route| async move {
        let app = unique("app");
        let id = format!("{AWKWARD}{}", unique("id"));
        let (ari, mut watch) = server.open(route, [&app]).await;
        let in_path = ari.channels().originate_with_id(&id, "Local/echo@default").app(&app).await.unwrap();
        assert_eq!(in_path.id, id);
        watch.until_channel("StasisStart", &id).await;
        assert_eq!(ari.channel(&id).get().await.unwrap().id, id);
        // The id is now sent in the query.
        let other = format!("{id}-2");
        let in_query = ari.channels().originate("Local/echo@default").channel_id(&other).app(&app).await.unwrap();
        assert_eq!(in_query.id, other);
        for id in [&id, &other] {
            ari.channel(id).hangup().await.unwrap();
            watch.until_channel("ChannelDestroyed", id).await;
        }
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn special_characters_survive_in_bridge_and_channel_ids() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let id = format!("{AWKWARD}{}", unique("id"));
        let made = call.ari.bridges().create().bridge_id(&id).name(AWKWARD).await.unwrap();
        assert_eq!((made.id.as_str(), made.name.as_str()), (id.as_str(), AWKWARD));
        let bridge = call.ari.bridge(&id);
        assert_eq!(bridge.get().await.unwrap().id, id);

        // One list of channels whose ids contain a comma.
        let channels = [unique("a,b\"c"), unique("(d)[e]\\,f")];
        for channel in &channels {
            call.ari.channels().originate_with_id(channel, "Local/echo@default").app(&call.app).await.unwrap();
            call.watch.until_channel("StasisStart", channel).await;
        }
        bridge.add_channel(&channels).await.unwrap();
        for channel in &channels {
            call.watch.until_channel("ChannelEnteredBridge", channel).await;
        }
        assert_eq!(bridge.get().await.unwrap().channels.len(), 2);
        for channel in &channels {
            call.ari.channel(channel).hangup().await.unwrap();
        }
        bridge.destroy().await.unwrap();
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn special_characters_survive_in_recording_names() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let name = format!("{}/a+b c%41 & ü", unique("folder"));
        let live = call.channel().record(&name, "wav").await.unwrap();
        assert_eq!(live.name, name);
        call.watch.until_kind("RecordingStarted").await;
        assert_eq!(call.ari.recordings().get_live(&name).await.unwrap().name, name);
        call.ari.recordings().stop(&name).await.unwrap();
        let Event::RecordingFinished(end) = call.watch.until_kind("RecordingFinished").await else { unreachable!() };
        assert_eq!(end.recording.name, name);
        assert_eq!(call.ari.recordings().get_stored(&name).await.unwrap().name, name);
        assert!(
            call.ari.recordings().get_stored_file(&name).await.unwrap().bytes().await.unwrap().starts_with(b"RIFF")
        );
        call.ari.recordings().delete_stored(&name).await.unwrap();
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn media_lists_arrive_complete() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let media = ["sound:a,b", "sound:c \"d\"", "sound:(e)[f]", "sound:g\\h", "digits:1"];
        let id = unique("playback");
        call.channel().play_with_id(&id, media).await.unwrap();
        // Missing media are skipped, each with an event that names it.
        call.watch.until_kind("PlaybackFinished").await;
        let playbacks = call.watch.seen().iter().filter_map(Event::playback);
        let mut played: Vec<_> = playbacks.map(|playback| playback.media_uri.as_str()).collect();
        played.dedup();
        assert_eq!(played, media);
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn special_characters_survive_in_application_names() {
    each_receives_its_event(&["a b", "c+d", "e%41", "f/g", "h&i=?#", "ü€"], true).await;
}

#[tokio::test]
async fn list_separators_survive_in_application_names() {
    // Outbound applications are excluded: `apps` in ari.conf is itself such a list.
    each_receives_its_event(&["a,b", "c(d)", "e[f]"], false).await;
}

/// Sends an event to each application of one connection, and expects each to receive it.
async fn each_receives_its_event(words: &'static [&'static str], outbound: bool) {
    on_each_route(move |server: Server, route: Route| async move {
        if !outbound && !route.is_inbound() {
            return;
        }
        let apps: Vec<_> = words.iter().map(|word| unique(word)).collect();
        let (ari, mut watch) = server.open(route, &apps).await;
        for app in &apps {
            assert_eq!(ari.application(app).get().await.unwrap().name, *app);
            ari.event_operations().user_event(AWKWARD, app).await.unwrap();
            let Event::ChannelUserevent(event) = watch.until_kind("ChannelUserevent").await else { unreachable!() };
            assert_eq!((event.application.as_str(), event.eventname.as_str()), (app.as_str(), AWKWARD));
        }
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn variables_arrive_unchanged() {
    on_each_route(|server: Server, route: Route| async move {
        let (app, id) = (unique("app"), unique("channel"));
        let (ari, mut watch) = server.open(route, [&app]).await;
        ari.channels()
            .originate_with_id(&id, "Local/echo@default")
            .app(&app)
            .app_args("a b,\"c,d\",100%")
            .caller_id("\"Zoë, + %41\" <+49>")
            .variables([("ARI_TEST", AWKWARD), ("OTHER", "1")])
            .await
            .unwrap();
        let Event::StasisStart(start) = watch.until_channel("StasisStart", &id).await else { unreachable!() };
        assert_eq!(start.args, ["a b", "c,d", "100%"]);
        // ari.conf names this variable in `channelvars`.
        assert_eq!(start.channel.channelvars.unwrap()["ARI_TEST"], AWKWARD);
        assert_eq!((start.channel.caller.name.as_str(), start.channel.caller.number.as_str()), ("Zoë, + %41", "+49"));
        let channel = ari.channel(&id);
        assert_eq!(channel.get_channel_var("ARI_TEST").await.unwrap().value, AWKWARD);
        assert_eq!(channel.get_channel_var("OTHER").await.unwrap().value, "1");
        channel.set_channel_var("IN_THE_QUERY").value(AWKWARD).await.unwrap();
        assert_eq!(watch.until_set(&id, "IN_THE_QUERY").await, AWKWARD);
        assert_eq!(channel.get_channel_var("IN_THE_QUERY").await.unwrap().value, AWKWARD);
        if server.major() >= 20 {
            channel.set_channel_vars([("B1", AWKWARD), ("B2", "x")]).await.unwrap();
            let read = channel.get_channel_vars(["B1", "CALLERID(num)", "B2"]).await.unwrap().variables;
            assert_eq!(read, by_name([("B1", AWKWARD), ("CALLERID(num)", "+49"), ("B2", "x")]));
        }
        channel.hangup().await.unwrap();
        watch.until_channel("StasisEnd", &id).await;
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn request_may_exceed_the_request_line() {
    on_each_route(|server: Server, route: Route| async move {
        let (app, id) = (unique("app"), unique("channel"));
        let (ari, mut watch) = server.open(route, [&app]).await;
        // A hundred arguments; Asterisk splits no more than 128.
        let long = vec!["x".repeat(57) + "\"ü\""; 100].join(",");
        let request = ari.channels().originate("Local/echo@default").channel_id(&id).app(&app).app_args(&long);
        let request = request.timeout(20).variables([("A", "1")]);
        assert!(long.len() >= 6000 && request.clone().into_request().unwrap().query().is_none());
        assert_eq!(request.await.unwrap().id, id);
        let Event::StasisStart(start) = watch.until_channel("StasisStart", &id).await else { unreachable!() };
        assert_eq!(start.args.join(","), long.replace('"', ""));
        assert_eq!(ari.channel(&id).get_channel_var("A").await.unwrap().value, "1");
        ari.channel(&id).hangup().await.unwrap();
        watch.until_channel("StasisEnd", &id).await;
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn bridge_is_created_with_variables() {
    on_each_route(|server: Server, route: Route| async move {
        if server.major() < 20 {
            return;
        }
        let (ari, watch) = server.open(route, [unique("app")]).await;
        // Two operations with different bodies.
        let (first, second) = (unique("bridge"), unique("bridge"));
        let variables = || [("A", VariableValue::from(AWKWARD)), ("B", VariableValue::reported("two"))];
        let made = ari.bridges().create().bridge_id(&first).name("n").variables(variables()).await.unwrap();
        assert_bridge(&ari, &made, &first).await;
        let made = ari.bridges().create_with_id(&second).name("n").variables(variables()).await.unwrap();
        assert_bridge(&ari, &made, &second).await;
        watch.close().await;
    })
    .await;
}

/// Checks that the bridge has exactly the variables it was created with.
async fn assert_bridge(ari: &Client, made: &Bridge, id: &str) {
    assert_eq!((made.id.as_str(), made.name.as_str()), (id, "n"));
    assert_eq!(made.bridgevars, Some(by_name([("B", "two")])));
    let bridge = ari.bridge(made);
    let read = bridge.get_bridge_vars(["A", "B"]).await.unwrap().variables;
    assert_eq!(read, by_name([("A", AWKWARD), ("B", "two")]));
    for other in ["name", "bridgeId", "variables"] {
        assert!(bridge.get_bridge_var(other).await.unwrap_err().is_not_found(), "{other}");
    }
    bridge.destroy().await.unwrap();
}
