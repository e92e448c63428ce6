use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use ari_bindings::{Client, ClientBuilder};
use ari_test::Fake;

use crate::fakes;

/// A running Asterisk.
#[derive(Debug, Clone)]
pub struct Server {
    release: String,
    state: BTreeMap<String, String>,
}

impl Server {
    /// The servers of all releases of `e2e/asterisk/releases.txt`.
    ///
    /// # Panics
    ///
    /// If one of them has not been started.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("asterisk/releases.txt");
        let text = fs::read_to_string(&list).unwrap_or_else(|error| panic!("{}: {error}", list.display()));
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let releases = lines.filter_map(|line| line.split_whitespace().next());
        let servers: Vec<_> = releases.map(Self::of).collect();
        assert!(!servers.is_empty(), "{} names no release", list.display());
        servers
    }

    /// The server of one release.
    ///
    /// # Panics
    ///
    /// If it has not been started.
    #[must_use]
    pub fn of(release: &str) -> Self {
        if fakes::are_wanted() {
            return Self { release: release.to_owned(), state: fakes::state(release) };
        }
        let path = states().join(release).join("state");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!(
                "no Asterisk {release} ({}: {error}); `cargo xtask asterisk --tests up {release}` starts it",
                path.display()
            )
        });
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        let state = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Self { release: release.to_owned(), state }
    }

    /// A server that was started by other means, at a URL that contains the user and password.
    ///
    /// # Panics
    ///
    /// If the URL is not of the form `http://USER:PASSWORD@HOST:PORT/ari`.
    #[must_use]
    pub fn at(url: &str) -> Self {
        let parts = url.strip_prefix("http://").and_then(|rest| rest.split_once('@'));
        let parts = parts.and_then(|(user, host)| Some((user.split_once(':')?, host)));
        let Some(((user, password), host)) = parts else {
            panic!("{url}: http://USER:PASSWORD@HOST:PORT/ari is needed");
        };
        let bare = format!("http://{host}");
        let pairs = [("ARI_URL", bare.as_str()), ("ARI_USER", user), ("ARI_PASSWORD", password)];
        let state = pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Self { release: bare, state }
    }

    /// The release as `releases.txt` names it.
    #[must_use]
    pub fn release(&self) -> &str {
        &self.release
    }

    /// The major version.
    ///
    /// # Panics
    ///
    /// If the state file has no version.
    #[must_use]
    pub fn major(&self) -> u32 {
        let major = self.get("VERSION").split('.').next().and_then(|major| major.parse().ok());
        major.expect("a version begins with a number")
    }

    /// The fake that is in the place of the server, if one is.
    pub(crate) fn fake(&self) -> Option<Fake> {
        fakes::fake(&self.release)
    }

    /// Whether the state file has this value. A server given by its URL has neither ports nor a file system.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.state.contains_key(key)
    }

    /// Sets the version, unless the state file has one.
    #[must_use]
    pub fn with_version(mut self, version: &str) -> Self {
        self.state.entry("VERSION".to_owned()).or_insert_with(|| version.to_owned());
        self
    }

    /// One value of the state file.
    ///
    /// # Panics
    ///
    /// If the state file lacks it.
    #[must_use]
    pub fn get(&self, key: &str) -> &str {
        self.state.get(key).unwrap_or_else(|| panic!("the state file of {} has no {key}", self.release))
    }

    /// The base URL.
    #[must_use]
    pub fn url(&self) -> &str {
        self.get("ARI_URL")
    }

    /// A client builder without credentials.
    pub fn builder(&self) -> ClientBuilder {
        Client::builder(self.url())
    }

    /// A client with full access. It retries, because other tests reload `res_ari`.
    ///
    /// # Panics
    ///
    /// If the state file has an invalid URL.
    #[must_use]
    pub fn client(&self) -> Client {
        let builder = self.builder().credentials(self.get("ARI_USER"), self.get("ARI_PASSWORD"));
        builder.retries(4).build().expect("the state file has a valid URL")
    }

    /// A client with read-only access.
    ///
    /// # Panics
    ///
    /// If the state file has an invalid URL.
    #[must_use]
    pub fn reader(&self) -> Client {
        let builder = self.builder().credentials(self.get("ARI_READER_USER"), self.get("ARI_READER_PASSWORD"));
        builder.build().expect("the state file has a valid URL")
    }
}

/// The folder of the state of `cargo xtask asterisk --tests up`. Tests never touch servers started without `--tests`.
fn states() -> PathBuf {
    match env::var_os("ARI_TEST_STATES") {
        Some(path) => path.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/asterisk/tests"),
    }
}
