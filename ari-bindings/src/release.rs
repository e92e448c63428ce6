use std::fmt;
use std::str::FromStr;

/// A release of Asterisk, such as 22.10.1. Releases order by number.
///
/// ```
/// use ari_bindings::Release;
///
/// assert!(Release::new(16, 30, 1) < Release::new(22, 10, 0));
/// assert_eq!(Release::new(22, 10, 1).to_string(), "22.10.1");
/// assert_eq!("22.10.1".parse(), Ok(Release::new(22, 10, 1)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Release {
    /// The branch: 22 of 22.10.1.
    pub major: u32,
    /// 10 of 22.10.1.
    pub minor: u32,
    /// 1 of 22.10.1.
    pub patch: u32,
}

impl Release {
    /// The release with this number.
    #[must_use]
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    /// The release at the beginning of a version text, whatever a distribution has appended.
    fn at_start(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut numbers = text[..end].trim_end_matches('.').split('.').map(|number| number.parse().ok());
        let release = Self::new(numbers.next()??, numbers.next()??, numbers.next()??);
        numbers.next().is_none().then_some(release)
    }
}

impl FromStr for Release {
    type Err = ParseReleaseError;

    fn from_str(text: &str) -> Result<Self, ParseReleaseError> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && !text.ends_with('.');
        Self::at_start(text).filter(|_| is_number).ok_or_else(|| ParseReleaseError(text.into()))
    }
}

/// A text that is not the number of a release, such as `22.10.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseReleaseError(Box<str>);

impl fmt::Display for ParseReleaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not the number of a release: expected three numbers, such as 22.10.1", self.0)
    }
}

impl std::error::Error for ParseReleaseError {}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The version that a server reports, as returned by [`Client::server_version`](crate::Client::server_version).
///
/// | version | release | branch |
/// |---|---|---|
/// | `22.10.1`, `22.10.1+dfsg+~cs6.17-1` | 22.10.1 | 22 |
/// | `certified/20.7-cert3`, `certified-20.7-cert3` | none: certified releases contain other changes | 20 |
/// | `GIT-22-1a2b3c4`, `22.10.0-rc1` | none: between releases | 22 |
/// | `GIT-master-1a2b3c4`, `UNKNOWN__and_probably_unsupported` | none | none |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerVersion {
    version: String,
}

impl ServerVersion {
    /// A server that says it is of this version, as in its answer to `GET /asterisk/info`.
    pub fn new(version: impl Into<String>) -> Self {
        Self { version: version.into() }
    }

    /// The version as the server writes it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The release, if it is one.
    #[must_use]
    pub fn release(&self) -> Option<Release> {
        let between = ["-rc", "-beta", "-alpha", "-pre"].iter().any(|mark| self.version.contains(mark));
        if between { None } else { Release::at_start(&self.version) }
    }

    /// The branch, if the version contains it.
    #[must_use]
    pub fn branch(&self) -> Option<u32> {
        let known = ["certified/", "certified-", "GIT-"];
        let rest = known.iter().find_map(|prefix| self.version.strip_prefix(prefix)).unwrap_or(&self.version);
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Asterisk {}", self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_str_reads_three_numbers_only() {
        assert_eq!("16.28.0".parse(), Ok(Release::new(16, 28, 0)));
        for text in ["", "22", "22.10", "22.10.1.", "22.10.1-rc1", "22.10.1.2", " 22.10.1", "a.b.c"] {
            let error = text.parse::<Release>().unwrap_err();
            assert!(error.to_string().contains("such as 22.10.1"), "{error}");
        }
    }

    #[test]
    fn versions_seen_in_the_wild() {
        let cases = [
            ("22.10.1", Some(Release::new(22, 10, 1)), Some(22)),
            ("22.10.1+dfsg+~cs6.17.60671434-1", Some(Release::new(22, 10, 1)), Some(22)),
            ("16.28.0~dfsg-0+deb11u10", Some(Release::new(16, 28, 0)), Some(16)),
            ("certified/20.7-cert3", None, Some(20)),
            ("certified-20.7-cert3", None, Some(20)),
            ("GIT-22-1a2b3c4M", None, Some(22)),
            ("GIT-master-1a2b3c4", None, None),
            ("22.10.0-rc1", None, Some(22)),
            ("UNKNOWN__and_probably_unsupported", None, None),
            ("", None, None),
            ("22", None, Some(22)),
            ("99999999999999999999.1.1", None, None),
        ];
        for (version, release, branch) in cases {
            let server = ServerVersion::new(version.to_owned());
            assert_eq!((server.release(), server.branch()), (release, branch), "{version}");
        }
    }
}
