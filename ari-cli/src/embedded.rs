//! What the program carries along of `api-docs/`: the declarations of the supported releases, and the record of which
//! release has what.

use ari_codegen::record::bundle;
use ari_codegen::{Availability, Release, Source};

use crate::failure::Failure;

static DECLARATIONS: &str = include_str!("generated/declarations.txt");

/// A file of a release, such as `channels.json`.
pub(crate) fn file(release: Release, name: &str) -> Option<Source> {
    let file = format!("{release}/{name}");
    let text = bundle::file(DECLARATIONS, &file)?.to_owned();
    Some(Source { file, text })
}

/// The releases whose declarations are here, oldest first.
pub(crate) fn releases() -> Vec<Release> {
    let folders = bundle::names(DECLARATIONS).filter_map(|name| name.split_once('/')?.0.parse().ok());
    let mut releases: Vec<Release> = folders.collect();
    releases.sort();
    releases.dedup();
    releases
}

/// Which of many releases, more than have their declarations here, has what.
pub(crate) fn availability() -> Result<Availability, Failure> {
    let text = bundle::file(DECLARATIONS, "availability.txt").unwrap_or_default().to_owned();
    Availability::parse(&Source { file: "availability.txt".to_owned(), text })
        .map_err(|diagnostics| Failure::other(diagnostics.to_string()))
}

/// The newest release here that a number stands for: `22`, `22.10` or `22.10.1`.
pub(crate) fn release(number: &str) -> Option<Release> {
    releases().into_iter().rfind(|release| is_of(*release, number))
}

/// Whether a release is the one that a number stands for, or one of its branch.
pub(crate) fn is_of(release: Release, number: &str) -> bool {
    let name = release.to_string();
    name.strip_prefix(number).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether a text is the number of a release or of a branch.
pub(crate) fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_for_the_newest_release_of_its_branch() {
        for exact in releases() {
            assert_eq!(release(&exact.to_string()), Some(exact));
            assert_eq!(release(&exact.major.to_string()), Some(exact));
        }
        assert_eq!(release("2"), None);
        assert_eq!(release("22.1"), None);
    }

    #[test]
    fn every_release_has_its_listing_and_the_record_is_readable() {
        assert!(!releases().is_empty());
        assert!(releases().iter().all(|release| file(*release, "resources.json").is_some()));
        assert!(availability().unwrap().items().any(|item| item == "operation channels.originate"));
    }
}
