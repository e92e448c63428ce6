//! Release numbers of Asterisk.

use std::fmt;
use std::str::FromStr;

/// A release of Asterisk, such as `22.10.1`.
///
/// Releases order by number, so `16.30.1 < 18.0.0`. A development branch that has no number yet is not a release.
///
/// ```
/// use ari_codegen::Release;
///
/// let release: Release = "22.10.1".parse().unwrap();
/// assert_eq!(release.major, 22);
/// assert!("16.30.1".parse::<Release>().unwrap() < release);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    /// The branch: `22` of `22.10.1`.
    pub major: u32,
    /// `10` of `22.10.1`.
    pub minor: u32,
    /// `1` of `22.10.1`.
    pub patch: u32,
}

impl Release {
    /// The release that a running server's version text stands for, if it names one.
    ///
    /// Distributions append to the number (`22.10.1~dfsg+~cs6`); what follows it is ignored.
    ///
    /// ```
    /// use ari_codegen::Release;
    ///
    /// assert_eq!(Release::of_server("22.10.1+dfsg-1").unwrap().to_string(), "22.10.1");
    /// assert!(Release::of_server("GIT-22-abc").is_none());
    /// ```
    #[must_use]
    pub fn of_server(version: &str) -> Option<Self> {
        let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
        version[..end].trim_end_matches('.').parse().ok()
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The text is not `MAJOR.MINOR.PATCH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotARelease(String);

impl fmt::Display for NotARelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a release of Asterisk: expected MAJOR.MINOR.PATCH, such as 22.10.1", self.0)
    }
}

impl std::error::Error for NotARelease {}

impl FromStr for Release {
    type Err = NotARelease;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |part: &str| part.parse().ok();
        let parts: Option<Vec<u32>> = text.split('.').map(number).collect();
        match parts.as_deref() {
            Some(&[major, minor, patch]) => Ok(Self { major, minor, patch }),
            _ => Err(NotARelease(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_orders_by_number() {
        let old: Release = "9.30.1".parse().unwrap();
        let new: Release = "22.4.0".parse().unwrap();
        assert!(old < new);
        assert_eq!(new.to_string(), "22.4.0");
    }

    #[test]
    fn refuses_what_is_not_three_numbers() {
        for text in ["", "22", "22.10", "22.10.x", "22.10.1.2", "v22.10.1"] {
            let error = text.parse::<Release>().unwrap_err();
            assert!(error.to_string().contains(&format!("`{text}`")), "{error}");
        }
    }

    #[test]
    fn reads_a_servers_version() {
        let of = |text| Release::of_server(text).map(|release| release.to_string());
        assert_eq!(of("22.10.1+dfsg+~cs6.17.60671434-1").as_deref(), Some("22.10.1"));
        assert_eq!(of("16.28.0~dfsg-0+deb11u7").as_deref(), Some("16.28.0"));
        assert_eq!(of("UNKNOWN__and_probably_unsupported"), None);
    }
}
