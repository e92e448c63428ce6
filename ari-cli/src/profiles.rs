//! The servers that the user has named, in a file that only the user can read.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::{env, fs};

use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::output::note;

/// What names another file.
const FILE: &str = "ARI_CONFIG";

/// The servers that the user has named.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profiles {
    /// The one that is used unless another is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<String>,
    #[serde(default)]
    pub(crate) servers: BTreeMap<String, Profile>,
}

/// A server that the user has named.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Profile {
    /// The base URL.
    pub(crate) url: String,
    /// The user of ari.conf.
    pub(crate) user: String,
    /// Where the password comes from: the environment or a prompt if there is neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password_command: Option<String>,
}

impl Profiles {
    /// Reads the file; without one, there are none.
    pub(crate) fn load() -> Result<Self, Failure> {
        let path = path()?;
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Failure::other(format!("cannot read {}: {error}", path.display()))),
        };
        warn_of_readers(&path);
        toml::from_str(&text).map_err(|error| {
            // The error in full would quote the line, and with it a password.
            Failure::usage(format!("{} is not as expected: {}", path.display(), error.message()))
        })
    }

    /// Replaces the file, which is the old or the new one whatever happens.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        let path = path()?;
        let failed =
            |error: &dyn std::fmt::Display| Failure::other(format!("cannot write {}: {error}", path.display()));
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        let text = toml::to_string(self).map_err(|error| failed(&error))?;
        // On Unix, such a file can be read by its owner alone.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
        file.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
        file.as_file().sync_all().map_err(|error| failed(&error))?;
        file.persist(&path).map_err(|error| failed(&error.error))?;
        Ok(())
    }

    /// The server of this name.
    pub(crate) fn get(&self, name: &str) -> Result<&Profile, Failure> {
        self.servers.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.servers.keys().map(String::as_str).collect();
            let known =
                if names.is_empty() { "there are none".to_owned() } else { format!("there are {}", names.join(", ")) };
            Failure::usage(format!("no server is named {name}; {known}")).with_remedy("`ari server add` names one")
        })
    }
}

/// Where the file is.
pub(crate) fn path() -> Result<PathBuf, Failure> {
    if let Some(path) = env::var_os(FILE) {
        return Ok(path.into());
    }
    let strategy = etcetera::choose_base_strategy().map_err(|error| {
        Failure::other(format!("no folder for the configuration: {error}")).with_remedy("set ARI_CONFIG")
    })?;
    Ok(strategy.config_dir().join("ari").join("servers.toml"))
}

#[cfg(unix)]
fn warn_of_readers(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).map(|metadata| metadata.permissions().mode());
    if mode.is_ok_and(|mode| mode & 0o077 != 0) {
        note!("warning: others can read {}: chmod 600 it", path.display());
    }
}

#[cfg(not(unix))]
fn warn_of_readers(_path: &Path) {}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile").field("url", &self.url).field("user", &self.user).finish_non_exhaustive()
    }
}
