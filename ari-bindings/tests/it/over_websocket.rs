//! Requests over the event connection.

use std::time::Duration;

use ari_bindings::{
    Client, ConnectErrorKind, DisconnectReason, Error, Event, EventFilter, Events, Reconnect, Transport,
};
use serde_json::{Value, json};

use crate::fake::{Fake, Peer, application, next_text, numbered, send};
use crate::server::{pass, within};

async fn connected(fake: &mut Fake) -> (Client, Events, Peer) {
    let ari = fake.builder().transport(Transport::WebSocket).timeout(Duration::from_secs(10)).build().unwrap();
    let soon = Reconnect::new().delays(Duration::from_millis(1), Duration::from_millis(5));
    let (events, peer) = within(async { tokio::join!(ari.events(["x"]).reconnect(soon), serve(fake)) }).await;
    (ari, events.unwrap(), peer)
}

/// Accepts a connection and answers its initial ping, which checks that the server answers requests.
pub(crate) async fn serve(fake: &mut Fake) -> Peer {
    let mut peer = fake.connection().await;
    let ping = next_request(&mut peer).await;
    assert_eq!((&ping["method"], &ping["uri"]), (&json!("GET"), &json!("asterisk/ping")));
    send(&mut peer, reply(&ping, 200, r#"{"ping":"pong"}"#)).await;
    peer
}

pub(crate) fn reply(request: &Value, status: u16, body: &str) -> String {
    json!({
        "type": "RESTResponse", "transaction_id": request["transaction_id"], "request_id": request["request_id"],
        "status_code": status, "reason_phrase": "Scripted", "uri": request["uri"],
        "content_type": "application/json", "message_body": body,
        "application": "x", "timestamp": "2026-11-23T11:49:38.950+0000", "asterisk_id": "02:00:00:00:00:01",
    })
    .to_string()
}

/// The next request of the test; answers the requests of the connection itself.
pub(crate) async fn next_request(peer: &mut Peer) -> Value {
    loop {
        let request = next_text(peer).await;
        let uri = request["uri"].as_str().unwrap();
        let answer = match uri {
            "asterisk/info?only=status" => reply(&request, 404, r#"{"message":"no"}"#),
            "applications/x" => reply(&request, 200, &application(&[], &[], &[]).to_string()),
            _ if uri.starts_with("events/user/ari-bindings-") => reply(&request, 403, r#"{"message":"no"}"#),
            _ => return request,
        };
        send(peer, answer).await;
    }
}

#[tokio::test]
async fn replies_find_their_requests_in_any_order_and_are_no_events() {
    let mut fake = Fake::start().await;
    let (ari, mut events, mut peer) = connected(&mut fake).await;
    let (first, second, ()) = within(async {
        tokio::join!(ari.channel("a/b").get_channel_var("one"), ari.asterisk().get_global_var("two"), async {
            let one = next_request(&mut peer).await;
            let two = next_request(&mut peer).await;
            assert_eq!(one["type"], "RESTRequest");
            assert_eq!(one["uri"], "channels/a%2Fb/variable?variable=one");
            send(&mut peer, numbered(1)).await;
            send(&mut peer, reply(&two, 200, r#"{"value":"2"}"#)).await;
            send(&mut peer, reply(&one, 200, r#"{"value":"1"}"#)).await;
        })
    })
    .await;
    assert_eq!((first.unwrap().value.as_str(), second.unwrap().value.as_str()), ("1", "2"));
    assert!(matches!(within(events.next()).await.unwrap().unwrap(), Event::Unknown(event) if event.kind() == "Test"));
    assert_eq!(events.connection().statistics().received, 1);
}

#[tokio::test]
async fn bodies_and_errors_are_as_over_http() {
    let mut fake = Fake::start().await;
    let (ari, _events, mut peer) = connected(&mut fake).await;
    let request = ari.channels().originate("Local/x@default").app("x").variables([("A", "b")]);
    let (error, ()) = within(async {
        tokio::join!(async { request.await.unwrap_err() }, async {
            let request = next_request(&mut peer).await;
            assert_eq!((&request["method"], &request["content_type"]), (&json!("POST"), &json!("application/json")));
            assert_eq!(request["message_body"], r#"{"variables":{"A":"b"}}"#);
            send(&mut peer, reply(&request, 500, r#"{"error":"Allocation failed"}"#)).await;
        })
    })
    .await;
    assert_eq!((error.status(), error.message()), (Some(500), Some("Allocation failed")));

    // Without a body, the error has only the reason.
    let (error, ()) = within(async {
        tokio::join!(async { ari.asterisk().ping().await.unwrap_err() }, async {
            let request = next_request(&mut peer).await;
            let id = &request["request_id"];
            let bare = json!({ "type": "RESTResponse", "request_id": id, "status_code": 400, "reason_phrase": "Odd" });
            send(&mut peer, bare.to_string()).await;
        })
    })
    .await;
    assert_eq!((error.status(), error.message()), (Some(400), Some("Odd")));
}

#[tokio::test]
async fn requests_sent_before_a_loss_have_unknown_outcome() {
    let mut fake = Fake::start().await;
    let (ari, mut events, mut peer) = connected(&mut fake).await;
    let stopped = {
        let (error, stopped) = within(async {
            tokio::join!(async { ari.channel("c").answer().await.unwrap_err() }, async {
                next_request(&mut peer).await;
                let stopped = fake.stop().await;
                drop(peer);
                stopped
            })
        })
        .await;
        assert!(error.maybe_executed() && matches!(error, Error::OutcomeUnknown { .. }), "{error}");
        stopped
    };
    // Meanwhile, requests fail immediately without being sent.
    assert_eq!(within(events.next()).await.unwrap().unwrap().kind(), "Disconnected");
    let error = within(ari.channel("c").answer()).await.unwrap_err();
    assert!(matches!(error, Error::Connect { kind: ConnectErrorKind::Disconnected, .. }), "{error}");
    assert!(!error.maybe_executed());

    // After the reconnect, requests are sent again, those of the connection itself first.
    let mut fake = stopped.start().await;
    let mut peer = fake.connection().await;
    let (done, ()) = within(async {
        let answer = async {
            assert_eq!(events.next().await.unwrap().unwrap().kind(), "Reconnected");
            ari.channel("c").answer().await
        };
        tokio::join!(answer, async {
            let request = next_request(&mut peer).await;
            send(&mut peer, reply(&request, 204, "")).await;
        })
    })
    .await;
    done.unwrap();
}

#[tokio::test]
async fn late_reply_is_no_event() {
    let mut fake = Fake::start().await;
    let ari = fake.builder().transport(Transport::WebSocket).timeout(Duration::from_millis(50)).build().unwrap();
    let (events, mut peer) =
        within(async { tokio::join!(ari.events(["x"]).reconnect(Reconnect::never()), serve(&mut fake)) }).await;
    let mut events = events.unwrap();
    let error = within(ari.channel("c").answer()).await.unwrap_err();
    assert!(error.is_timeout() && error.maybe_executed(), "{error}");
    let request = next_request(&mut peer).await;
    send(&mut peer, reply(&request, 204, "")).await;
    // A reply to an unknown request is delivered as an event.
    send(&mut peer, reply(&json!({ "request_id": "somebody's", "transaction_id": "", "uri": "" }), 204, "")).await;
    let event = within(events.next()).await.unwrap().unwrap();
    assert!(matches!(event, Event::RestResponse(response) if response.request_id == "somebody's"));
}

#[tokio::test]
async fn missing_rest_over_websocket_is_reported() {
    let mut fake = Fake::start().await;
    let ari =
        fake.builder().transport(Transport::WebSocket).connect_timeout(Duration::from_millis(100)).build().unwrap();
    let (result, _peer) = within(async { tokio::join!(ari.events(["x"]), fake.connection()) }).await;
    let error = result.unwrap_err();
    assert!(error.to_string().contains("20.14") && error.to_string().contains("RESTResponse"), "{error}");
}

#[tokio::test]
async fn filter_that_blocks_replies_is_refused() {
    let mut fake = Fake::start().await;
    let (ari, _events, mut peer) = connected(&mut fake).await;
    let x = ari.application("x");
    for filter in [EventFilter::new().allow("StasisStart"), EventFilter::new().disallow("RESTResponse")] {
        let error = within(x.filter().filter(filter)).await.unwrap_err();
        assert!(matches!(error, Error::InvalidRequest { .. }) && error.to_string().contains("swallow"), "{error}");
    }
    // A filter of another application, or one that allows replies, does no harm.
    let harmless = [
        ari.application("y").filter().filter(EventFilter::new().allow("StasisStart")),
        x.filter().filter(EventFilter::new().allow("StasisStart").allow("RESTResponse")),
    ];
    for request in harmless {
        let (error, ()) = within(async {
            tokio::join!(async { request.await.unwrap_err() }, async {
                let request = next_request(&mut peer).await;
                send(&mut peer, reply(&request, 404, r#"{"message":"Application not found"}"#)).await;
            })
        })
        .await;
        assert!(error.is_not_found(), "{error}");
    }
}

#[tokio::test]
async fn too_long_request_is_not_sent() {
    let mut fake = Fake::start().await;
    let (ari, _events, _peer) = connected(&mut fake).await;
    let request = ari.channels().originate("Local/x").app("x").variables([("A", "x".repeat(70_000))]);
    let error = within(request).await.unwrap_err();
    assert!(error.to_string().contains("65535"), "{error}");
}

#[tokio::test]
async fn requests_use_http_without_connection_and_for_files() {
    let mut fake = Fake::start().await;
    fake.answer(
        "GET /asterisk/ping",
        200,
        json!({ "asterisk_id": "x", "ping": "pong", "timestamp": "2026-11-23T11:49:38.950+0000" }),
    );
    fake.answer("GET /recordings/stored/r/file", 200, json!("file"));
    let ari = fake.builder().transport(Transport::WebSocket).build().unwrap();
    assert_eq!(within(ari.asterisk().ping()).await.unwrap().ping, "pong");
    let (events, peer) = within(async { tokio::join!(ari.events(["x"]), serve(&mut fake)) }).await;
    let mut events = events.unwrap();
    let file = within(ari.recordings().get_stored_file("r")).await.unwrap();
    assert_eq!(within(file.bytes()).await.unwrap(), br#""file""#);
    drop(peer);
    within(events.close()).await;
    within(ari.asterisk().ping()).await.unwrap();
    let pings = fake.asked().iter().filter(|asked| *asked == "GET /asterisk/ping").count();
    assert_eq!(pings, 2);
}

/// A connection whose server may be silent for 40 ms, and whose requests may take `timeout`.
async fn impatient(fake: &mut Fake, timeout: Duration) -> (Client, Events, Peer) {
    let ari = fake.builder().transport(Transport::WebSocket).timeout(timeout).build().unwrap();
    let short = Duration::from_millis(20);
    let connect = ari.events(["x"]).reconnect(Reconnect::never()).ping_interval(short).ping_timeout(short);
    let (events, peer) = within(async { tokio::join!(connect, serve(fake)) }).await;
    (ari, events.unwrap(), peer)
}

#[tokio::test]
async fn server_busy_with_a_request_may_be_silent() {
    let mut fake = Fake::start().await;
    let (ari, events, mut peer) = impatient(&mut fake, Duration::from_secs(10)).await;
    let (done, ()) = within(async {
        tokio::join!(ari.channel("c").answer(), async {
            let request = next_request(&mut peer).await;
            // The server reads nothing meanwhile, so it answers no ping.
            pass(Duration::from_millis(400)).await;
            send(&mut peer, reply(&request, 204, "")).await;
        })
    })
    .await;
    done.unwrap();
    assert!(events.connection().state().is_connected());
}

#[tokio::test]
async fn server_that_answers_no_request_is_given_up() {
    let mut fake = Fake::start().await;
    let (ari, mut events, _peer) = impatient(&mut fake, Duration::from_millis(200)).await;
    // Each request starts before the previous one is answered.
    let asking = tokio::spawn(async move {
        let mut asking = tokio::task::JoinSet::new();
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        loop {
            pace.tick().await;
            let channel = ari.channel("c");
            asking.spawn(async move { channel.answer().await.unwrap_err() });
        }
    });
    let error = within(events.next()).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Disconnected { reason: DisconnectReason::PingTimeout, .. }), "{error}");
    asking.abort();
}

#[tokio::test]
async fn request_right_after_drop_goes_by_http() {
    let mut fake = Fake::start().await;
    fake.answer(
        "GET /asterisk/ping",
        200,
        json!({ "asterisk_id": "x", "ping": "pong", "timestamp": "2026-11-23T11:49:38.950+0000" }),
    );
    for _ in 0..30 {
        let (ari, events, _peer) = connected(&mut fake).await;
        drop(events);
        assert_eq!(within(ari.asterisk().ping()).await.unwrap().ping, "pong");
    }
}

#[tokio::test]
async fn waiting_for_a_server_outlasts_a_cut_before_the_first_reply() {
    let mut fake = Fake::start().await;
    let ari = fake.builder().transport(Transport::WebSocket).build().unwrap();
    let soon = Reconnect::new().delays(Duration::from_millis(1), Duration::from_millis(5));
    let connecting = ari.events(["x"]).reconnect(soon).wait_for_server(true);
    let (events, _peer) = within(async {
        tokio::join!(connecting, async {
            for _ in 0..3 {
                let mut peer = fake.connection().await;
                next_text(&mut peer).await;
            }
            serve(&mut fake).await
        })
    })
    .await;
    assert!(events.unwrap().connection().state().is_connected());
}

#[tokio::test]
async fn filter_without_a_filter_sends_an_empty_object() {
    let mut fake = Fake::start().await;
    let (ari, _events, mut peer) = connected(&mut fake).await;
    let (done, ()) = within(async {
        tokio::join!(ari.application("x").filter(), async {
            let request = next_request(&mut peer).await;
            assert_eq!(request["message_body"], "{}");
            assert_eq!(request["content_type"], "application/json");
            send(&mut peer, reply(&request, 200, &application(&[], &[], &[]).to_string())).await;
        })
    })
    .await;
    done.unwrap();
}

#[tokio::test]
async fn unsubscribing_a_whole_kind_is_refused_as_over_http() {
    let mut fake = Fake::start().await;
    let (ari, _events, mut peer) = connected(&mut fake).await;
    let (error, ()) = within(async {
        tokio::join!(async { ari.application("x").unsubscribe(["channel:"]).await.unwrap_err() }, async {
            let request = next_request(&mut peer).await;
            send(&mut peer, reply(&request, 200, "")).await;
        })
    })
    .await;
    assert_eq!(error.status(), Some(501), "{error}");
}
