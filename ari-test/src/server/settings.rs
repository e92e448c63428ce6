//! What http.conf and ari.conf of a server have.

use std::time::Duration;

use super::{Access, User};
use crate::FakeBuilder;

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// What precedes `/ari` in paths, such as `/pbx`.
    pub(crate) prefix: String,
    pub(crate) access: Access,
    /// How many connections a port has at once.
    pub(crate) session_limit: usize,
    /// The variables that every channel has in `channelvars`.
    pub(crate) channel_variables: Vec<String>,
    /// The modules that are not loaded.
    pub(crate) absent_modules: Vec<String>,
    /// How long people wait.
    pub(crate) patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let access = Access::new(vec![User::new("asterisk", "asterisk", false)]);
        Self {
            prefix: String::new(),
            access,
            session_limit: 100,
            channel_variables: Vec::new(),
            absent_modules: Vec::new(),
            patience: Duration::from_secs(120),
        }
    }
}

impl FakeBuilder {
    /// How long people wait for what the test expects before the test fails, by default two minutes of tokio's time.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.settings.patience = patience;
        self
    }

    /// Sets the users to this one, who may do everything. Unless set, there is `asterisk` with the password `asterisk`.
    pub fn credentials(self, user: &str, password: &str) -> Self {
        self.settings.access.set(vec![User::new(user, password, false)]);
        self
    }

    /// Adds a user, who may only read.
    pub fn read_only_user(self, user: &str, password: &str) -> Self {
        self.settings.access.add(User::new(user, password, true));
        self
    }

    /// Adds variables that every channel has in `channelvars`, even if they are not set: `channelvars` of ari.conf.
    pub fn channel_variables<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.settings.channel_variables.extend(names.into_iter().map(Into::into));
        self
    }

    /// Leaves out a module of Asterisk, such as `res_stasis_mailbox`: the operations that need it are not found.
    pub fn without_module(mut self, module: &str) -> Self {
        self.settings.absent_modules.push(module.to_owned());
        self
    }

    /// How many connections a port has at once: `sessionlimit` of http.conf, by default 100. The server hangs up on
    /// further ones without a word.
    pub fn session_limit(mut self, connections: usize) -> Self {
        self.settings.session_limit = connections;
        self
    }

    /// What precedes `/ari` in paths: `prefix` of http.conf, such as `/pbx`.
    pub fn prefix(mut self, prefix: &str) -> Self {
        let prefix = prefix.trim_matches('/');
        self.settings.prefix = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
        self
    }
}
