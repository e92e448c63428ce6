//! The connection to NATS.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use ari_fleet::wire::Subjects;
use ari_fleet::{Error, Fleet, Settings};
use async_nats::ConnectOptions;
use clap::Args;

/// How to reach NATS.
#[derive(Debug, Args)]
pub(crate) struct Nats {
    /// The servers, with a comma between them; user and password may stand in the URL.
    #[arg(
        long = "nats",
        value_name = "URL",
        global = true,
        env = "NATS_URL",
        hide_env_values = true,
        default_value = "nats://127.0.0.1:4222"
    )]
    servers: String,
    /// A file with credentials, as `nsc` writes it.
    #[arg(long, global = true, env = "NATS_CREDS", value_name = "FILE")]
    creds: Option<PathBuf>,
    /// A PEM file with the certificates that the servers' derive from; it requires TLS.
    #[arg(long, global = true, env = "NATS_CA", value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// What all names in NATS begin with.
    #[arg(long, global = true, env = "ARI_FLEET_PREFIX", default_value = "ari")]
    prefix: String,
    /// How many servers of a cluster keep each event, if the stream does not exist yet.
    #[arg(long, global = true, default_value_t = 1)]
    replicas: usize,
}

impl Nats {
    /// The fleet. A gateway waits for a server that is not there yet.
    pub(crate) async fn connect(&self, wait: bool) -> anyhow::Result<Fleet> {
        let Some(subjects) = Subjects::new(&self.prefix) else {
            bail!("--prefix {:?}: only letters, digits, `-` and `_` are possible", self.prefix);
        };
        let options = self.options()?.name("ari-fleet");
        let mut settings = Settings::default();
        (settings.subjects, settings.replicas) = (subjects, self.replicas);
        let mut has_failed = false;
        loop {
            match Fleet::connect_with(&self.servers, options.clone(), settings.clone()).await {
                Err(Error::Connect { servers, source }) if wait && may_come(&source) => {
                    if !std::mem::replace(&mut has_failed, true) {
                        tracing::warn!(servers, error = %source, "NATS is not there: waiting for it");
                    }
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                }
                result => return Ok(result?),
            }
        }
    }

    fn options(&self) -> anyhow::Result<ConnectOptions> {
        let mut options = ConnectOptions::new();
        if let Some(file) = &self.creds {
            let credentials = read(file, "--creds")?;
            options = options.credentials(&credentials).with_context(|| format!("--creds {}", file.display()))?;
        }
        if let Some(file) = &self.tls_ca {
            // Read here, because the client would say only that TLS has failed.
            read(file, "--tls-ca")?;
            options = options.add_root_certificates(file.clone()).require_tls(true);
        }
        Ok(options)
    }
}

/// Whether the same attempt may succeed later.
fn may_come(error: &async_nats::ConnectError) -> bool {
    use async_nats::ConnectErrorKind::{Dns, Io, TimedOut};
    matches!(error.kind(), Dns | Io | TimedOut)
}

fn read(file: &Path, option: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{option} {}", file.display()))
}
