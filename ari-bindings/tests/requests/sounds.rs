use ari_bindings::Client;

use super::{Row, row};

pub(crate) fn rows(ari: &Client) -> Vec<Row> {
    vec![
        row(
            ari.sounds().list().lang("pt_BR").format("wav").into_request(),
            &["GET sounds", "?lang=pt_BR", "&format=wav"],
        ),
        row(ari.sounds().get("hello world/1").into_request(), &["GET sounds/hello%20world%2F1"]),
    ]
}
