//! Connections that Asterisk opens: when it opens, closes and reopens them.

use std::time::{Duration, Instant};

use ari_bindings::outbound::{Listener, ListenerBuilder, Session};
use ari_bindings::{Client, DisconnectReason, Error, Event};
use ari_e2e::{
    FaultProxy, Outbound, OutboundGuard, Recorder, Route, Server, eventually, on_each_that_connects, unique, until_gone,
};
use tokio::time::timeout;

use crate::call::Call;

/// The time limit for Asterisk to connect.
const SOON: Duration = Duration::from_secs(10);

async fn bind(listener: ListenerBuilder) -> Listener {
    listener.bind("127.0.0.1:0").await.unwrap()
}

async fn accept(listener: &mut Listener) -> Session {
    timeout(SOON, listener.accept()).await.expect("a connection in time").expect("a listener")
}

/// Records the events of a new session.
async fn watch(session: Session, app: &str) -> (Client, Recorder) {
    let (ari, events) = session.into_parts();
    let mut watch = Recorder::of(events);
    let Event::ApplicationRegistered(first) = watch.next().await else { panic!("{:?}", watch.kinds()) };
    assert_eq!(first.application, app);
    (ari, watch)
}

#[tokio::test]
async fn per_call_connection_is_opened_and_closed() {
    on_each_that_connects(|server: Server| async move {
        let app = unique("app");
        let mut listener = bind(Outbound::listener().applications([&app])).await;
        let guard = Outbound::default().client("connection_type", "per_call_config");
        let guard = guard.connect_to(&server, listener.local_addr(), &[&app]).await;
        let http = server.client();
        let mut sessions = Vec::new();
        for _ in 0..2 {
            let id = unique("channel");
            http.channels().originate_with_id(&id, "Local/echo@default").app(&app).await.unwrap();
            let session = accept(&mut listener).await;
            // The application is named after the channel's name, not its id.
            let name = http.channel(&id).get().await.unwrap().name;
            let own = format!("{app}:{name}");
            assert_eq!(session.application(), own);
            let (ari, mut watch) = watch(session, &own).await;
            let Event::StasisStart(start) = watch.until_channel("StasisStart", &id).await else { unreachable!() };
            assert_eq!(start.application, own);
            assert_eq!(ari.application(&own).get().await.unwrap().channel_ids[0], *id);
            assert!(ari.application(&app).get().await.unwrap_err().is_not_found());
            sessions.push((ari, watch, id, own));
        }
        for (ari, mut watch, id, own) in sessions {
            ari.channel(&id).hangup().await.unwrap();
            watch.until_channel("StasisEnd", &id).await;
            // Asterisk closes the connection some seconds later, without an event about the application.
            watch.until_closed_by_server().await;
            assert!(!watch.kinds().contains(&"ApplicationUnregistered"), "{:?}", watch.kinds());
            until_gone(&http, &own).await;
        }
        assert_eq!(listener.open_sessions(), 0);
        guard.remove().await;
    })
    .await;
}

/// Refuses connections during the handshake until Asterisk has logged two warnings. Asterisk retries every
/// `reconnect_interval`, indefinitely, and logs a warning after every `reconnect_attempts` failures.
async fn until_refused_repeatedly(server: &Server, outbound: Outbound, log: &str) -> (FaultProxy, OutboundGuard) {
    let app = unique("app");
    let mut listener = bind(Outbound::listener()).await;
    let proxy = FaultProxy::to(listener.local_addr());
    let guard = outbound.client("reconnect_attempts", "2").connect_to(server, proxy.address(), &[&app]).await;
    let warning = format!("{}/ failed after 2 tries: {log}", proxy.address());
    eventually(|| async { server.run(&["cat", "/var/log/asterisk/messages.log"]).await.matches(&warning).count() > 1 })
        .await;
    eventually(|| async { proxy.counts().made > 5 }).await;
    // No connection waits to be accepted.
    assert!(timeout(Duration::ZERO, listener.accept()).await.is_err());
    (proxy, guard)
}

#[tokio::test]
async fn wrong_credentials_are_retried() {
    on_each_that_connects(|server: Server| async move {
        let outbound = Outbound::default().client("password", "wrong");
        let (proxy, guard) = until_refused_repeatedly(&server, outbound, "Unauthorized").await;
        // Asterisk connects as soon as it is accepted.
        let mut listener = bind(Listener::builder()).await;
        proxy.set_target(listener.local_addr()).await;
        let (_, events) = accept(&mut listener).await.into_parts();
        let mut watch = Recorder::of(events);
        watch.until_kind("ApplicationRegistered").await;
        guard.remove().await;
        watch.until_closed_by_server().await;
    })
    .await;
}

#[tokio::test]
async fn wrong_subprotocol_is_retried() {
    on_each_that_connects(|server: Server| async move {
        let outbound = Outbound::default().client("protocols", "media");
        let (_wire, guard) = until_refused_repeatedly(&server, outbound, "Bad request").await;
        guard.remove().await;
    })
    .await;
}

