//! The permissions of `docs/src/fleet.md`: the accounts there are what the tests run with.

/// The configuration of a NATS server with the users of the guide.
///
/// # Panics
///
/// If the guide has no such configuration.
#[must_use]
pub fn permissions() -> String {
    let guide = include_str!("../../../docs/src/fleet.md");
    let config = guide.split("```conf\n").nth(1).and_then(|rest| rest.split("```").next());
    config.expect("the guide has a configuration of NATS").to_owned()
}
