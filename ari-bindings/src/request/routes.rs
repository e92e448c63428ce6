//! Which values of path parameters Asterisk takes for the name of another operation.

use std::sync::LazyLock;

use crate::operations::OPERATIONS;

/// Paths up to a segment that is a name in one operation and a parameter in another, each with the name.
static NAMES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let mut names = Vec::new();
    for path in OPERATIONS.iter().map(|operation| operation.path) {
        for (end, _) in path.match_indices("/{") {
            let parent = &path[..=end];
            let children = OPERATIONS.iter().filter_map(|other| other.path.strip_prefix(parent));
            let children = children.filter_map(|child| child.split('/').next());
            names.extend(children.filter(|child| !child.starts_with('{')).map(|child| (parent, child)));
        }
    }
    names.sort_unstable();
    names.dedup();
    names
});

/// Whether this value of a parameter leads to another operation.
pub(super) fn is_taken(template: &str, name: &str, value: &str) -> bool {
    let parent = |parent: &str| {
        let rest = template.strip_prefix(parent).and_then(|rest| rest.strip_prefix('{'));
        rest.and_then(|rest| rest.strip_prefix(name)).is_some_and(|rest| rest.starts_with('}'))
    };
    NAMES.iter().any(|(of, taken)| *taken == value && parent(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_taken_knows_the_names_beside_a_parameter() {
        assert!(is_taken("/channels/{channelId}", "channelId", "create"));
        assert!(is_taken("/channels/{channelId}/answer", "channelId", "externalMedia"));
        assert!(!is_taken("/channels/{channelId}", "channelId", "answer"));
        assert!(!is_taken("/bridges/{bridgeId}", "bridgeId", "create"));
        assert!(!is_taken("/channels/{other}", "channelId", "create"));
    }
}
