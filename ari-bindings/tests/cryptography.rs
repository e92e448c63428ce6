//! Which provider of cryptography TLS uses. It is global to the process, hence a separate test binary.

use ari_bindings::{Client, Error};
use tokio_rustls::rustls::crypto::ring;

#[test]
fn provider_of_the_program_precedes_ring() {
    let builder = Client::builder("https://localhost:8089/ari").root_certificate_pem(include_bytes!("it/tls/ca.pem"));
    let build = || builder.clone().build();
    let first = build();
    assert_eq!(first.is_ok(), cfg!(feature = "tls"), "{first:?}");
    if let Err(error) = first {
        assert!(error.to_string().contains("CryptoProvider::install_default"), "{error}");
    }

    // The HTTP client needs a provider even for clear text.
    let clear = Client::builder("http://localhost:8088/ari").build();
    assert_eq!(clear.is_ok(), cfg!(feature = "tls"), "{clear:?}");

    // Its error shows that this provider is used.
    let mut useless = ring::default_provider();
    useless.cipher_suites.clear();
    useless.install_default().unwrap();
    let error = build().unwrap_err();
    assert!(matches!(error, Error::Config { .. }) && error.to_string().contains("cipher suites"), "{error}");
}
