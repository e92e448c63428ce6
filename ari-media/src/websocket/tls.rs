//! TLS where the program gives no configuration.

use std::sync::{Arc, OnceLock};

use rustls_platform_verifier::BuilderVerifierExt;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};

use crate::error::MediaError;

/// Trusts what the platform trusts. Made once: reading the certificates of the platform takes time.
pub(super) fn client() -> Result<Arc<ClientConfig>, MediaError> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let provider = CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(ring::default_provider()));
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| MediaError::invalid("tls", error.to_string()))?;
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config.with_no_client_auth()))))
}
