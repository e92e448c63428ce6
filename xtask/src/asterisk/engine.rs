//! The two ways of having a Debian system with Asterisk in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow};

use super::place::{self, Place};
use super::programs::succeeds;
use super::release::Release;
use super::{chroot, container};

/// How a release is installed and run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// A directory that `mmdebstrap` fills and `chroot` enters: Linux, root and apt.
    Chroot,
    /// An image and a container of `docker` or `podman`.
    Container(String),
}

impl Engine {
    /// The engine that has installed `release`, if one has, and completely.
    pub(crate) fn installed(release: &Release) -> Option<Self> {
        let stamp = fs::read_to_string(Place::of(release).stamp()).ok()?;
        let (engine, suite) = stamp.trim_end().split_once(' ')?;
        let engine = match engine {
            "chroot" => Self::Chroot,
            name => Self::Container(name.to_owned()),
        };
        let whole = engine != Self::Chroot || Place::of(release).root().is_dir();
        (suite == release.suite && whole).then_some(engine)
    }

    /// The engine that has installed `release`; installs it first if need be.
    pub(crate) fn install(release: &Release) -> Result<Self> {
        if let Some(engine) = Self::installed(release) {
            return Ok(engine);
        }
        let engine = choose()?;
        let place = Place::of(release);
        fs::create_dir_all(&place.dir).with_context(|| place.dir.display().to_string())?;
        match &engine {
            Self::Chroot => chroot::install(release)?,
            Self::Container(program) => container::install(program, release)?,
        }
        let stamp = place.stamp();
        fs::write(&stamp, format!("{} {}\n", engine.name(), release.suite))
            .with_context(|| stamp.display().to_string())?;
        Ok(engine)
    }

    /// Where the host writes the configuration that the server reads at `place::ETC`.
    pub(crate) fn etc(&self, release: &Release) -> PathBuf {
        let place = Place::of(release);
        match self {
            Self::Chroot => place.inside(place::ETC),
            Self::Container(_) => place.container_etc(),
        }
    }

    /// Starts the server and returns at once.
    pub(crate) fn start(&self, release: &Release) -> Result<()> {
        let place = Place::of(release);
        let script = match self {
            Self::Chroot => chroot::script(&place.root()),
            Self::Container(program) => container::script(program, release),
        };
        write_script(&place.run(), &script)?;
        match self {
            Self::Chroot => chroot::start(&place),
            Self::Container(program) => container::start(program, release),
        }
    }

    /// Whether the server's process is there, ready or not.
    pub(crate) fn is_running(&self, release: &Release) -> bool {
        match self {
            Self::Chroot => chroot::pid(release).is_some(),
            Self::Container(program) => container::is_running(program, release),
        }
    }

    /// Stops the server, gracefully if possible, and waits for its end.
    pub(crate) fn stop(&self, release: &Release) -> Result<()> {
        match self {
            Self::Chroot => chroot::stop(release),
            Self::Container(program) => container::stop(program, release),
        }
    }

    /// Kills the server and waits for its end.
    pub(crate) fn kill(&self, release: &Release) -> Result<()> {
        match self {
            Self::Chroot => chroot::kill(release),
            Self::Container(program) => container::kill(program, release),
        }
    }

    /// What the server printed.
    pub(crate) fn log(&self, release: &Release) -> String {
        match self {
            Self::Chroot => fs::read(Place::of(release).log())
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .unwrap_or_default(),
            Self::Container(program) => container::log(program, release),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Chroot => "chroot",
            Self::Container(program) => program,
        }
    }
}

fn choose() -> Result<Engine> {
    if cfg!(target_os = "linux") && is_root() && chroot::has_mmdebstrap()? {
        return Ok(Engine::Chroot);
    }
    if let Some(program) = ["docker", "podman"].into_iter().find(|program| succeeds(program, &["info"])) {
        return Ok(Engine::Container(program.to_owned()));
    }
    Err(anyhow!(
        "Asterisk cannot be installed here. One of these is needed:\n  \
         - Docker or Podman with a running engine (`docker info` or `podman info` succeeds);\n  \
         - Debian or Ubuntu, and root: `sudo --preserve-env=PATH,HOME cargo xtask asterisk up`. mmdebstrap then fills a \
         directory in target/;\n    \
         if apt-get cannot install it automatically: `apt-get install mmdebstrap debian-archive-keyring`.",
    ))
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn write_script(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| path.display().to_string())?;
    make_executable(path).with_context(|| path.display().to_string())
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> std::io::Result<()> {
    Ok(())
}