#[tokio::test]
async fn unwelcome_application_is_refused_after_a_delay() {
    on_each_that_connects(|server: Server| async move {
        let app = unique("app");
        let listener = bind(Outbound::listener().applications(["other"])).await;
        let proxy = FaultProxy::to(listener.local_addr());
        let guard = Outbound::default().connect_to(&server, proxy.address(), &[&app]).await;
        // If the connection were closed at once, Asterisk would reconnect a thousand times a second.
        eventually(|| async { proxy.counts().made >= 3 }).await;
        let started = Instant::now();
        let before = proxy.counts().made;
        eventually(|| async { proxy.counts().made >= before + 2 }).await;
        assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
        guard.remove().await;
    })
    .await;
}

#[tokio::test]
async fn reconnecting_leaves_the_application_with_its_new_owner() {
    on_each_that_connects(|server: Server| async move {
        let app = unique("app");
        let mut listener = bind(Outbound::listener()).await;
        let guard = Outbound::default().connect_to(&server, listener.local_addr(), &[&app]).await;
        let (_, mut first) = watch(accept(&mut listener).await, &app).await;
        let mut second = Recorder::open(&server.client(), &app).await;
        first.until_kind("ApplicationReplaced").await;
        let end = first.events().next().await.unwrap().unwrap_err();
        assert!(matches!(end, Error::Disconnected { reason: DisconnectReason::Replaced { .. }, .. }), "{end}");

        // Asterisk reconnects and reports the application as registered, but leaves it with the other connection.
        let (ari, mut third) = watch(accept(&mut listener).await, &app).await;
        ari.event_operations().user_event("e", &app).await.unwrap();
        second.until_kind("ChannelUserevent").await;
        assert_eq!(third.kinds(), ["ApplicationRegistered"]);
        // When the other connection closes, the application is gone.
        second.close().await;
        until_gone(&server.client(), &app).await;
        guard.remove().await;
        third.until_closed_by_server().await;
        assert_eq!(third.kinds(), ["ApplicationRegistered", "ApplicationUnregistered"]);
    })
    .await;
}

#[tokio::test]
async fn call_outlives_the_listener() {
    on_each_that_connects(|server: Server| async move {
        let (app, id) = (unique("app"), unique("channel"));
        let mut listener = bind(Outbound::listener()).await;
        let address = listener.local_addr();
        let guard = Outbound::default().connect_to(&server, address, &[&app]).await;
        let (ari, mut before) = watch(accept(&mut listener).await, &app).await;
        ari.channels().originate_with_id(&id, "Local/echo@default").app(&app).await.unwrap();
        before.until_channel("StasisStart", &id).await;
        listener.shutdown().await;
        while let Some(event) = before.events().next().await {
            event.expect("an end without an error");
        }

        // The call is still in its application.
        let http = server.client();
        assert_eq!(http.application(&app).get().await.unwrap().channel_ids[0], *id);

        // When the listener returns, Asterisk reconnects.
        let mut listener = Outbound::listener().bind(address).await.unwrap();
        let (ari, mut after) = watch(accept(&mut listener).await, &app).await;
        ari.channel(&id).set_channel_var("COLOUR").value("blue").await.unwrap();
        assert_eq!(after.until_set(&id, "COLOUR").await, "blue");
        ari.channel(&id).hangup().await.unwrap();
        after.until_channel("StasisEnd", &id).await;
        guard.remove().await;
        after.until_closed_by_server().await;
    })
    .await;
}

#[tokio::test]
async fn outbound_connections_are_independent() {
    on_each_that_connects(|server: Server| async move {
        let mut call = Call::open(&server, Route::Outbound).await;
        let (_, other) = server.open(Route::Outbound, [unique("other")]).await;
        other.close().await;
        call.channel().set_channel_var("COLOUR").value("blue").await.unwrap();
        assert_eq!(call.watch.until_set(&call.id, "COLOUR").await, "blue");
        assert!(!call.watch.kinds().contains(&"ApplicationRegistered"), "{:?}", call.watch.kinds());
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn listener_accepts_tls() {
    on_each_that_connects(|server: Server| async move {
        let certificates = concat!(env!("CARGO_MANIFEST_DIR"), "/../ari-bindings/tests/it/tls");
        let read = |name: &str| std::fs::read_to_string(format!("{certificates}/{name}")).unwrap();
        let authority = format!("/tmp/{}.pem", unique("authority"));
        server.run(&["sh", "-c", "printf %s \"$2\" > \"$1\"", "sh", &authority, &read("ca.pem")]).await;
        let app = unique("app");
        let mut listener = bind(Outbound::listener().certificate_pem(read("server.pem"), read("server.key"))).await;
        let address = listener.local_addr();
        let outbound = Outbound::default()
            .client("uri", format!("wss://{address}/pbx?server=1"))
            .client("tls_enabled", "yes")
            .client("ca_list_file", &authority)
            // The certificate contains the address, but Asterisk checks only names.
            .client("verify_server_hostname", "no");
        let guard = outbound.connect_to(&server, address, &[&app]).await;
        let session = accept(&mut listener).await;
        assert_eq!(session.path(), "/pbx?server=1");
        let (ari, mut watch) = watch(session, &app).await;
        assert_eq!(ari.asterisk().ping().await.unwrap().ping, "pong");
        guard.remove().await;
        watch.until_closed_by_server().await;
        server.run(&["rm", "-f", &authority]).await;
    })
    .await;
}
