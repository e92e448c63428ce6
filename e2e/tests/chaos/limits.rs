//! The server's configuration changes while the program runs.

use std::time::Duration;

use ari_bindings::{Client, ConnectionState, Error};
use ari_e2e::{FaultProxy, Server, unique};

use crate::alone::{alone_on_each_server, soon};
use crate::observer::Observer;

fn client(server: &Server, proxy: &FaultProxy) -> Client {
    let builder = Client::builder(proxy.url(server.url()));
    builder.credentials(server.get("ARI_USER"), server.get("ARI_PASSWORD")).build().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_password_ends_the_stream_on_reconnect() {
    alone_on_each_server(|server: Server| async move {
        let proxy = FaultProxy::to_url(server.url());
        let ari = client(&server, &proxy);
        let observer = Observer::of(ari.events([unique("app")]).resync(true).await.unwrap());
        let changed =
            server.change("ari.conf", "res_ari", |text| text.replace("password = asterisk\n", "password = another\n"));
        assert!(matches!(ari.asterisk().ping().await, Err(Error::Unauthorized { .. })));
        assert!(observer.connection().state().is_connected(), "open connections stay open");
        proxy.cut().await;
        let mut connection = observer.connection().clone();
        soon("the end", async { while connection.changed().await.is_some() {} }).await;
        changed.restore();
        let seen = observer.close().await;
        assert_eq!(seen.gaps.len(), 1);
        assert!(seen.error.as_ref().unwrap().contains("not authorized"), "{:?}", seen.error);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connecting_retries_at_the_session_limit() {
    alone_on_each_server(|server: Server| async move {
        let proxy = FaultProxy::to_url(server.url());
        let ari = client(&server, &proxy);
        let observer = Observer::of(ari.events([unique("app")]).resync(true).await.unwrap());
        // Another connection uses the only session.
        let mut other = server.client().events([unique("app")]).await.unwrap();
        let changed =
            server.change("http.conf", "http", |text| text.replace("sessionlimit = 1000", "sessionlimit = 1"));
        proxy.cut().await;
        let mut connection = observer.connection().clone();
        let failed = |state: &ConnectionState| matches!(state, ConnectionState::Disconnected { attempts: 2.., .. });
        soon("failed attempts", async { while !failed(&connection.changed().await.expect("an open connection")) {} })
            .await;
        assert!(connection.state().to_string().contains("sessionlimit"), "{}", connection.state());
        let error = soon("an answer", ari.asterisk().ping()).await.unwrap_err();
        assert!(matches!(error, Error::OutcomeUnknown { .. } | Error::Connect { .. }), "{error}");
        changed.restore();
        observer.until_resynced(1).await;
        let seen = observer.close().await;
        assert_eq!(seen.gaps.len(), 1);
        // The start time of the server is unknown if the session was taken before the client could request it.
        assert_ne!(seen.restarts, [Some(true)]);
        other.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_beyond_the_session_limit_wait() {
    alone_on_each_server(|server: Server| async move {
        let changed =
            server.change("http.conf", "http", |text| text.replace("sessionlimit = 1000", "sessionlimit = 12"));
        let user = (server.get("ARI_USER"), server.get("ARI_PASSWORD"));
        let ari = server.builder().credentials(user.0, user.1).max_requests(8).build().unwrap();
        let mut requests = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let ari = ari.clone();
            requests.spawn(async move { ari.asterisk().ping().await });
        }
        let answers = soon("all answers", requests.join_all()).await;
        changed.restore();
        assert!(answers.iter().all(Result::is_ok), "{:?}", answers.iter().find(|answer| answer.is_err()));
        // Requests also succeed after Asterisk has closed the idle connections.
        tokio::time::sleep(Duration::from_millis(15_100)).await;
        for _ in 0..8 {
            ari.asterisk().ping().await.unwrap();
        }
    })
    .await;
}
