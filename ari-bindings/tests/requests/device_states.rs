use ari_bindings::Client;

use super::{Row, row};

pub(crate) fn rows(ari: &Client) -> Vec<Row> {
    vec![
        row(ari.device_states().list().into_request(), &["GET deviceStates"]),
        row(ari.device_states().get("Stasis:a+b/c").into_request(), &["GET deviceStates/Stasis%3Aa%2Bb%2Fc"]),
        row(
            ari.device_states().update("Stasis:a+b/c", "NOT_INUSE").into_request(),
            &["PUT deviceStates/Stasis%3Aa%2Bb%2Fc", "?deviceState=NOT_INUSE"],
        ),
        row(ari.device_states().delete("Stasis:a+b/c").into_request(), &["DELETE deviceStates/Stasis%3Aa%2Bb%2Fc"]),
    ]
}
