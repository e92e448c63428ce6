//! Asterisk's own word on since when operations are there, held against the declarations of the releases.

use crate::diagnostic::Diagnostic;
use crate::record::Availability;
use crate::release::Release;
use crate::swagger;

/// Operations whose `since` disagrees with the releases that declare them.
///
/// A claim is about one branch; branches that the record does not know are left alone, and so is a claim that is
/// older than the record.
#[must_use]
pub fn wrong_since_claims(resources: &[(String, swagger::Resource)], recorded: &Availability) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    for (resource, file) in resources {
        for operation in file.apis.iter().flat_map(|api| &api.operations) {
            let name = format!("{resource}.{}", operation.nickname);
            let declared = recorded.since(&format!("operation {name}"));
            let claimed: Vec<Release> = operation.since.iter().filter_map(|claim| claim.parse().ok()).collect();
            if disagree(&claimed, &declared) {
                let message =
                    format!("{name} claims to be there since {}, but is since {}", list(&claimed), list(&declared));
                wrong.push(Diagnostic { span: Some(operation.span.clone()), message });
            }
        }
    }
    wrong
}

fn disagree(claimed: &[Release], declared: &[Release]) -> bool {
    let of_branch = |release: &Release| declared.iter().find(|declared| declared.major == release.major);
    claimed.iter().any(|claim| of_branch(claim).is_some_and(|declared| declared != claim))
}

fn list(releases: &[Release]) -> String {
    let names: Vec<String> = releases.iter().map(ToString::to_string).collect();
    names.join(", ")
}
