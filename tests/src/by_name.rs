use std::collections::BTreeMap;

/// Variables by name, as replies and events have them.
#[must_use]
pub fn by_name<const COUNT: usize>(pairs: [(&str, &str); COUNT]) -> BTreeMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
