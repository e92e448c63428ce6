//! Which certificates of servers are trusted.

use std::fmt;
use std::sync::Arc;

use rustls_platform_verifier::Verifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{CertificateError, DigitallySignedStruct, Error as TlsError, OtherError, SignatureScheme};

use crate::Error;

/// Trusts what the platform trusts, the authorities that the program has given, and the certificates themselves that it
/// has given.
#[derive(Debug)]
pub(super) struct CertificateVerifier {
    platform: Verifier,
    given: Vec<CertificateDer<'static>>,
    /// The name that the certificate must be valid for, if that is not the one that is asked for.
    name: Option<ServerName<'static>>,
}

impl CertificateVerifier {
    pub(super) fn new(
        given: Vec<CertificateDer<'static>>,
        name: Option<ServerName<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, Error> {
        let platform = Verifier::new_with_extra_roots(given.iter().cloned(), provider)
            .map_err(|error| Error::config(format!("no trusted certificates: {error}")))?;
        Ok(Self { platform, given, name })
    }
}

impl ServerCertVerifier for CertificateVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        asked: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let name = self.name.as_ref().unwrap_or(asked);
        let verified = self.platform.verify_server_cert(end_entity, intermediates, name, ocsp_response, now);
        let Err(error) = verified else { return verified };
        let Ok(parsed) = ParsedCertificate::try_from(end_entity) else {
            return Err(explained(Fault::Unreadable));
        };
        match &error {
            TlsError::InvalidCertificate(fault) if is_about_names(fault) => Err(name_error(error)),
            // The platform looks at validity and revocation first. What is left is who vouches for the certificate,
            // and of one that was given as such that is the program: above all one that its owner has signed as if
            // it was an authority, as `openssl req -x509` makes them.
            TlsError::InvalidCertificate(fault) if !is_about_validity(fault) && self.given.contains(end_entity) => {
                verify_server_name(&parsed, name).map_err(name_error)?;
                Ok(ServerCertVerified::assertion())
            }
            _ => Err(error),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.platform.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.platform.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.platform.supported_verify_schemes()
    }
}

fn is_about_names(fault: &CertificateError) -> bool {
    matches!(fault, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
}

fn is_about_validity(fault: &CertificateError) -> bool {
    matches!(
        fault,
        CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
            | CertificateError::Revoked
    )
}

fn name_error(error: TlsError) -> TlsError {
    match &error {
        TlsError::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. })
            if presented.is_empty() =>
        {
            explained(Fault::NoName)
        }
        _ => error,
    }
}

fn explained(fault: Fault) -> TlsError {
    TlsError::Other(OtherError(Arc::new(fault)))
}

/// Why a certificate that other programs accept cannot be used, and what can be done.
#[derive(Debug)]
enum Fault {
    Unreadable,
    NoName,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "the server's certificate is not one of X.509 version 3",
            Self::NoName => "the server's certificate has no subjectAltName, and its common name does not count",
        })?;
        f.write_str(
            "; scripts such as ast_tls_cert make such ones: make another by `openssl req -x509 -newkey rsa:2048 -nodes \
             -days 365 -subj /CN=HOST -addext subjectAltName=DNS:HOST -keyout key.pem -out certificate.pem`",
        )
    }
}

impl std::error::Error for Fault {}
