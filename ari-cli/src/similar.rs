//! "Did you mean": the names most like one that does not exist.

/// How alike two names must be, from 0 to 1.
const ALIKE: f64 = 0.75;

/// At most three of the names, the most similar first.
pub(crate) fn similar<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let lower = wanted.to_lowercase();
    let scored = names.map(|name| (score(&lower, &name.to_lowercase()), name));
    let mut alike: Vec<(f64, &str)> = scored.filter(|(score, _)| *score >= ALIKE).collect();
    alike.sort_by(|(a, first), (b, second)| b.total_cmp(a).then(first.cmp(second)));
    alike.dedup_by_key(|(_, name)| *name);
    alike.into_iter().take(3).map(|(_, name)| name).collect()
}

/// A part that fits exactly counts for more than letters in common: `originate` means `channels.originate`.
fn score(wanted: &str, name: &str) -> f64 {
    if name == wanted || name.rsplit('.').next() == Some(wanted) {
        return 1.0;
    }
    strsim::jaro_winkler(wanted, name)
        .max(name.rsplit('.').next().map_or(0.0, |last| strsim::jaro_winkler(wanted, last) * 0.98))
}

/// The names as a question, or nothing if there are none.
pub(crate) fn question(names: &[&str]) -> Option<String> {
    match names {
        [] => None,
        [only] => Some(format!("did you mean {only}?")),
        [others @ .., last] => Some(format!("did you mean {}, or {last}?", others.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_similar_names_come_first() {
        let names = ["channels.originate", "channels.originateWithId", "bridges.create", "StasisStart"];
        assert_eq!(similar("chanels.orginate", names.into_iter())[0], "channels.originate");
        assert_eq!(similar("originate", names.into_iter())[0], "channels.originate");
        assert_eq!(similar("stasisstart", names.into_iter()), ["StasisStart"]);
        assert!(similar("zzz", names.into_iter()).is_empty());
    }

    #[test]
    fn a_question_lists_the_names() {
        assert_eq!(question(&["a"]).unwrap(), "did you mean a?");
        assert_eq!(question(&["a", "b", "c"]).unwrap(), "did you mean a, b, or c?");
        assert_eq!(question(&[]), None);
    }
}
