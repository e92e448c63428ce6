//! What cannot be had of the servers of `e2e/asterisk`, and why.

/// Why an operation cannot be carried out.
pub(crate) fn operation(name: &str) -> Option<&'static str> {
    let (resource, _) = name.split_once('.')?;
    (resource == "mailboxes").then_some("Debian does not build res_mwi_external, on which it rests")
}

/// Why an event does not come.
pub(crate) fn event(kind: &str) -> Option<&'static str> {
    match kind {
        "MissingParams" => Some("no: no source of Asterisk sends it; missing parameters are refused with 400"),
        _ => None,
    }
}
