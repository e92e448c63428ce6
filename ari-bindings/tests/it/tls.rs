//! TLS connections. The keys in the folder `tls` are for these tests only.

use std::sync::Arc;

use ari_bindings::{Client, ConnectErrorKind, Error, Event};
use futures_util::SinkExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio_rustls::rustls::{ServerConfig, crypto::ring};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use crate::server::{listen, receive, response, within};

const AUTHORITY: &[u8] = include_bytes!("tls/ca.pem");

async fn listen_tls() -> (TcpListener, TlsAcceptor, String) {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://127.0.0.1:{}/ari", listener.local_addr().unwrap().port());
    (listener, TlsAcceptor::from(Arc::new(config)), url)
}

fn kind(error: &Error) -> ConnectErrorKind {
    match error {
        Error::Connect { kind, .. } => *kind,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn requests_and_events_over_a_private_authority() {
    let (listener, acceptor, url) = listen_tls().await;
    let ari = Client::builder(url).root_certificate_pem(AUTHORITY).build().unwrap();
    let (list, ()) = tokio::join!(within(ari.channels().list()), async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        receive(&mut stream).await;
        let answer = response("200 OK", "application/json", "[]");
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    });
    assert_eq!(list.unwrap(), []);

    let (events, mut peer) = tokio::join!(within(ari.events(["x"])), async {
        let (stream, _) = listener.accept().await.unwrap();
        accept_async(acceptor.accept(stream).await.unwrap()).await.unwrap()
    });
    let mut events = events.unwrap();
    peer.send(Message::text(r#"{"type":"Test"}"#)).await.unwrap();
    assert!(matches!(within(events.next()).await.unwrap().unwrap(), Event::Unknown(_)));
}

#[tokio::test]
async fn untrusted_certificate_is_a_tls_error() {
    let (listener, acceptor, url) = listen_tls().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    let ari = Client::builder(url).build().unwrap();
    let request = within(ari.channels().list()).await.unwrap_err();
    let events = within(ari.events(["x"])).await.unwrap_err();
    for error in [request, events] {
        assert_eq!(kind(&error), ConnectErrorKind::Tls, "{error:?}");
    }
}

#[tokio::test]
async fn tls_on_a_clear_text_port_is_a_tls_error() {
    let (listener, _) = listen().await;
    let url = format!("https://{}/ari", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        }
    });
    let ari = Client::builder(url).build().unwrap();
    let request = within(ari.channels().list()).await.unwrap_err();
    let events = within(ari.events(["x"])).await.unwrap_err();
    for error in [request, events] {
        assert_eq!(kind(&error), ConnectErrorKind::Tls, "{error:?}");
        assert!(!error.maybe_executed());
    }
}

#[tokio::test]
async fn unfinished_tls_handshake_is_retried() {
    let (listener, acceptor, url) = listen_tls().await;
    let builder = Client::builder(url).root_certificate_pem(AUTHORITY);
    let serving = tokio::spawn(async move {
        // The first two connections end silently; reading the request first avoids a reset.
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        }
        let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        receive(&mut stream).await;
        stream.write_all(response("200 OK", "application/json", "[]").as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    });
    let error = within(builder.clone().build().unwrap().channels().list()).await.unwrap_err();
    assert_eq!(kind(&error), ConnectErrorKind::Other, "{error:?}");
    let again = builder.retries(1).build().unwrap();
    assert_eq!(within(again.channels().list()).await.unwrap(), []);
    within(serving).await.unwrap();
}

#[test]
fn invalid_root_certificate_is_refused() {
    let builder = Client::builder("https://localhost/ari").root_certificate_pem("none");
    let error = builder.build().unwrap_err();
    assert!(error.to_string().contains("BEGIN CERTIFICATE"), "{error}");
}

#[tokio::test]
async fn server_name_differs_from_host() {
    // The certificate is for `localhost` and 127.0.0.1.
    let (_, acceptor, _) = listen_tls().await;
    let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("https://{address}/ari");
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            assert!(matches!(stream.get_ref().1.server_name(), Some("localhost") | None));
            let head = receive(&mut stream).await.head.to_lowercase();
            assert!(head.contains(&format!("host: {address}\r\n")), "{head}");
            stream.write_all(response("200 OK", "application/json", "[]").as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    let builder = Client::builder(url).root_certificate_pem(AUTHORITY);
    let error = within(builder.clone().build().unwrap().channels().list()).await.unwrap_err();
    assert_eq!(kind(&error), ConnectErrorKind::Tls, "{error:?}");
    let named = builder.clone().server_name("localhost").build().unwrap();
    assert_eq!(within(named.channels().list()).await.unwrap(), []);
    let address = builder.clone().server_name("127.0.0.1").build().unwrap();
    assert_eq!(within(address.channels().list()).await.unwrap(), []);
    let address = builder.clone().server_name("127.0.0.3").build().unwrap();
    assert_eq!(kind(&within(address.channels().list()).await.unwrap_err()), ConnectErrorKind::Tls);
    let other = builder.clone().server_name("pbx.example").build().unwrap();
    let errors = [within(other.channels().list()).await.unwrap_err(), within(other.events(["x"])).await.unwrap_err()];
    assert!(errors.iter().all(|error| kind(error) == ConnectErrorKind::Tls), "{errors:?}");
    let error = builder.server_name("no name").build().unwrap_err();
    assert!(error.to_string().contains("no name"), "{error}");
    serving.abort();
}

#[tokio::test]
async fn client_certificate_is_sent() {
    use tokio_rustls::rustls::RootCertStore;
    use tokio_rustls::rustls::server::WebPkiClientVerifier;

    let (certificate, key) = (include_bytes!("tls/client.pem"), include_bytes!("tls/client.key"));
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(include_bytes!("tls/client-ca.pem")).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(include_bytes!("tls/server.pem")).unwrap()],
            PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key")).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (listener, _, url) = listen_tls().await;
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            receive(&mut stream).await;
            stream.write_all(response("200 OK", "application/json", "[]").as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    let builder = Client::builder(url).root_certificate_pem(AUTHORITY);
    let with = builder.clone().client_certificate_pem(certificate, key).build().unwrap();
    assert_eq!(within(with.channels().list()).await.unwrap(), []);
    within(builder.clone().build().unwrap().channels().list()).await.unwrap_err();
    for (certificate, key) in [(&b"none"[..], &key[..]), (&certificate[..], &b"none"[..])] {
        let error = builder.clone().client_certificate_pem(certificate, key).build().unwrap_err();
        assert!(matches!(error, Error::Config { .. }), "{error}");
    }
    serving.abort();
}

#[tokio::test]
async fn settings_of_tls_contradict_an_http_client() {
    ring::default_provider().install_default().ok();
    let builder = Client::builder("https://localhost/ari").http_client(reqwest::Client::new());
    assert!(builder.clone().build().is_ok());
    for contradictory in [
        builder.clone().root_certificate_pem(AUTHORITY),
        builder.clone().client_certificate_pem(include_bytes!("tls/client.pem"), include_bytes!("tls/client.key")),
        builder.server_name("localhost"),
    ] {
        let error = contradictory.build().unwrap_err();
        assert!(matches!(&error, Error::Config { .. }) && error.to_string().contains("http_client"), "{error}");
    }
}

#[tokio::test]
async fn broken_tls_after_a_request_leaves_the_outcome_open() {
    let (listener, acceptor, url) = listen_tls().await;
    let ari = Client::builder(url).root_certificate_pem(AUTHORITY).build().unwrap();
    let (answered, _stream) = tokio::join!(within(ari.channel("c").answer()), async {
        let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        receive(&mut stream).await;
        // A record that does not decrypt.
        stream.get_mut().0.write_all(&[&[23, 3, 3, 0, 32][..], &[0; 32]].concat()).await.unwrap();
        stream
    });
    let error = answered.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown { timed_out: false, .. }), "{error:?}");
}
