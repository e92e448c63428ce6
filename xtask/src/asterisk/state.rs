//! What a running instance offers, as lines of `KEY=VALUE` in the file `state` of its folder.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::place::{self, Place};
use super::ports::Ports;
use super::release::Release;

/// An Asterisk that answers, and what there is to know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    /// The release as the command line names it.
    pub(crate) release: String,
    /// The version that the server gives.
    pub(crate) version: String,
    /// The base URL of ARI, for the user `asterisk` or the read-only user `reader`.
    pub(crate) url: String,
    /// The ports.
    pub(crate) ports: Ports,
    /// The server's file system; none if it runs in a container.
    pub(crate) root: Option<PathBuf>,
    /// A script that runs its arguments inside the server's file system.
    pub(crate) run: PathBuf,
    /// What the server prints.
    pub(crate) log: PathBuf,
    /// The process; none if it runs in a container.
    pub(crate) pid: Option<u32>,
}

impl Instance {
    /// Where ARI answers on `ports`.
    pub(crate) fn url_of(ports: &Ports) -> String {
        format!("http://127.0.0.1:{}/ari", ports.http)
    }

    /// The instance that was started last, running or not.
    pub(crate) fn read(release: &Release) -> Option<Self> {
        let text = fs::read_to_string(Place::of(release).state()).ok()?;
        Self::parse(&text).ok()
    }

    /// Writes the file, whole or not at all.
    pub(crate) fn write(&self, release: &Release) -> Result<()> {
        let path = Place::of(release).state();
        let new = path.with_extension("new");
        fs::write(&new, self.to_text()).with_context(|| new.display().to_string())?;
        fs::rename(&new, &path).with_context(|| path.display().to_string())
    }

    fn to_text(&self) -> String {
        let mut lines = vec![
            ("RELEASE", self.release.clone()),
            ("VERSION", self.version.clone()),
            ("ARI_URL", self.url.clone()),
            ("ARI_USER", "asterisk".to_owned()),
            ("ARI_PASSWORD", "asterisk".to_owned()),
            ("ARI_READER_USER", "reader".to_owned()),
            ("ARI_READER_PASSWORD", "reader".to_owned()),
        ];
        lines.extend(self.ports.values());
        lines.push(("SIPP_SCENARIOS", place::SCENARIOS.to_owned()));
        lines.push(("RUN", self.run.display().to_string()));
        lines.push(("LOG", self.log.display().to_string()));
        lines.extend(self.root.iter().map(|root| ("ROOT", root.display().to_string())));
        lines.extend(self.pid.iter().map(|pid| ("PID", pid.to_string())));
        lines.iter().fold(String::new(), |mut text, (key, value)| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{key}={value}");
            text
        })
    }

    fn parse(text: &str) -> Result<Self> {
        let find = |key: &str| {
            let pairs = text.lines().filter_map(|line| line.split_once('='));
            pairs.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value.to_owned())
        };
        let get = |key: &str| find(key).with_context(|| format!("no {key}"));
        let port = |key: &str| get(key)?.parse().with_context(|| key.to_owned());
        Ok(Self {
            release: get("RELEASE")?,
            version: get("VERSION")?,
            url: get("ARI_URL")?,
            ports: Ports {
                http: port("HTTP_PORT")?,
                sip: port("SIP_PORT")?,
                phone: port("PHONE_PORT")?,
                rtp_start: port("RTP_START")?,
            },
            root: find("ROOT").map(PathBuf::from),
            run: get("RUN")?.into(),
            log: get("LOG")?.into(),
            pid: find("PID").and_then(|pid| pid.parse().ok()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(root: Option<PathBuf>, pid: Option<u32>) -> Instance {
        let ports = Ports { http: 8088, sip: 5060, phone: 5160, rtp_start: 10_000 };
        Instance {
            release: "22".into(),
            version: "22.10.1~x=1".into(),
            url: Instance::url_of(&ports),
            ports,
            root,
            run: "/w/22/run".into(),
            log: "/w/22/asterisk.log".into(),
            pid,
        }
    }

    #[test]
    fn reads_back_what_it_wrote() {
        for instance in [instance(Some("/w/22/root".into()), Some(7)), instance(None, None)] {
            assert_eq!(Instance::parse(&instance.to_text()).unwrap(), instance);
        }
    }

    #[test]
    fn half_a_file_is_an_error() {
        let text = instance(None, None).to_text();
        assert!(Instance::parse(&text[..text.len() / 2]).is_err());
        assert!(Instance::parse("").unwrap_err().to_string().contains("RELEASE"));
    }

    #[test]
    fn has_the_keys_that_tests_read() {
        let text = instance(Some("/w/22/root".into()), Some(7)).to_text();
        for line in ["ARI_URL=http://127.0.0.1:8088/ari\n", "SIP_PORT=5060\n", "ROOT=/w/22/root\n", "PID=7\n"] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
