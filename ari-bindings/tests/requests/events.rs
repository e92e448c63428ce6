use ari_bindings::Client;
use serde_json::json;

use super::{Row, row};

pub(crate) fn rows(ari: &Client) -> Vec<Row> {
    vec![
        row(
            ari.event_operations()
                .user_event("my event/é", "my app/é")
                .source(["channel:ch/1", "bridge:[b]"])
                .variables([("list", json!([1, 2.5, null])), ("text", json!("ü & +"))])
                .into_request(),
            &[
                "POST events/user/my%20event%2F%C3%A9",
                "?application=my%20app%2F%C3%A9",
                "&source=channel%3Ach%2F1%2Cbridge%3A%5C%5Bb%5C%5D",
                r#" {"variables":{"list":[1,2.5,null],"text":"ü & +"}}"#,
            ],
        ),
        row(
            ari.event_operations().claim_channel("ch/1+2 3%é", "my app/é").into_request(),
            &["POST events/claim", "?channelId=ch%2F1%2B2%203%25%C3%A9", "&application=my%20app%2F%C3%A9"],
        ),
    ]
}
