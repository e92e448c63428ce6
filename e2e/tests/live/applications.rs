//! Application requests and application events.

use ari_bindings::{Event, EventFilter};
use ari_e2e::{Route, Server, eventually, on_each_route, unique};
use serde_json::json;

use crate::call::Call;

#[tokio::test]
async fn application_subscribes_and_unsubscribes() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let other = unique("other");
        let (_, mut others) = server.open(route, [&other]).await;
        assert!(call.ari.applications().list().await.unwrap().iter().any(|it| it.name == other));

        let application = call.ari.application(&other);
        let bridge = call.ari.bridges().create().await.unwrap().id;
        let sources = [format!("channel:{}", call.id), format!("bridge:{bridge}"), "endpoint:PJSIP/phone-b".to_owned()];
        let subscribed = application.subscribe(&sources).await.unwrap();
        assert_eq!(
            (&subscribed.channel_ids[..], &subscribed.bridge_ids[..]),
            (&[call.id.as_str().into()][..], &[bridge.clone()][..])
        );
        assert_eq!(subscribed.endpoint_ids, ["PJSIP/phone-b"]);
        call.channel().set_channel_var("COLOUR").value("blue").await.unwrap();
        others.until_channel("ChannelVarset", &call.id).await;

        let left = application.unsubscribe(&sources).await.unwrap();
        assert!(left.channel_ids.is_empty() && left.bridge_ids.is_empty() && left.endpoint_ids.is_empty(), "{left:?}");
        assert_eq!(application.get().await.unwrap(), left);
        let error = application.subscribe(["channel:no-such-channel"]).await.unwrap_err();
        assert_eq!(error.status(), Some(422), "{error}");
        let error = application.subscribe(["nonsense:x"]).await.unwrap_err();
        assert_eq!(error.status(), Some(400), "{error}");
        call.ari.bridge(&bridge).destroy().await.unwrap();
        others.close().await;
        call.watch.until_channel("ChannelVarset", &call.id).await;
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn filter_round_trips_and_filters() {
    on_each_route(|server: Server, route: Route| async move {
        let app = unique("app");
        let (ari, mut watch) = server.open(route, [&app]).await;
        let application = ari.application(&app);
        let mut allowed = vec!["ChannelUserevent", "ChannelVarset", "StasisStart"];
        let filter = |kinds: &[&str]| kinds.iter().fold(EventFilter::new(), |filter, kind| filter.allow(*kind));
        if route != Route::Http {
            // The filter would discard this response and all later ones.
            let error = application.filter().filter(filter(&allowed)).await.unwrap_err();
            assert!(error.to_string().contains("RESTResponse"), "{error}");
            allowed.push("RESTResponse");
        }
        let filter = filter(&allowed);
        let filtered = application.filter().filter(filter.disallow("StasisStart")).await.unwrap();
        // The order is not defined.
        assert_eq!(filtered.events_allowed.len(), allowed.len());
        for kind in &allowed {
            assert!(filtered.events_allowed.contains(&json!({ "type": kind })), "{filtered:?}");
        }
        assert_eq!(filtered.events_disallowed, [json!({ "type": "StasisStart" })]);
        assert_eq!(application.get().await.unwrap(), filtered);

        let id = unique("channel");
        ari.channels().originate_with_id(&id, "Local/echo@default").app(&app).variables([("A", "1")]).await.unwrap();
        // Sets a variable after the channel has entered.
        eventually(|| async { ari.channel(&id).set_channel_var("B").value("2").await.is_ok() }).await;
        watch.until_set(&id, "B").await;
        ari.event_operations().user_event("passes", &app).await.unwrap();
        watch.until_kind("ChannelUserevent").await;

        let open = application.filter().filter(EventFilter::new()).await.unwrap();
        assert!(open.events_allowed.is_empty() && open.events_disallowed.is_empty(), "{open:?}");
        ari.channel(&id).hangup().await.unwrap();
        watch.until_channel("StasisEnd", &id).await;
        let filtered = watch.kinds().iter().take_while(|kind| **kind != "ChannelUserevent").count();
        assert!(watch.seen()[..filtered].iter().all(|event| event.kind() == "ChannelVarset"), "{:?}", watch.kinds());
        assert!(!watch.kinds().contains(&"StasisStart"), "{:?}", watch.kinds());
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn user_event_carries_json() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        let bridge = call.ari.bridges().create().await.unwrap().id;
        let variables = [("list", json!([1, 2.5, null, { "deep": "ü" }])), ("text", json!("a+b & 100%"))];
        call.ari
            .event_operations()
            .user_event("my event/é+", &call.app)
            .source([format!("channel:{}", call.id), format!("bridge:{bridge}")])
            .variables(variables)
            .await
            .unwrap();
        let Event::ChannelUserevent(event) = call.watch.until_kind("ChannelUserevent").await else { unreachable!() };
        assert_eq!(event.eventname, "my event/é+");
        let expected = json!({
            "eventname": "my event/é+", "list": [1, 2.5, null, { "deep": "ü" }], "text": "a+b & 100%",
        });
        assert_eq!(event.userevent, expected);
        assert_eq!(event.channel.unwrap().id, call.id);
        assert_eq!(event.bridge.unwrap().id, bridge);
        assert!(event.endpoint.is_none());
        call.ari.bridge(&bridge).destroy().await.unwrap();
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn broadcast_call_is_claimed_once() {
    on_each_route(|server: Server, route: Route| async move {
        if server.major() < 20 {
            return;
        }
        let (app, id) = (unique("team"), unique("channel"));
        let (ari, mut watch) = server.open(route, [&app]).await;
        let endpoint = format!("Local/broadcast-{app}@default");
        ari.channels()
            .originate_with_id(unique("caller"), endpoint)
            .other_channel_id(&id)
            .context("default")
            .extension("wait")
            .await
            .unwrap();
        let Event::CallBroadcast(offer) = watch.until_kind("CallBroadcast").await else { unreachable!() };
        assert_eq!(offer.channel.id, id);
        let events = ari.event_operations();
        events.claim_channel(&id, &app).await.unwrap();
        let error = events.claim_channel(&id, &app).await.unwrap_err();
        assert!(matches!(error.status(), Some(404 | 409)), "{error}");
        watch.until_channel("StasisStart", &id).await;
        ari.channel(&id).hangup().await.unwrap();
        watch.until_channel("StasisEnd", &id).await;
        watch.close().await;
    })
    .await;
}
