//! Where everything of an instance lies: `target/asterisk/RELEASE/`, or `target/asterisk/tests/RELEASE/` for tests.

use std::path::PathBuf;

use super::release::{Purpose, Release};
use crate::workspace;

/// The directory of the configuration, inside the server's file system.
pub(crate) const ETC: &str = "/etc/ari-tests";

/// Where the SIP scenarios lie, inside the server's file system.
pub(crate) const SCENARIOS: &str = "/etc/ari-tests/sipp";

/// What the project keeps for the servers: configuration, scenarios, the list of releases.
pub(crate) fn sources() -> PathBuf {
    workspace::root().join("e2e/asterisk")
}

/// The files of one release.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The folder.
    pub(crate) dir: PathBuf,
}

impl Place {
    /// The place of `release`; nothing is created.
    pub(crate) fn of(release: &Release) -> Self {
        let target = workspace::root().join("target/asterisk");
        let dir = match release.purpose {
            Purpose::User => target.join(&release.name),
            Purpose::Tests => target.join("tests").join(&release.name),
        };
        Self { dir }
    }

    /// The installed system.
    pub(crate) fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// A path of the server's file system as the host sees it.
    pub(crate) fn inside(&self, path: &str) -> PathBuf {
        self.root().join(path.trim_start_matches('/'))
    }

    /// Written last by an installation: without it, the installation is not whole.
    pub(crate) fn stamp(&self) -> PathBuf {
        self.dir.join("installed")
    }

    /// What tests and people read: see `state.rs`.
    pub(crate) fn state(&self) -> PathBuf {
        self.dir.join("state")
    }

    /// A script that runs a program inside the server's file system.
    pub(crate) fn run(&self) -> PathBuf {
        self.dir.join("run")
    }

    /// What the server prints.
    pub(crate) fn log(&self) -> PathBuf {
        self.dir.join("asterisk.log")
    }

    /// What the installation prints.
    pub(crate) fn install_log(&self) -> PathBuf {
        self.dir.join("install.log")
    }

    /// The rendered configuration that a container mounts.
    pub(crate) fn container_etc(&self) -> PathBuf {
        self.dir.join("etc")
    }
}
