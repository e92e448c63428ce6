//! The committed record of which releases declare what.

use std::path::Path;

use ari_codegen::{Availability, read, swagger, wrong_since_claims};

use crate::support::{source, supported};

fn recorded() -> Availability {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-docs/availability.txt");
    Availability::parse(&source(&file)).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

#[test]
fn the_record_is_canonical_and_knows_the_supported_releases() {
    let recorded = recorded();
    let mut again = recorded.clone();
    for source in supported() {
        again.record(source.release, &read(&source).unwrap());
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-docs/availability.txt");
    assert_eq!(again.text(), source(&file).text, "`cargo xtask import` has not seen a supported release");
}

#[test]
fn asterisks_own_since_is_wrong_about_one_operation_only() {
    let newest = supported().pop().unwrap();
    let resources: Vec<_> =
        newest.resources.iter().map(|(name, source)| (name.clone(), swagger::read_resource(source).unwrap())).collect();
    let wrong: Vec<String> =
        wrong_since_claims(&resources, &recorded()).into_iter().map(|claim| claim.message).collect();
    assert_eq!(
        wrong,
        ["events.claimChannel claims to be there since 20.17.0, 22.7.0, 23.1.0, but is since 20.20.0, 22.10.0, 23.4.0"]
    );
}
