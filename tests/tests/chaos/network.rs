//! The network between the program and Asterisk fails; calls go on.

use std::time::Duration;

use ari_bindings::{Client, ConnectionState, Reconnect};
use ari_tests::{Load, Server, Wire, unique};

use crate::account::{Account, Told};
use crate::alone::alone_on_each_server;

/// A client whose way to the server can fail, and one whose way cannot.
fn clients(server: &Server) -> (Wire, Client, Client) {
    let wire = Wire::to_url(server.url());
    let builder = Client::builder(wire.url(server.url()));
    let ari = builder.credentials(server.get("ARI_USER"), server.get("ARI_PASSWORD"));
    (wire, ari.timeout(Duration::from_secs(5)).build().unwrap(), server.client())
}

async fn account(ari: &Client, app: &str) -> Account {
    let second = Duration::from_millis(500);
    let connect = ari.events([app]).resync(true).ping_interval(second).ping_timeout(second);
    Account::of(connect.reconnect(Reconnect::new().delays(second / 5, second)).await.unwrap())
}

/// Calls while the wire fails again and again; what was told of each failure.
async fn under_load(server: Server, failures: usize, fail: impl AsyncFn(&Wire, usize)) -> Told {
    let (wire, ari, direct) = clients(&server);
    let app = unique("app");
    let account = account(&ari, &app).await;
    let load = Load::start(&direct, &app, 20, Duration::from_millis(300));
    for failure in 0..failures {
        let calls = account.told().ended.len();
        account.until("calls", |told| told.ended.len() >= calls + 5).await;
        fail(&wire, failure).await;
        account.until_resynced(failure + 1).await;
    }
    let calls = account.told().ended.len();
    account.until("calls again", |told| told.ended.len() >= calls + 5).await;
    let ledger = load.stop().await;
    account.until_complete(&ledger).await;
    let told = account.close().await;
    assert_eq!((told.error.as_ref(), told.gaps.len()), (None, failures), "{:?}", told.reasons);
    assert!(told.restarts.iter().all(|restarted| *restarted == Some(false)), "{:?}", told.restarts);
    // The server did not fail: every call was made, and none is left.
    assert_eq!(ledger.made().count(), ledger.calls.len());
    assert_eq!(ledger.left().count(), 0);
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections() {
    alone_on_each_server(|server: Server| async move {
        let told = under_load(
            server,
            4,
            async |wire, failure| {
                if failure % 2 == 0 { wire.cut().await } else { wire.close().await }
            },
        )
        .await;
        assert!(told.reasons.iter().all(|reason| reason.contains("lost")), "{:?}", told.reasons);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_open_connection() {
    alone_on_each_server(|server: Server| async move {
        let told = under_load(server, 1, async |wire, _| {
            wire.half_open().await;
            wire.heal().await;
        })
        .await;
        assert!(told.reasons[0].contains("ping"), "{:?}", told.reasons);
        let (begin, end) = told.gaps[0];
        let lasted = end.unwrap() - begin;
        assert!(lasted < Duration::from_secs(4), "noticed and mended in seconds: {lasted:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_cut_in_the_middle() {
    alone_on_each_server(|server: Server| async move {
        let told = under_load(server, 3, async |wire, failure| wire.truncate_after(1 + 700 * failure).await).await;
        assert!(told.reasons.iter().all(|reason| reason.contains("lost")), "{:?}", told.reasons);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_network_is_no_gap() {
    alone_on_each_server(|server: Server| async move {
        let (wire, ari, direct) = clients(&server);
        let app = unique("app");
        let account = account(&ari, &app).await;
        wire.delay(Duration::from_millis(150)).await;
        let load = Load::start(&direct, &app, 20, Duration::from_millis(300));
        account.until("calls", |told| told.ended.len() >= 40).await;
        let ledger = load.stop().await;
        account.until_complete(&ledger).await;
        let told = account.close().await;
        assert_eq!((told.gaps.len(), told.error.as_ref()), (0, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_there_for_a_while() {
    alone_on_each_server(|server: Server| async move {
        let told = under_load(server, 3, async |wire, failure| {
            // Refused, accepted and hung up, accepted and left alone.
            match failure {
                0 => wire.stop_listening().await,
                1 => wire.refuse().await,
                _ => wire.black_hole().await,
            }
            let before = wire.counts().made;
            wire.cut().await;
            if failure > 0 {
                wire.until(|counts| counts.made > before + 1).await;
            }
            wire.heal().await;
        })
        .await;
        assert_eq!(told.resyncs.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_can_be_watched() {
    alone_on_each_server(|server: Server| async move {
        let (wire, ari, _) = clients(&server);
        let account = account(&ari, &unique("app")).await;
        let mut connection = account.connection().clone();
        wire.stop_listening().await;
        wire.cut().await;
        let failed = |state: &ConnectionState| matches!(state, ConnectionState::Disconnected { attempts: 2.., .. });
        crate::alone::soon("failed attempts", async { while !failed(&connection.changed().await) {} }).await;
        wire.heal().await;
        crate::alone::soon("a connection", async { while !connection.changed().await.is_connected() {} }).await;
        let told = account.close().await;
        assert_eq!(told.gaps.len(), 1);
        assert_eq!(connection.state(), ConnectionState::Closed);
    })
    .await;
}
