//! One TLS configuration for requests and events.

use std::sync::Arc;

use rustls_platform_verifier::Verifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use zeroize::Zeroizing;

use crate::Error;

/// What a program wants of TLS beyond what the platform has.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    /// PEM texts of authorities.
    pub(crate) roots: Vec<Vec<u8>>,
    /// PEM texts of the client's own certificate and key.
    pub(crate) client: Option<(Vec<u8>, Zeroizing<Vec<u8>>)>,
    /// The name that the server's certificate must be valid for, if not the host of the URL.
    pub(crate) server_name: Option<String>,
}

/// The configuration of a client.
pub(crate) fn config(settings: &Settings) -> Result<ClientConfig, Error> {
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
    let verifier: Arc<dyn ServerCertVerifier> = match &settings.server_name {
        None => Arc::new(verifier),
        Some(name) => Arc::new(Named { name: server_name(name)?, verifier }),
    };
    let config = config.dangerous().with_custom_certificate_verifier(verifier);
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

/// Checks the server's certificate for a name that is not the host of the URL.
#[derive(Debug)]
struct Named {
    name: ServerName<'static>,
    verifier: Verifier,
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, tokio_rustls::rustls::Error> {
        self.verifier.verify_server_cert(end_entity, intermediates, &self.name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, tokio_rustls::rustls::Error> {
        self.verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, tokio_rustls::rustls::Error> {
        self.verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
