//! What can be played: media URIs, checked before they are sent.

use crate::error::CallError;

/// The schemes that Asterisk plays. A playback of any other never finishes.
const SCHEMES: [&str; 6] = ["sound", "recording", "number", "digits", "characters", "tone"];

/// One or more media URIs, such as `"sound:hello-world"` or `["sound:you-entered", "digits:42"]`.
pub trait IntoMedia {
    /// The URIs, in the order in which they are played.
    fn into_media(self) -> Vec<String>;
}

impl IntoMedia for &str {
    fn into_media(self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl IntoMedia for String {
    fn into_media(self) -> Vec<String> {
        vec![self]
    }
}

impl<T: Into<String>, const N: usize> IntoMedia for [T; N] {
    fn into_media(self) -> Vec<String> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<T: Into<String>> IntoMedia for Vec<T> {
    fn into_media(self) -> Vec<String> {
        self.into_iter().map(Into::into).collect()
    }
}

/// Checks media URIs.
///
/// `tone:` never ends and `number:` with anything but digits never reports an end, so waiting for them would hang.
pub(crate) fn check(media: &[String]) -> Result<(), CallError> {
    if media.is_empty() {
        return Err(CallError::invalid("media", "empty; name at least one medium, such as \"sound:hello-world\""));
    }
    media.iter().try_for_each(|uri| check_one(uri))
}

fn check_one(uri: &str) -> Result<(), CallError> {
    let fault = |what: &str| Err(CallError::invalid("media", format!("{uri:?}: {what}")));
    let Some((scheme, rest)) = uri.split_once(':') else {
        return fault("no scheme; a sound is written \"sound:NAME\"");
    };
    if !SCHEMES.contains(&scheme) {
        return fault("unknown scheme; Asterisk plays sound, recording, number, digits, characters and tone");
    }
    if rest.is_empty() {
        return fault("nothing after the scheme");
    }
    if scheme == "number" && !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return fault("not a number");
    }
    Ok(())
}

/// Whether a playback of this medium cannot be stopped before its end.
pub(crate) fn is_unstoppable(uri: &str) -> bool {
    uri.starts_with("digits:") || uri.starts_with("number:") || uri.starts_with("characters:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_names_the_medium_and_the_remedy() {
        for (uri, reason) in [
            ("hello", "no scheme"),
            ("foo:x", "unknown scheme"),
            ("http://x/y.wav", "unknown scheme"),
            ("number:abc", "not a number"),
            ("sound:", "nothing after"),
        ] {
            let error = check(&[uri.to_owned()]).unwrap_err().to_string();
            assert!(error.contains(uri) && error.contains(reason), "{error}");
        }
        assert!(check(&[]).is_err());
        assert!(check(&"sound:a".into_media()).is_ok());
        assert!(check(&["digits:1*#", "number:42"].into_media()).is_ok());
    }
}
