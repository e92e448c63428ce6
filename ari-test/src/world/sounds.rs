//! What can be played, and how long it takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use super::{Outcome, World, refuse};
use crate::exchange::Reply;
use crate::surface::Arguments;

/// How long a sound lasts unless something else was said.
const DEFAULT: Duration = Duration::from_secs(2);
/// How long a digit takes that is read out.
const DIGIT: Duration = Duration::from_millis(700);

/// The English core sounds, each with its length in milliseconds.
static CORE: LazyLock<BTreeMap<&str, Duration>> = LazyLock::new(|| {
    let lines = include_str!("sounds.txt").lines().filter_map(|line| line.split_once(' '));
    lines.filter_map(|(name, millis)| Some((name, Duration::from_millis(millis.parse().ok()?)))).collect()
});

/// What differs from the core sounds. Any other sound can be played, too, except those that are said to be missing and
/// those whose names begin with `no-such`.
#[derive(Debug, Default)]
pub(super) struct Sounds {
    lengths: BTreeMap<String, Duration>,
    missing: BTreeSet<String>,
}

impl Sounds {
    /// The length of a sound that is installed.
    fn installed(&self, name: &str) -> Option<Duration> {
        let length = || self.lengths.get(name).or_else(|| CORE.get(name)).copied();
        if self.missing.contains(name) { None } else { length() }
    }

    fn names(&self) -> BTreeSet<&str> {
        let names = CORE.keys().copied().chain(self.lengths.keys().map(String::as_str));
        names.filter(|name| !self.missing.contains(*name)).collect()
    }
}

/// What playing one medium amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    Lasts(Duration),
    /// Until it is stopped.
    Endless,
    /// Spoken digits, which a request to stop does not stop.
    Spoken(Duration),
    /// A sound that is missing: it fails.
    Missing,
    /// Asterisk passes over it, and says nothing about its end.
    Ignored,
}

impl World {
    pub(crate) fn set_sound(&mut self, name: &str, length: Option<Duration>) {
        match length {
            Some(length) => {
                self.sounds.missing.remove(name);
                self.sounds.lengths.insert(name.to_owned(), length);
            }
            None => {
                self.sounds.missing.insert(name.to_owned());
            }
        }
    }

    pub(super) fn medium(&self, uri: &str) -> Medium {
        let Some((scheme, name)) = uri.split_once(':') else { return Medium::Ignored };
        let spoken = |count: usize| Medium::Spoken(DIGIT * u32::try_from(count).unwrap_or(u32::MAX));
        match scheme {
            "sound" => self.sound_medium(name),
            "recording" => self.stored.get(name).map_or(Medium::Ignored, |stored| Medium::Lasts(stored.length)),
            "number" if name.parse::<i64>().is_err() => Medium::Ignored,
            "number" | "digits" => spoken(name.len()),
            "characters" => Medium::Lasts(DIGIT * u32::try_from(name.len()).unwrap_or(u32::MAX)),
            "tone" => Medium::Endless,
            _ => Medium::Ignored,
        }
    }

    fn sound_medium(&self, name: &str) -> Medium {
        if self.sounds.missing.contains(name) || name.starts_with("no-such") {
            return Medium::Missing;
        }
        let silence = name.strip_prefix("silence/").and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
        Medium::Lasts(silence.or_else(|| self.sounds.installed(name)).unwrap_or(DEFAULT))
    }

    pub(super) fn sound_requests(&mut self, operation: &str, arguments: &Arguments) -> Option<Outcome> {
        let sound = |name: &str| serde_json::json!({ "id": name, "formats": [{ "language": "en", "format": "gsm" }] });
        Some(match operation {
            "list" => {
                let filter = |name: &str| arguments.text(name).filter(|text| !text.is_empty());
                if filter("lang").is_some_and(|lang| lang != "en")
                    || filter("format").is_some_and(|format| format != "gsm")
                {
                    return Some(refuse(404, "No sounds found that matched the query"));
                }
                Ok(Reply::json(200, &self.sounds.names().into_iter().map(sound).collect::<Vec<_>>()))
            }
            "get" => match arguments.text("soundId") {
                Some(name) if self.sounds.installed(name).is_some() => Ok(Reply::json(200, &sound(name))),
                _ => refuse(404, "Sound not found"),
            },
            _ => return None,
        })
    }
}
