use ari_bindings::Client;

use super::{Row, row};

pub(crate) fn rows(ari: &Client) -> Vec<Row> {
    vec![
        row(ari.playbacks().get("pb/1").into_request(), &["GET playbacks/pb%2F1"]),
        row(ari.playbacks().stop("pb/1").into_request(), &["DELETE playbacks/pb%2F1"]),
        row(
            ari.playbacks().control("pb/1", "pause").into_request(),
            &["POST playbacks/pb%2F1/control", "?operation=pause"],
        ),
    ]
}
