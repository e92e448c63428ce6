use ari_bindings::Client;

use super::{Row, row};

pub(crate) fn rows(ari: &Client) -> Vec<Row> {
    vec![
        row(ari.mailboxes().list().into_request(), &["GET mailboxes"]),
        row(ari.mailboxes().get("1000@default").into_request(), &["GET mailboxes/1000%40default"]),
        row(
            ari.mailboxes().update("1000@default", 73, 84).into_request(),
            &["PUT mailboxes/1000%40default", "?oldMessages=73", "&newMessages=84"],
        ),
        row(ari.mailboxes().delete("1000@default").into_request(), &["DELETE mailboxes/1000%40default"]),
    ]
}
