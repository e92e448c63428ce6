//! One TLS configuration for requests and events.

use std::io;
use std::sync::Arc;

use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use zeroize::Zeroizing;

use crate::Error;

/// What a program wants of TLS beyond what the platform has.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    /// PEM texts of authorities.
    pub(crate) roots: Vec<Vec<u8>>,
    /// PEM texts of the client's own certificate and key.
    pub(crate) client: Option<(Vec<u8>, Zeroizing<Vec<u8>>)>,
    /// The server's name, if not the host of the URL.
    pub(crate) server_name: Option<String>,
}

/// How a client secures a connection.
pub(crate) struct Tls {
    config: Arc<ClientConfig>,
    /// The name that the server is asked for, and that its certificate must be valid for.
    name: ServerName<'static>,
}

impl Tls {
    pub(crate) fn new(settings: &Settings, host: &str) -> Result<Self, Error> {
        let name = server_name(settings.server_name.as_deref().unwrap_or(host))?;
        Ok(Self { config: Arc::new(config(settings)?), name })
    }

    pub(crate) async fn connect(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        TlsConnector::from(Arc::clone(&self.config)).connect(self.name.clone(), stream).await
    }
}

fn config(settings: &Settings) -> Result<ClientConfig, Error> {
    let provider = provider()?;
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::config(error.to_string()))?;
    let mut roots = Vec::new();
    for pem in &settings.roots {
        roots.append(&mut certificates(pem, "root certificate")?);
    }
    let verifier = Verifier::new_with_extra_roots(roots, provider)
        .map_err(|error| Error::config(format!("no trusted certificates: {error}")))?;
    let config = config.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    match &settings.client {
        None => Ok(config.with_no_client_auth()),
        Some((pem, key)) => config
            .with_client_auth_cert(certificates(pem, "client certificate")?, private_key(key)?)
            .map_err(|error| Error::config(format!("client certificate: {error}"))),
    }
}

/// The cryptography that the program has chosen for the whole process, or else what the feature `tls` brings.
pub(crate) fn provider() -> Result<Arc<CryptoProvider>, Error> {
    #[cfg(feature = "tls")]
    let own = Some(Arc::new(tokio_rustls::rustls::crypto::ring::default_provider()));
    #[cfg(not(feature = "tls"))]
    let own = None;
    CryptoProvider::get_default().cloned().or(own).ok_or_else(|| {
        Error::config(
            "rustls has no provider of cryptography: install one with `CryptoProvider::install_default` before, or \
             use the feature `tls` of ari-bindings, which brings one",
        )
    })
}

pub(crate) fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| Error::config(format!("{what}: {error}")))?;
    if certificates.is_empty() {
        return Err(Error::config(format!("{what}: no `BEGIN CERTIFICATE` in the PEM text")));
    }
    Ok(certificates)
}

pub(crate) fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| Error::config(format!("private key: {error}")))
}

fn server_name(name: &str) -> Result<ServerName<'static>, Error> {
    ServerName::try_from(name.to_owned()).map_err(|error| Error::config(format!("server name {name:?}: {error}")))
}
