//! Encoded requests, read back by a decoder that shares no code with the encoder.

use std::sync::LazyLock;

use ari_bindings::{Client, Error, EventFilter, Method, VariableValue};
use proptest::prelude::*;
use serde_json::json;

fn client() -> &'static Client {
    static CLIENT: LazyLock<Client> = LazyLock::new(|| Client::builder("http://localhost:8088/ari").build().unwrap());
    &CLIENT
}

/// Percent-decoding as Asterisk does it: `+` is a space.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        bytes.push(match (first, tail) {
            (b'+', _) => b' ',
            (b'%', [high, low, tail @ ..]) => {
                rest = tail;
                let digits = [*high, *low];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            (other, _) => *other,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// Asterisk's parser of application arguments: quotes group and are removed, a backslash escapes the next
/// character, and parentheses and brackets protect commas.
fn split(text: &str) -> Vec<String> {
    let (mut values, mut depth, mut quoted) = (vec![String::new()], [0_i32; 2], false);
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                quoted = !quoted;
                continue;
            }
            '\\' => {
                values.last_mut().unwrap().extend(characters.next());
                continue;
            }
            '(' => depth[0] += 1,
            ')' => depth[0] -= i32::from(depth[0] > 0),
            '[' => depth[1] += 1,
            ']' => depth[1] -= i32::from(depth[1] > 0),
            ',' if depth == [0, 0] && !quoted => {
                values.push(String::new());
                continue;
            }
            _ => {}
        }
        values.last_mut().unwrap().push(character);
    }
    values
}

#[test]
fn request_is_a_plain_value() {
    let ari = client();
    let request = ari.channel("a/b +é").play(["sound:x"]).lang("en").lang("de").into_request();
    let request = request.unwrap();
    assert_eq!(request.method(), Method::Post);
    assert_eq!(request.path(), "/channels/a%2Fb%20%2B%C3%A9/play");
    assert_eq!(request.uri(), "channels/a%2Fb%20%2B%C3%A9/play?media=sound%3Ax&lang=de");
    assert_eq!(request.operation().unwrap().to_string(), "channels.play (POST /channels/{channelId}/play)");
    assert_eq!(request, ari.channels().play("a/b +é", ["sound:x"]).lang("de").into_request().unwrap());
    assert_eq!(ari.asterisk().ping().into_request().unwrap().query(), None);
}

#[test]
fn bodies_are_wrapped_or_bare() {
    let originate = client()
        .channels()
        .originate("PJSIP/a")
        .timeout(5)
        .app("x")
        .variables([("A", VariableValue::from("b")), ("C", VariableValue::reported("d"))])
        .into_request()
        .unwrap();
    let variables = json!({"A": "b", "C": {"value": "d", "report_events": true}});
    assert_eq!(originate.body(), Some(&json!({ "variables": variables })));
    assert_eq!(originate.query().unwrap(), "endpoint=PJSIP%2Fa&timeout=5&app=x");

    let filter = EventFilter::new().allow("StasisStart");
    let filter = client().applications().filter("x").filter(filter).into_request().unwrap();
    let bare = json!({"allowed": [{"type": "StasisStart"}], "disallowed": []});
    assert_eq!(filter.body(), Some(&bare));
}

#[test]
fn long_query_moves_to_the_body_with_its_types() {
    let variables = [("A", "b")];
    let long = "é".repeat(2000);
    let request = client().channels().originate("PJSIP/a").timeout(5).app(&long);
    let request = request.variables(variables).into_request().unwrap();
    assert_eq!(request.query(), None);
    let members = json!({"endpoint": "PJSIP/a", "timeout": 5, "app": long, "variables": {"A": "b"}});
    assert_eq!(request.body(), Some(&members));

    let media = vec!["sound:a,b"; 127];
    let media: Vec<_> = media.iter().map(|media| format!("{media}{}", "x".repeat(30))).collect();
    let request = client().channel("1").play(&media).into_request().unwrap();
    assert_eq!(request.body(), Some(&json!({ "media": media })));
}

#[test]
fn longest_request_line_stays_in_the_url() {
    let line = |length: usize| {
        let request = client().bridges().create().name("x".repeat(length)).into_request().unwrap();
        let query = request.query().unwrap_or_default();
        "POST /ari/bridges? HTTP/1.1".len() + query.len()
    };
    let most = 4095 - "POST /ari/bridges?name= HTTP/1.1".len();
    assert_eq!(line(most), 4095);
    assert!(line(most + 1) < 100, "it moved");
}

#[test]
fn ambiguous_parameters_are_refused() {
    let ari = client();
    let cases = [
        (ari.channel("").answer().into_request(), "channelId"),
        (ari.channel(".").answer().into_request(), "channelId"),
        (ari.channel("..").answer().into_request(), "channelId"),
        (ari.channel("a\0b").answer().into_request(), "channelId"),
        (ari.channel("x").play(["a\0b"]).into_request(), "media"),
        (ari.channel("x").play(["a"]).lang("a\0b").into_request(), "lang"),
        (ari.channel("x").play(vec!["a"; 128]).into_request(), "media"),
        (ari.channel("x".repeat(5000)).answer().into_request(), ""),
    ];
    for (result, name) in cases {
        match result.unwrap_err() {
            error @ Error::InvalidRequest { parameter, .. } => {
                assert_eq!(parameter, name, "{error}");
                assert!(!error.maybe_executed());
            }
            other => panic!("{other}"),
        }
    }
    assert!(ari.channel("x").play(vec!["a"; 127]).into_request().is_ok());
    assert!(ari.channel("...").answer().into_request().is_ok());
}

#[cfg(feature = "websocket")]
#[tokio::test]
async fn events_without_application_are_refused() {
    let ari = client();
    for apps in [&[][..], &[""], &["a", ""]] {
        let error = ari.events(apps).await.unwrap_err();
        assert!(matches!(error, Error::InvalidRequest { parameter: "app", .. }), "{error}");
    }
    let error = ari.events(["x".repeat(5000)]).await.unwrap_err();
    assert!(matches!(error, Error::InvalidRequest { parameter: "app", .. }), "{error}");
}

proptest! {
    #[test]
    fn any_id_survives_as_one_path_segment(id in "[^\0]{1,40}") {
        prop_assume!(id != "." && id != "..");
        let request = client().channel(&id).answer().into_request().unwrap();
        let path = request.path();
        let segments: Vec<_> = path.split('/').collect();
        prop_assert_eq!(segments.len(), 4);
        prop_assert_eq!(decode(segments[2]), id);
        prop_assert!(request.path().bytes().all(|byte| byte.is_ascii_graphic()));
    }

    #[test]
    fn any_text_survives_in_the_query(text in "[^\0]{0,40}") {
        let request = client().bridges().create().name(&text).into_request().unwrap();
        let query = request.query().unwrap();
        let (name, value) = query.split_once('=').unwrap();
        prop_assert_eq!(name, "name");
        prop_assert!(!value.contains(['&', '=', '#', ' ']));
        prop_assert_eq!(decode(value), text);
    }

    #[test]
    fn any_list_survives_asterisks_parser(list in prop::collection::vec(r#"[^\x00]{0,6}|[,()\[\]"\\a ]{1,8}"#, 1..6)) {
        let request = client().channel("1").play(&list).into_request().unwrap();
        let query = request.query().unwrap();
        prop_assert_eq!(split(&decode(query.strip_prefix("media=").unwrap())), list);
    }
}
