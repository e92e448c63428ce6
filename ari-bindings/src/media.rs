use std::fmt;

/// A media URI: what `play` plays. Operations take text as well.
///
/// ```
/// use ari_bindings::Media;
///
/// assert_eq!(Media::sound("hello-world").to_string(), "sound:hello-world");
/// assert_eq!(Media::number(42).as_str(), "number:42");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Media(String);

impl Media {
    /// A sound file by its name below Asterisk's folder of sounds, without the extension: `sound:hello-world`.
    pub fn sound(name: impl fmt::Display) -> Self {
        Self(format!("sound:{name}"))
    }

    /// A stored recording by its name: `recording:voicemail/42`.
    ///
    /// If it does not exist, no `PlaybackFinished` follows.
    pub fn recording(name: impl fmt::Display) -> Self {
        Self(format!("recording:{name}"))
    }

    /// A number, spoken as a whole: `number:42` is "forty-two".
    #[must_use]
    pub fn number(number: u64) -> Self {
        Self(format!("number:{number}"))
    }

    /// Digits, spoken one by one: `digits:42` is "four, two". `*` and `#` are possible.
    ///
    /// Stopping the playback does not stop them.
    pub fn digits(digits: impl fmt::Display) -> Self {
        Self(format!("digits:{digits}"))
    }

    /// Letters, digits and signs, spelled one by one: `characters:a1`.
    pub fn characters(characters: impl fmt::Display) -> Self {
        Self(format!("characters:{characters}"))
    }

    /// A tone of `indications.conf` by its name, or a tone specification: `tone:ring`.
    ///
    /// It has no end: stop the playback.
    pub fn tone(tone: impl fmt::Display) -> Self {
        Self(format!("tone:{tone}"))
    }

    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Media {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<Media> for String {
    fn from(media: Media) -> Self {
        media.0
    }
}
