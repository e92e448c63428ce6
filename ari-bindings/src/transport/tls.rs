//! One TLS configuration for requests and events.

use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use zeroize::Zeroizing;

use super::verifier::CertificateVerifier;
use crate::Error;

/// The program's TLS settings beyond the platform's defaults.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    /// PEM texts of authorities.
    pub(crate) roots: Vec<Vec<u8>>,
    /// PEM texts of the client's own certificate and key.
    pub(crate) client: Option<(Vec<u8>, Zeroizing<Vec<u8>>)>,
    /// The server's name, if not the host of the URL.
    pub(crate) server_name: Option<String>,
}

impl Settings {
    /// Whether the program has set anything.
    pub(crate) fn is_default(&self) -> bool {
        self.roots.is_empty() && self.client.is_none() && self.server_name.is_none()
    }
}

/// How a client secures its connections.
pub(crate) struct Tls {
    config: ClientConfig,
    /// The name that takes the place of the URL's host, if it is one of DNS.
    server_name: Option<Box<str>>,
}

impl Tls {
    /// The configuration for `https`.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        let name = settings.server_name.as_deref();
        let parsed = name.map(server_name).transpose()?;
        let is_dns = matches!(parsed, Some(ServerName::DnsName(_)));
        Ok(Self {
            config: config(settings, parsed.filter(|_| !is_dns))?,
            server_name: name.filter(|_| is_dns).map(Box::from),
        })
    }

    /// The configuration for `http`, which the HTTP client requires nevertheless. It trusts no certificate and does not
    /// read those of the platform.
    pub(crate) fn unused() -> Result<Self, Error> {
        let config = builder(provider()?)?.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
        Ok(Self { config, server_name: None })
    }

    pub(crate) fn server_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    /// Has an HTTP client use it for a server at this host.
    pub(crate) fn configure(&self, builder: reqwest::ClientBuilder, host: &str) -> reqwest::ClientBuilder {
        let builder = builder.tls_backend_preconfigured(self.config.clone());
        match &self.server_name {
            Some(_) => builder.dns_resolver(Fixed(host.into())),
            None => builder,
        }
    }
}

/// Resolves every name to the addresses of one host: names of certificates need not be known to DNS.
struct Fixed(Arc<str>);

impl Resolve for Fixed {
    fn resolve(&self, _: Name) -> Resolving {
        let host = Arc::clone(&self.0);
        Box::pin(async move {
            // The port is that of the URL.
            let addresses: Vec<_> = lookup_host((&*host, 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn builder(provider: Arc<CryptoProvider>) -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Error> {
    let builder = ClientConfig::builder_with_provider(provider);
    builder.with_safe_default_protocol_versions().map_err(|error| Error::config(error.to_string()))
}

fn config(settings: &Settings, name: Option<ServerName<'static>>) -> Result<ClientConfig, Error> {
    let provider = provider()?;
    let mut roots = Vec::new();
    for pem in &settings.roots {
        roots.append(&mut certificates(pem, "root certificate")?);
    }
    let verifier = CertificateVerifier::new(roots, name, Arc::clone(&provider))?;
    let config = builder(provider)?.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
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
