use ari_bindings::{Client, EventFilter};

use super::{Row, row};

pub(crate) fn rows(ari: &Client) -> Vec<Row> {
    vec![
        row(ari.applications().list().into_request(), &["GET applications"]),
        row(ari.applications().get("app/1 +é").into_request(), &["GET applications/app%2F1%20%2B%C3%A9"]),
        row(
            ari.applications().subscribe("app/1 +é", ["channel:ch,1", "deviceState:\"q\""]).into_request(),
            &[
                "POST applications/app%2F1%20%2B%C3%A9/subscription",
                "?eventSource=channel%3Ach%5C%2C1%2CdeviceState%3A%5C%22q%5C%22",
            ],
        ),
        row(
            ari.applications().unsubscribe("app/1 +é", ["channel:ch,1", "deviceState:\"q\""]).into_request(),
            &[
                "DELETE applications/app%2F1%20%2B%C3%A9/subscription",
                "?eventSource=channel%3Ach%5C%2C1%2CdeviceState%3A%5C%22q%5C%22",
            ],
        ),
        row(
            ari.applications()
                .filter("app/1 +é")
                .filter(EventFilter::new().allow("StasisStart").disallow("ChannelVarset"))
                .into_request(),
            &[
                "PUT applications/app%2F1%20%2B%C3%A9/eventFilter",
                r#" {"allowed":[{"type":"StasisStart"}],"disallowed":[{"type":"ChannelVarset"}]}"#,
            ],
        ),
    ]
}
