use ari_bindings::{AvailabilityCheck, Client, Error, Release, availability};
use tokio::io::AsyncWriteExt as _;

use crate::server::{listen, receive, response, within};

/// A client of a server that reports `version` and accepts every request.
async fn client_of(version: &str, check: AvailabilityCheck) -> Client {
    let (listener, builder) = listen().await;
    let info = response("200 OK", "application/json", &format!(r#"{{"system":{{"version":"{version}"}}}}"#));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let received = receive(&mut stream).await;
            let answer =
                if received.line.contains("/asterisk/info") { &info } else { "HTTP/1.1 204 No Content\r\n\r\n" };
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    builder.check_availability(check).build().unwrap()
}

#[tokio::test]
async fn unavailable_operation_is_not_sent() {
    let ari = client_of("16.28.0~dfsg-0+deb11u10", AvailabilityCheck::Refuse).await;
    within(ari.channel("1").progress()).await.expect("the server's release is not known yet");
    assert_eq!(within(ari.server_version()).await.unwrap().release(), Some(Release::new(16, 28, 0)));
    let error = within(ari.channel("1").progress()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "channels.progress (POST /channels/1/progress): not sent: Asterisk 16.28.0 has no operation \
         channels.progress; it came with 20.16.0, 21.11.0, 22.6.0, 23.0.0"
    );
    assert!(!error.maybe_executed());
    within(ari.channel("1").answer()).await.unwrap();
}

#[tokio::test]
async fn unavailable_parameter_is_not_sent() {
    let ari = client_of("22.5.0", AvailabilityCheck::default()).await;
    within(ari.server_version()).await.unwrap();
    let lacking = |error: Error| match error {
        Error::Unavailable { item, .. } => item.name().to_owned(),
        other => panic!("{other}"),
    };
    let play = ari.bridge("1").play(["sound:a"]).announcer_format("slin16");
    assert_eq!(lacking(within(play).await.unwrap_err()), "parameter bridges.play.announcer_format");
    let create = ari.bridges().create().variables([("A", "b")]);
    within(create).await.expect_err("204 is no bridge");
    let set = ari.channel("1").set_channel_vars([("A", "b")]);
    assert_eq!(lacking(within(set).await.unwrap_err()), "operation channels.setChannelVars");
}

#[tokio::test]
async fn unknown_availability_is_not_refused() {
    for version in ["99.0.0", "22.99.0", "17.0.0", "GIT-22-1a2b3c4", "certified/16.8-cert14", "UNKNOWN__x"] {
        let ari = client_of(version, AvailabilityCheck::Refuse).await;
        assert_eq!(within(ari.server_version()).await.unwrap().version(), version);
        within(ari.channel("1").progress()).await.unwrap();
    }
    for check in [AvailabilityCheck::Off, AvailabilityCheck::Warn] {
        let ari = client_of("16.28.0", check).await;
        within(ari.server_version()).await.unwrap();
        within(ari.channel("1").progress()).await.unwrap();
    }
}

#[test]
fn items_added_by_fixups_have_availability() {
    let is_in = |name: &str, release| availability::find(name).unwrap().is_in(release);
    assert_eq!(is_in("value Playback.state paused", Release::new(16, 30, 1)), Some(true));
    assert_eq!(is_in("property RTPstat.txmes", Release::new(16, 30, 1)), Some(false));
    assert_eq!(is_in("property RTPstat.txmes", Release::new(22, 10, 1)), Some(true));
}
