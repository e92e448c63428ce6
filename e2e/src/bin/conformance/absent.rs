//! Operations and events that the servers of `e2e/asterisk` cannot provide, and why.

/// Why an operation cannot be called.
pub(crate) fn operation(name: &str) -> Option<&'static str> {
    let (resource, _) = name.split_once('.')?;
    (resource == "mailboxes").then_some("it requires res_mwi_external, which Debian does not build")
}

/// Why an event is never sent.
pub(crate) fn event(kind: &str) -> Option<&'static str> {
    match kind {
        "MissingParams" => Some("no: no source of Asterisk sends it; missing parameters are refused with 400"),
        _ => None,
    }
}
