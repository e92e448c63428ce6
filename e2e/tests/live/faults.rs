//! Errors are reported precisely and without delay.

use std::future::Future;
use std::time::{Duration, Instant};

use ari_bindings::{Client, ConnectErrorKind, Error};
use ari_e2e::{
    Outbound, Recorder, Route, Server, eventually, on_each_route, on_each_server, on_each_that_connects, unique,
};
use tokio::net::TcpListener;

use crate::call::Call;

/// Expects `work` to fail quickly, and returns its error.
async fn refused<T: std::fmt::Debug>(work: impl IntoFuture<Output = Result<T, Error>>) -> Error {
    let started = Instant::now();
    let error = work.into_future().await.expect_err("an error");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}: {error}", started.elapsed());
    error
}

/// The errors of a request and of an event connection.
async fn both(ari: &Client) -> [Error; 2] {
    [refused(ari.channels().list()).await, refused(ari.events([unique("app")])).await]
}

#[tokio::test]
async fn wrong_password_is_unauthorized() {
    on_each_route(|server: Server, route: Route| async move {
        if !route.is_inbound() {
            // The server presents the password; see `outbound`.
            return;
        }
        let builder = server.builder().transport(route.transport());
        let wrong = builder.clone().credentials("asterisk", "Wr0ng-Secret").build().unwrap();
        let nobody = builder.build().unwrap();
        for error in both(&wrong).await.into_iter().chain(both(&nobody).await) {
            assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
            assert_eq!(error.message(), Some("Authentication required"));
            assert!(!format!("{error} {error:?}").contains("Wr0ng-Secret"));
        }
    })
    .await;
}

