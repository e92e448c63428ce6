//! The releases of Asterisk and their Debian suites: `e2e/asterisk/releases.txt`, one per line.

use std::fs;

use anyhow::{Context as _, Result, bail};

use super::place;

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    /// The major version, as it is named on the command line: `22`.
    pub(crate) name: String,
    /// The Debian suite that ships it.
    pub(crate) suite: String,
    /// Its place in the list, from which the ports that it prefers follow.
    pub(crate) index: u16,
    /// Which of its two servers is meant.
    pub(crate) purpose: Purpose,
}

/// Whom a server is for. Tests restart and reconfigure theirs, so they have servers apart from those one tries things on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A server to experiment with.
    User,
    /// For the tests of `e2e`.
    Tests,
}

impl Release {
    /// The same release with the server for the other purpose.
    pub(crate) fn counterpart(&self) -> Self {
        let purpose = match self.purpose {
            Purpose::User => Purpose::Tests,
            Purpose::Tests => Purpose::User,
        };
        Self { purpose, ..self.clone() }
    }

    /// How messages name the server.
    pub(crate) fn title(&self) -> String {
        match self.purpose {
            Purpose::User => format!("Asterisk {}", self.name),
            Purpose::Tests => format!("Asterisk {} for tests", self.name),
        }
    }

    /// The arguments of `cargo xtask asterisk` that start it.
    pub(crate) fn up(&self) -> String {
        match self.purpose {
            Purpose::User => format!("up {}", self.name),
            Purpose::Tests => format!("--tests up {}", self.name),
        }
    }
}

/// Every release of the list, the default one first.
pub(crate) fn all(purpose: Purpose) -> Result<Vec<Release>> {
    let path = place::sources().join("releases.txt");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let releases = parse(&text).with_context(|| path.display().to_string())?;
    Ok(releases.into_iter().map(|release| Release { purpose, ..release }).collect())
}

/// The releases named on a command line, or the default one if there are none.
pub(crate) fn named(words: &[String], purpose: Purpose) -> Result<Vec<Release>> {
    select(&all(purpose)?, words)
}

fn parse(text: &str) -> Result<Vec<Release>> {
    let mut releases = Vec::new();
    for (line, text) in text.lines().enumerate() {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words[..] {
            [] => {}
            [first, ..] if first.starts_with('#') => {}
            [name, suite] => releases.push(Release {
                name: name.to_owned(),
                suite: suite.to_owned(),
                index: u16::try_from(releases.len()).unwrap_or(u16::MAX),
                purpose: Purpose::User,
            }),
            _ => {
                bail!("line {}: expected a release and a Debian suite, found `{text}`", line + 1);
            }
        }
    }
    if releases.is_empty() {
        bail!("no release in it");
    }
    Ok(releases)
}

fn select(all: &[Release], words: &[String]) -> Result<Vec<Release>> {
    if words.is_empty() {
        return Ok(all[..1].to_vec());
    }
    let mut chosen: Vec<Release> = Vec::new();
    for word in words {
        if word == "all" {
            return Ok(all.to_vec());
        }
        let Some(release) = all.iter().find(|release| release.name == *word) else {
            let names: Vec<&str> = all.iter().map(|release| release.name.as_str()).collect();
            bail!("no Asterisk `{word}` in e2e/asterisk/releases.txt; there are {} and `all`", names.join(", "));
        };
        if !chosen.contains(release) {
            chosen.push(release.clone());
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# comment\n\n22 forky\n 16\tbullseye \n";

    fn names(words: &[&str]) -> Vec<String> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let chosen = select(&parse(LIST).unwrap(), &words).unwrap();
        chosen.into_iter().map(|release| release.name).collect()
    }

    #[test]
    fn reads_releases_in_order() {
        let releases = parse(LIST).unwrap();
        assert_eq!(releases.len(), 2);
        assert_eq!(releases[0].suite, "forky");
        assert_eq!((releases[1].suite.as_str(), releases[1].index), ("bullseye", 1));
    }

    #[test]
    fn refuses_half_a_line_and_an_empty_list() {
        assert!(parse("22\n").unwrap_err().to_string().contains("line 1"));
        assert!(parse("# nothing\n").is_err());
    }

    #[test]
    fn the_list_of_the_project_can_be_read() {
        assert!(!all(Purpose::Tests).unwrap().is_empty());
    }

    #[test]
    fn words_choose_releases() {
        assert_eq!(names(&[]), ["22"]);
        assert_eq!(names(&["16", "22", "16"]), ["16", "22"]);
        assert_eq!(names(&["all"]), ["22", "16"]);
    }

    #[test]
    fn an_unknown_release_names_the_known_ones() {
        let error = select(&parse(LIST).unwrap(), &["13".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("22, 16"));
    }
}
