//! One TLS configuration for requests and events.

use std::sync::Arc;

use rustls_platform_verifier::Verifier;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::Error;
use crate::url::BaseUrl;

/// The configuration for this URL. It loads no certificates where there will be no TLS.
pub(crate) fn config(url: &BaseUrl, roots: &[Vec<u8>]) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::config(error.to_string()))?;
    if !url.is_secure() {
        return Ok(config.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    let mut certificates = Vec::new();
    for pem in roots {
        certificates.append(&mut read(pem)?);
    }
    let verifier = Verifier::new_with_extra_roots(certificates, provider)
        .map_err(|error| Error::config(format!("no trusted certificates: {error}")))?;
    Ok(config.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

fn read(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| Error::config(format!("root certificate: {error}")))?;
    if certificates.is_empty() {
        return Err(Error::config("root certificate: no `BEGIN CERTIFICATE` in the PEM text"));
    }
    Ok(certificates)
}