#[tokio::test]
async fn unreachable_server_is_a_connect_error() {
    // A port that has just been released.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let ari = Client::builder(format!("http://127.0.0.1:{port}/ari")).build().unwrap();
    for error in both(&ari).await {
        assert!(matches!(error, Error::Connect { kind: ConnectErrorKind::Refused, .. }), "{error:?}");
        assert!(!error.maybe_executed());
    }
    let ari = Client::builder("http://no-such-host.invalid:8088/ari").build().unwrap();
    for error in both(&ari).await {
        assert!(matches!(error, Error::Connect { kind: ConnectErrorKind::Dns, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn wrong_path_is_not_ari() {
    on_each_server(|server: Server| async move {
        let root = server.url().strip_suffix("/ari").unwrap();
        for wrong in [root.to_owned(), format!("{root}/pbx/ari")] {
            let ari = Client::builder(wrong).credentials("asterisk", "asterisk").build().unwrap();
            for error in both(&ari).await {
                assert!(matches!(error, Error::NotAri { status: 404, .. }), "{error:?}");
                assert!(error.to_string().contains("path"), "{error}");
                assert!(!error.is_not_found());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn invalid_url_is_a_config_error() {
    for url in ["localhost:8088/ari", "127.0.0.1:8088/ari", "//localhost/ari", "ftp://localhost/ari", ""] {
        let error = Client::builder(url).build().unwrap_err();
        assert!(matches!(error, Error::Config { .. }), "{error:?}");
        assert!(error.to_string().contains("http"), "{error}");
    }
}

#[tokio::test]
async fn read_only_user_is_refused_changes() {
    on_each_route(|server: Server, route: Route| async move {
        let (user, password, app) = (server.get("ARI_READER_USER"), server.get("ARI_READER_PASSWORD"), unique("app"));
        // Events need no write access, although they register the application.
        let (reader, mut watch) = match route {
            Route::Outbound => {
                Outbound::default().ari("local_ari_user", user).open(&server, Outbound::listener(), &[&app]).await
            }
            inbound => {
                let builder = server.builder().credentials(user, password).transport(inbound.transport());
                let reader = builder.build().unwrap();
                (reader.clone(), Recorder::open(&reader, &app).await)
            }
        };
        reader.channels().list().await.unwrap();
        for error in [
            refused(reader.bridges().create()).await,
            refused(reader.channel("1").hangup()).await,
            refused(reader.device_states().update("Stasis:x", "BUSY")).await,
        ] {
            assert_eq!((error.status(), error.message()), (Some(403), Some("Write access denied")));
        }
        server.client().event_operations().user_event("e", &app).await.unwrap();
        watch.until_kind("ChannelUserevent").await;
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn missing_resources_are_not_found() {
    on_each_route(|server: Server, route: Route| async move {
        let (ari, watch) = server.open(route, [unique("app")]).await;
        for (error, message) in [
            (refused(ari.channel("nope").get()).await, "Channel not found"),
            (refused(ari.channel("nope").hangup()).await, "Channel not found"),
            (refused(ari.bridge("nope").get()).await, "Bridge not found"),
            (refused(ari.playback("nope").get()).await, "Playback not found"),
            (refused(ari.application("nope").get()).await, "Application not found"),
            (refused(ari.recordings().get_stored("nope")).await, "Recording not found"),
            (refused(ari.recordings().get_stored_file("nope")).await, "Recording not found"),
            (refused(ari.sounds().get("nope")).await, "Sound not found"),
            (refused(ari.event_operations().user_event("e", "nope")).await, "Application not found"),
        ] {
            assert!(error.is_not_found(), "{error}");
            assert_eq!(error.message(), Some(message));
        }
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn invalid_parameters_are_not_sent() {
    on_each_route(|server: Server, route: Route| async move {
        let (ari, watch) = server.open(route, [unique("app")]).await;
        let mut errors = vec![
            refused(ari.channel("").get()).await,
            refused(ari.bridge("").start_moh()).await,
            refused(ari.channel("1").play(vec!["sound:x"; 128])).await,
        ];
        if route.is_inbound() {
            errors.push(refused(ari.events([""])).await);
            errors.push(refused(ari.events([] as [&str; 0])).await);
            errors.push(refused(ari.events(["x".repeat(5000)])).await);
        }
        for error in errors {
            assert!(matches!(error, Error::InvalidRequest { .. }), "{error:?}");
            assert!(error.to_string().contains("not sent"), "{error}");
        }
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn oversized_body_is_refused() {
    on_each_route(|server: Server, route: Route| async move {
        let (ari, watch) = server.open(route, [unique("app")]).await;
        let request =
            |length: usize| ari.channels().originate("None/x").app("a").variables([("A", "x".repeat(length))]);
        let length = |extra: usize| request(extra).into_request().unwrap().body().unwrap().to_string().len();
        let fits = 40_960 - length(0);
        assert_eq!(length(fits), 40_960);
        // The largest allowed body is read, and the request fails because of the technology.
        let error = refused(request(fits)).await;
        assert_eq!((error.status(), error.message()), (Some(500), Some("Allocation failed")));
        // The WebSocket has a higher limit.
        let too_much = if route == Route::Http { [1, 10_000, 200_000] } else { [24_576, 30_000, 200_000] };
        for extra in too_much {
            let error = refused(request(fits + extra)).await;
            if route == Route::Http {
                assert_eq!((error.status(), error.message()), (Some(413), Some("Request body too large")), "{error:?}");
            } else {
                assert!(matches!(error, Error::InvalidRequest { .. }), "{error:?}");
                assert!(error.to_string().contains("65535 bytes"), "{error}");
            }
        }
        if route != Route::Http {
            let error = refused(request(fits + 20_000)).await;
            assert_eq!((error.status(), error.message()), (Some(500), Some("Allocation failed")));
        }
        // The client remains usable.
        ari.asterisk().ping().await.unwrap();
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn asterisk_refuses_invalid_requests() {
    on_each_route(|server: Server, route: Route| async move {
        let call = Call::open(&server, route).await;
        let (ari, channel) = (&call.ari, call.channel());
        for (error, status) in [
            (refused(ari.channels().originate("Nope/x").app("a")).await, 500),
            (refused(ari.channels().originate("Local/echo@default")).await, 400),
            (refused(ari.channels().originate_with_id(&call.id, "Local/echo@default").app("a")).await, 409),
            (refused(ari.channels().originate("Local/echo@default").app("a").formats("nope")).await, 400),
            (refused(channel.record("../x", "wav")).await, 500),
            (refused(channel.record(unique("r"), "nope")).await, 422),
            (refused(channel.hangup().reason("nonsense")).await, 400),
            (refused(channel.send_dtmf()).await, 400),
        ] {
            assert!(matches!(error, Error::Refused { .. }), "{error:?}");
            assert_eq!(error.status(), Some(status), "{error}");
            assert!(error.message().is_some(), "{error:?}");
        }
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn overlong_application_name_is_refused() {
    on_each_route(|server: Server, route: Route| async move {
        // Older releases accept names of any length, and an outbound connection does not report this error.
        if server.major() < 20 || !route.is_inbound() {
            return;
        }
        let error = refused(server.client_on(route).events(["x".repeat(200)])).await;
        assert!(matches!(error, Error::Refused { status: 500, .. }), "{error:?}");
        assert!(error.message().unwrap().contains("Stasis app registration failed"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn missing_media_fails_in_an_event() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        call.channel().play(["sound:no-such-sound"]).await.unwrap();
        let finished = call.watch.until_kind("PlaybackFinished").await;
        assert_eq!(finished.playback().unwrap().state, "failed");
        // No release reports the end of media of an unknown kind.
        call.channel().play(["nonsense"]).await.unwrap();
        let started = call.watch.until_kind("PlaybackStarted").await;
        assert_eq!(started.playback().unwrap().media_uri, "nonsense");
        call.end().await;
    })
    .await;
}

/// Checks at compile time that the futures of this module are `Send`.
const _: fn() = || {
    fn is_send<T: Send>(_: impl Future<Output = T> + Send) {}
    let _ = |ari: Client| is_send(async move { both(&ari).await });
};

#[tokio::test]
async fn retries_cover_a_reload() {
    on_each_that_connects(|server: Server| async move {
        let ari = server.client();
        let reloads = async {
            let module = ari.module("res_ari.so");
            for _ in 0..10 {
                // 409 while the one before goes on.
                eventually(|| async { module.reload_module().await.is_ok() }).await;
            }
        };
        let requests = async {
            loop {
                ari.asterisk().ping().await.unwrap();
            }
        };
        tokio::select! {
            () = reloads => {}
            () = requests => {}
        }
    })
    .await;
}
