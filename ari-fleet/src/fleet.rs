//! The connection to NATS, and what a fleet keeps in JetStream.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::stream::{DiscardPolicy, RetentionPolicy, StorageType};

use crate::Error;
use crate::servers::Servers;
use crate::wire::Subjects;

/// The oldest server that pins consumers.
const OLDEST: (i64, i64, i64) = (2, 11, 0);

/// What a fleet keeps in JetStream, and under which names.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// What all names begin with; `ari` by default.
    pub subjects: Subjects,
    /// How many servers of a cluster keep each event; 1 by default, 3 for a cluster.
    pub replicas: usize,
    /// How long events are kept; an hour by default.
    pub max_age: Duration,
    /// How many bytes of events are kept, the newest ones; 1 GiB by default.
    pub max_bytes: i64,
    /// How long an announcement counts without being repeated; 5 s by default.
    pub announcement_ttl: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            subjects: Subjects::default(),
            replicas: 1,
            max_age: Duration::from_secs(60 * 60),
            max_bytes: 1 << 30,
            announcement_ttl: Duration::from_secs(5),
        }
    }
}

/// A fleet: a connection to NATS. Clones share it.
#[derive(Debug, Clone)]
pub struct Fleet {
    pub(crate) nats: async_nats::Client,
    pub(crate) jetstream: jetstream::Context,
    pub(crate) settings: Settings,
}

impl Fleet {
    /// Connects to a NATS server, or to several of a cluster with a comma between them, with the settings' defaults. A user
    /// and password can stand in the address: `nats://user:password@host:4222`, percent-encoded where need be.
    pub async fn connect(servers: &str) -> Result<Self, Error> {
        Self::connect_with(servers, async_nats::ConnectOptions::new(), Settings::default()).await
    }

    /// As [`Fleet::connect`], with other options, such as a file of credentials or TLS, and other settings.
    pub async fn connect_with(
        servers: &str,
        options: async_nats::ConnectOptions,
        settings: Settings,
    ) -> Result<Self, Error> {
        Self::with(Servers::new(servers).connect(options).await?, settings).await
    }

    /// A fleet over a connection that exists already: one with credentials, TLS or other options.
    pub async fn with(nats: async_nats::Client, settings: Settings) -> Result<Self, Error> {
        if !nats.is_server_compatible(OLDEST.0, OLDEST.1, OLDEST.2) {
            return Err(Error::TooOld { version: nats.server_info().version });
        }
        let jetstream = jetstream::new(nats.clone());
        let fleet = Self { nats, jetstream, settings };
        fleet.prepare().await?;
        Ok(fleet)
    }

    /// The names of the fleet.
    #[must_use]
    pub fn subjects(&self) -> &Subjects {
        &self.settings.subjects
    }

    /// Creates the stream and the buckets that do not exist. What exists is left as it is.
    async fn prepare(&self) -> Result<(), Error> {
        let Settings { subjects, replicas, max_age, max_bytes, announcement_ttl } = &self.settings;
        let stream = jetstream::stream::Config {
            name: subjects.stream(),
            subjects: vec![subjects.all_events()],
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::Old,
            storage: StorageType::File,
            num_replicas: *replicas,
            max_age: *max_age,
            max_bytes: *max_bytes,
            duplicate_window: Duration::from_secs(120).min(*max_age),
            allow_direct: true,
            ..Default::default()
        };
        if let Err(source) = self.jetstream.query_account().await {
            return Err(Error::NoJetStream { source: source.into() });
        }
        let name = stream.name.clone();
        let created = self.jetstream.get_or_create_stream(stream).await;
        created.map_err(|source| Error::jetstream(format!("cannot create the stream {name}"), source))?;
        for bucket in [subjects.nodes(), subjects.lanes()] {
            if self.jetstream.get_key_value(&bucket).await.is_ok() {
                continue;
            }
            let config = jetstream::kv::Config {
                bucket: bucket.clone(),
                max_age: *announcement_ttl,
                num_replicas: *replicas,
                ..Default::default()
            };
            let created = self.jetstream.create_key_value(config).await;
            created.map_err(|source| Error::jetstream(format!("cannot create the bucket {bucket}"), source))?;
        }
        Ok(())
    }
}
