//! The network between the program and Asterisk fails while calls go on.

use std::time::Duration;

use ari_bindings::{Client, ConnectionState, Reconnect};
use ari_e2e::{FaultProxy, Load, Server, unique};

use crate::alone::alone_on_each_server;
use crate::observer::{Observed, Observer};

/// A client behind a fault proxy, and one that connects directly.
fn clients(server: &Server) -> (FaultProxy, Client, Client) {
    let proxy = FaultProxy::to_url(server.url());
    let builder = Client::builder(proxy.url(server.url()));
    let ari = builder.credentials(server.get("ARI_USER"), server.get("ARI_PASSWORD"));
    (proxy, ari.timeout(Duration::from_secs(5)).build().unwrap(), server.client())
}

async fn observer(ari: &Client, app: &str) -> Observer {
    let second = Duration::from_millis(500);
    let connect = ari.events([app]).resync(true).ping_interval(second).ping_timeout(second);
    Observer::of(connect.reconnect(Reconnect::new().delays(second / 5, second)).await.unwrap())
}

/// Makes calls while the network fails repeatedly, and returns the observed events.
async fn under_load(server: Server, failures: usize, fail: impl AsyncFn(&FaultProxy, usize)) -> Observed {
    let (proxy, ari, direct) = clients(&server);
    let app = unique("app");
    let observer = observer(&ari, &app).await;
    let load = Load::start(&direct, &app, 20, Duration::from_millis(300));
    for failure in 0..failures {
        let calls = observer.seen().ended.len();
        observer.until("calls", |seen| seen.ended.len() >= calls + 5).await;
        fail(&proxy, failure).await;
        observer.until_resynced(failure + 1).await;
    }
    let calls = observer.seen().ended.len();
    observer.until("calls again", |seen| seen.ended.len() >= calls + 5).await;
    let ledger = load.stop().await;
    observer.until_complete(&ledger).await;
    let seen = observer.close().await;
    assert_eq!((seen.error.as_ref(), seen.gaps.len()), (None, failures), "{:?}", seen.reasons);
    assert!(seen.restarts.iter().all(|restarted| *restarted == Some(false)), "{:?}", seen.restarts);
    // The server did not fail, so every call was made and none is left.
    assert_eq!(ledger.made().count(), ledger.calls.len());
    assert_eq!(ledger.left().count(), 0);
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_are_restored() {
    alone_on_each_server(|server: Server| async move {
        let seen = under_load(
            server,
            4,
            async |proxy, failure| {
                if failure % 2 == 0 { proxy.cut().await } else { proxy.close().await }
            },
        )
        .await;
        assert!(seen.reasons.iter().all(|reason| reason.contains("lost")), "{:?}", seen.reasons);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_open_connection_is_detected_in_seconds() {
    alone_on_each_server(|server: Server| async move {
        let seen = under_load(server, 1, async |proxy, _| {
            proxy.half_open().await;
            proxy.heal().await;
        })
        .await;
        assert!(seen.reasons[0].contains("ping"), "{:?}", seen.reasons);
        let (begin, end) = seen.gaps[0];
        let lasted = end.unwrap() - begin;
        assert!(lasted < Duration::from_secs(4), "took too long to detect and reconnect: {lasted:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truncated_frames_are_a_lost_connection() {
    alone_on_each_server(|server: Server| async move {
        let seen = under_load(server, 3, async |proxy, failure| proxy.truncate_after(1 + 700 * failure).await).await;
        assert!(seen.reasons.iter().all(|reason| reason.contains("lost")), "{:?}", seen.reasons);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_network_causes_no_gap() {
    alone_on_each_server(|server: Server| async move {
        let (proxy, ari, direct) = clients(&server);
        let app = unique("app");
        let observer = observer(&ari, &app).await;
        proxy.delay(Duration::from_millis(150)).await;
        let load = Load::start(&direct, &app, 20, Duration::from_millis(300));
        observer.until("calls", |seen| seen.ended.len() >= 40).await;
        let ledger = load.stop().await;
        observer.until_complete(&ledger).await;
        let seen = observer.close().await;
        assert_eq!((seen.gaps.len(), seen.error.as_ref()), (0, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unreachable_server_is_retried() {
    alone_on_each_server(|server: Server| async move {
        let seen = under_load(server, 3, async |proxy, failure| {
            // New connections are refused, then accepted and reset, then accepted and ignored.
            match failure {
                0 => proxy.stop_listening().await,
                1 => proxy.refuse().await,
                _ => proxy.black_hole().await,
            }
            let before = proxy.counts().made;
            proxy.cut().await;
            if failure > 0 {
                proxy.until(|counts| counts.made > before + 1).await;
            }
            proxy.heal().await;
        })
        .await;
        assert_eq!(seen.resyncs.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_state_can_be_watched() {
    alone_on_each_server(|server: Server| async move {
        let (proxy, ari, _) = clients(&server);
        let observer = observer(&ari, &unique("app")).await;
        let mut connection = observer.connection().clone();
        proxy.stop_listening().await;
        proxy.cut().await;
        let failed = |state: &ConnectionState| matches!(state, ConnectionState::Disconnected { attempts: 2.., .. });
        crate::alone::soon("failed attempts", async {
            while !failed(&connection.changed().await.expect("an open connection")) {}
        })
        .await;
        proxy.heal().await;
        crate::alone::soon("a connection", async {
            while !connection.changed().await.expect("an open connection").is_connected() {}
        })
        .await;
        let seen = observer.close().await;
        assert_eq!(seen.gaps.len(), 1);
        assert_eq!(connection.state(), ConnectionState::Closed);
    })
    .await;
}
