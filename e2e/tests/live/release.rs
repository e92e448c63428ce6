//! The server's release, and features it does not have.

use ari_bindings::{Error, Release};
use ari_e2e::{Route, Server, on_each_route, unique};

#[tokio::test]
async fn server_reports_its_release() {
    on_each_route(|server: Server, route: Route| async move {
        let (ari, watch) = server.open(route, [unique("app")]).await;
        let known = ari.server_version().await.unwrap();
        let release = known.release().unwrap();
        assert_eq!(Some(release.major), known.branch());
        assert!(known.version().starts_with(&release.to_string()), "{known}");
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn unavailable_items_are_not_sent() {
    on_each_route(|server: Server, route: Route| async move {
        let (ari, watch) = server.open(route, [unique("app")]).await;
        let release = ari.server_version().await.unwrap().release().unwrap();
        let result = ari.channel(unique("nobody")).progress().await;
        match result.unwrap_err() {
            Error::Unavailable { item, .. } if release < Release::new(20, 16, 0) => {
                assert_eq!(item.name(), "operation channels.progress");
            }
            error => assert!(error.is_not_found() && release >= Release::new(22, 6, 0), "{release}: {error}"),
        }
        watch.close().await;
    })
    .await;
}
