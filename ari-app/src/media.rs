//! What can be played: media URIs, checked before they are sent.

use crate::error::CallError;

/// The schemes that Asterisk plays. A playback of any other never finishes.
const SCHEMES: [&str; 6] = ["sound", "recording", "number", "digits", "characters", "tone"];

/// Checks media URIs. `tone:` never ends, so it needs a limit.
///
/// `number:` with anything but digits never reports an end, so waiting for it would hang.
pub(crate) fn check(media: &[String], has_limit: bool) -> Result<(), CallError> {
    if media.is_empty() {
        return Err(CallError::invalid("media", "empty; name at least one medium, such as \"sound:hello-world\""));
    }
    media.iter().try_for_each(|uri| check_one(uri, has_limit))
}

fn check_one(uri: &str, has_limit: bool) -> Result<(), CallError> {
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
    if scheme == "tone" && !has_limit {
        return fault("a tone never ends; play it by `say` with a `limit`");
    }
    Ok(())
}

/// Splits media into playbacks that can be stopped at once. Asterisk plays digits, characters and numbers to their end,
/// and the rest of their list, too.
pub(crate) fn in_stoppable_parts(media: &[String]) -> Vec<Vec<String>> {
    let mut parts: Vec<Vec<String>> = Vec::new();
    let mut may_append = false;
    for uri in media {
        match uri.split_once(':') {
            Some((scheme @ ("digits" | "characters"), all)) => {
                parts.extend(all.chars().map(|one| vec![format!("{scheme}:{one}")]));
                may_append = false;
            }
            Some(("number", _)) => {
                parts.push(vec![uri.clone()]);
                may_append = false;
            }
            _ => {
                if let Some(part) = parts.last_mut().filter(|_| may_append) {
                    part.push(uri.clone());
                } else {
                    parts.push(vec![uri.clone()]);
                }
                may_append = true;
            }
        }
    }
    parts
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
            ("tone:busy", "never ends"),
        ] {
            let error = check(&[uri.to_owned()], false).unwrap_err().to_string();
            assert!(error.contains(uri) && error.contains(reason), "{error}");
        }
        assert!(check(&[], true).is_err());
        assert!(check(&["sound:a".to_owned()], false).is_ok());
        assert!(check(&["digits:1*#", "number:42", "tone:busy"].map(str::to_owned), true).is_ok());
    }

    #[test]
    fn in_stoppable_parts_plays_digits_one_by_one() {
        let media = ["sound:a", "sound:b", "digits:12", "number:34", "sound:c"].map(str::to_owned);
        let parts: Vec<_> = in_stoppable_parts(&media).iter().map(|part| part.join(" ")).collect();
        assert_eq!(parts, ["sound:a sound:b", "digits:1", "digits:2", "number:34", "sound:c"]);
    }
}
