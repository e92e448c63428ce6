use ari_bindings::{Client, VariableValue};

use super::{Row, row};

pub(crate) fn rows(ari: &Client) -> Vec<Row> {
    vec![
        row(ari.endpoints().list().into_request(), &["GET endpoints"]),
        row(
            ari.endpoints()
                .send_message("pjsip:bob@[::1]:5060", "\"A\" <sip:a@b>")
                .body("grüß + 100%")
                .variables([("A", VariableValue::from("1 + ü")), ("B", VariableValue::reported("2"))])
                .into_request(),
            &[
                "PUT endpoints/sendMessage",
                "?to=pjsip%3Abob%40%5B%3A%3A1%5D%3A5060",
                "&from=%22A%22%20%3Csip%3Aa%40b%3E",
                "&body=gr%C3%BC%C3%9F%20%2B%20100%25",
                r#" {"variables":{"A":"1 + ü","B":{"report_events":true,"value":"2"}}}"#,
            ],
        ),
        row(
            ari.endpoints()
                .refer("pjsip:bob@[::1]:5060", "\"A\" <sip:a@b>", "sip:+49@c")
                .to_self(true)
                .variables([("A", VariableValue::from("1 + ü")), ("B", VariableValue::reported("2"))])
                .into_request(),
            &[
                "POST endpoints/refer",
                "?to=pjsip%3Abob%40%5B%3A%3A1%5D%3A5060",
                "&from=%22A%22%20%3Csip%3Aa%40b%3E",
                "&refer_to=sip%3A%2B49%40c",
                "&to_self=true",
                r#" {"variables":{"A":"1 + ü","B":{"report_events":true,"value":"2"}}}"#,
            ],
        ),
        row(ari.endpoints().list_by_tech("PJSIP").into_request(), &["GET endpoints/PJSIP"]),
        row(ari.endpoints().get("PJSIP", "phone a/1+2").into_request(), &["GET endpoints/PJSIP/phone%20a%2F1%2B2"]),
        row(
            ari.endpoints()
                .send_message_to_endpoint("PJSIP", "phone a/1+2", "\"A\" <sip:a@b>")
                .body("grüß + 100%")
                .variables([("A", VariableValue::from("1 + ü")), ("B", VariableValue::reported("2"))])
                .into_request(),
            &[
                "PUT endpoints/PJSIP/phone%20a%2F1%2B2/sendMessage",
                "?from=%22A%22%20%3Csip%3Aa%40b%3E",
                "&body=gr%C3%BC%C3%9F%20%2B%20100%25",
                r#" {"variables":{"A":"1 + ü","B":{"report_events":true,"value":"2"}}}"#,
            ],
        ),
        row(
            ari.endpoints()
                .refer_to_endpoint("PJSIP", "phone a/1+2", "\"A\" <sip:a@b>", "sip:+49@c")
                .to_self(true)
                .variables([("A", VariableValue::from("1 + ü")), ("B", VariableValue::reported("2"))])
                .into_request(),
            &[
                "POST endpoints/PJSIP/phone%20a%2F1%2B2/refer",
                "?from=%22A%22%20%3Csip%3Aa%40b%3E",
                "&refer_to=sip%3A%2B49%40c",
                "&to_self=true",
                r#" {"variables":{"A":"1 + ü","B":{"report_events":true,"value":"2"}}}"#,
            ],
        ),
    ]
}
