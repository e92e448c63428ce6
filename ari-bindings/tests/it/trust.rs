//! Which certificates are trusted, and the errors for others.
//!
//! - `self-signed.pem`: `openssl req -x509 -addext subjectAltName=…`, a certificate of an authority used by a server.
//! - `expired.pem` and `not-yet-valid.pem`: such certificates by `openssl ca -selfsign`, for 2020 and for 2120.
//! - `nameless.pem`: the same without `-addext`.
//! - `version-1.pem`: as Asterisk's script `ast_tls_cert` makes one with OpenSSL up to 3.1.

use std::sync::Arc;

use ari_bindings::{Client, ConnectErrorKind, Error};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio_rustls::rustls::{ServerConfig, crypto::ring, server::WebPkiClientVerifier};

use crate::server::{receive, response, shown, within};

/// Serves requests with this certificate, and returns the address.
async fn serve(certificate: &[u8], key: &[u8], client_authority: Option<&[u8]>) -> String {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = match client_authority {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let mut roots = tokio_rustls::rustls::RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let certificate = CertificateDer::from_pem_slice(certificate).unwrap();
    // A mismatched key cannot occur here, and it does not matter that rustls cannot read version 1.
    let key = ring::default_provider().key_provider.load_private_key(PrivateKeyDer::from_pem_slice(key).unwrap());
    let key = Arc::new(tokio_rustls::rustls::sign::CertifiedKey::new(vec![certificate], key.unwrap()));
    let acceptor = TlsAcceptor::from(Arc::new(
        builder.with_cert_resolver(Arc::new(tokio_rustls::rustls::sign::SingleCertAndKey::from(key))),
    ));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/ari", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            receive(&mut stream).await;
            stream.write_all(response("200 OK", "application/json", "[]").as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    url
}

fn assert_tls(error: &Error) {
    assert!(matches!(error, Error::Connect { kind: ConnectErrorKind::Tls, .. }), "{error:?}");
    assert!(!error.maybe_executed());
}

#[tokio::test]
async fn self_signed_certificate_is_trusted_if_it_is_given() {
    let certificate = include_bytes!("tls/self-signed.pem");
    let url = serve(certificate, include_bytes!("tls/self-signed.key"), None).await;
    let builder = Client::builder(&url);
    let trusting = builder.clone().root_certificate_pem(certificate).build().unwrap();
    assert_eq!(within(trusting.channels().list()).await.unwrap(), []);
    assert_tls(&within(builder.build().unwrap().channels().list()).await.unwrap_err());

    // The certificate is valid only for localhost and 127.0.0.1.
    let named = Client::builder(&url).root_certificate_pem(certificate).server_name("pbx.example").build().unwrap();
    let error = within(named.channels().list()).await.unwrap_err();
    assert_tls(&error);
    // It has names, but not this one.
    assert!(!shown(&error).contains("subjectAltName"), "{}", shown(&error));
}

#[tokio::test]
async fn given_certificate_is_trusted_while_it_is_valid() {
    for (certificate, key) in [
        (&include_bytes!("tls/expired.pem")[..], &include_bytes!("tls/expired.key")[..]),
        (include_bytes!("tls/not-yet-valid.pem"), include_bytes!("tls/not-yet-valid.key")),
    ] {
        let url = serve(certificate, key, None).await;
        let ari = Client::builder(&url).root_certificate_pem(certificate).build().unwrap();
        assert_tls(&within(ari.channels().list()).await.unwrap_err());
    }
}

#[tokio::test]
async fn given_certificate_vouches_for_no_other() {
    let url = serve(include_bytes!("tls/self-signed.pem"), include_bytes!("tls/self-signed.key"), None).await;
    let builder = Client::builder(url).root_certificate_pem(include_bytes!("tls/nameless.pem"));
    assert_tls(&within(builder.build().unwrap().channels().list()).await.unwrap_err());
}

#[tokio::test]
async fn certificate_without_names_names_the_cure() {
    let certificate = include_bytes!("tls/nameless.pem");
    let url = serve(certificate, include_bytes!("tls/nameless.key"), None).await;
    let ari = Client::builder(url).root_certificate_pem(certificate).build().unwrap();
    let error = within(ari.channels().list()).await.unwrap_err();
    assert_tls(&error);
    assert!(shown(&error).contains("-addext subjectAltName"), "{}", shown(&error));
}

#[tokio::test]
async fn certificate_of_version_1_names_the_cure() {
    let url = serve(include_bytes!("tls/version-1.pem"), include_bytes!("tls/version-1.key"), None).await;
    for root in [&include_bytes!("tls/version-1-ca.pem")[..], include_bytes!("tls/version-1.pem")] {
        let ari = Client::builder(&url).root_certificate_pem(root).build().unwrap();
        let error = within(ari.channels().list()).await.unwrap_err();
        assert_tls(&error);
        assert!(shown(&error).contains("version 3") && shown(&error).contains("openssl req"), "{}", shown(&error));
    }
}

#[tokio::test]
async fn missing_client_certificate_is_a_tls_error() {
    let (certificate, key) = (include_bytes!("tls/server.pem"), include_bytes!("tls/server.key"));
    let url = serve(certificate, key, Some(include_bytes!("tls/client-ca.pem"))).await;
    let ari = Client::builder(url).root_certificate_pem(include_bytes!("tls/ca.pem")).build().unwrap();
    for _ in 0..20 {
        assert_tls(&within(ari.channel("1").answer()).await.unwrap_err());
    }
    #[cfg(feature = "websocket")]
    assert_tls(&within(ari.events(["x"])).await.unwrap_err());
}
