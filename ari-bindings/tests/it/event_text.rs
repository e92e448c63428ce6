use ari_bindings::Event;
use proptest::prelude::*;
use serde_json::json;

const CHANNEL: &str = r#"{"id":"1.1","name":"PJSIP/a-1","state":"Up","caller":{"name":"","number":""},"connected":{"name":"","number":""},"accountcode":"","dialplan":{"context":"c","exten":"e","priority":1,"app_name":"Stasis","app_data":"x"},"creationtime":"2026-11-23T11:49:38.950+0000","language":"en","protocol_id":""}"#;

fn dtmf(before: &str, after: &str) -> String {
    format!(
        r#"{{{before}"digit":"7","duration_ms":100,"application":"x","timestamp":"2026-11-23T11:49:38.950+0000","asterisk_id":"a","channel":{CHANNEL}{after}}}"#
    )
}

#[test]
fn the_type_may_stand_anywhere_and_be_escaped() {
    for text in [
        dtmf(r#""type":"ChannelDtmfReceived","#, ""),
        dtmf(r#" "type" : "ChannelDtmfReceived","#, ""),
        dtmf("", r#","type":"ChannelDtmfReceived""#),
        dtmf(r#""type":"ChannelDtmf\u0052eceived","#, ""),
        dtmf(r#""other":{"type":"StasisStart"},"type":"ChannelDtmfReceived","#, ""),
    ] {
        match Event::from_text(&text) {
            Event::ChannelDtmfReceived(event) => assert_eq!(event.digit, "7"),
            other => panic!("{other:?} from {text}"),
        }
    }
}

#[test]
fn a_known_event_becomes_json_again() {
    let text = dtmf(r#""type":"ChannelDtmfReceived","#, "");
    let event = Event::from_text(&text);
    let again = serde_json::to_string(&event).unwrap();
    assert_eq!(Event::from_text(&again), event);
    assert!(again.contains(r#""type":"ChannelDtmfReceived""#), "{again}");
    assert!(again.contains("2026-11-23T11:49:38.950+0000"), "{again}");
}

#[test]
fn numbers_are_those_that_were_sent() {
    let text = format!(
        r#"{{"type":"ChannelUserevent","application":"x","timestamp":"2026-11-23T11:49:38.950+0000","eventname":"e","channel":{CHANNEL},"userevent":{{"a":[51.248178375505404,31.245270191439438,-121.48791951161945]}}}}"#
    );
    let event = Event::from_text(&text);
    let Event::ChannelUserevent(read) = &event else { panic!("{event:?}") };
    let expected = json!([51.248_178_375_505_404, 31.245_270_191_439_438, -121.487_919_511_619_45]);
    assert_eq!(read.userevent["a"], expected);
    assert_eq!(Event::from_text(&serde_json::to_string(&event).unwrap()), event);
}

#[test]
fn an_unknown_event_keeps_what_it_has() {
    let text = r#"{"type":"New","application":"x","timestamp":"2026-11-23T11:49:38.950+0000","asterisk_id":5,"n":1}"#;
    let event = Event::from_text(text);
    assert_eq!((event.kind(), event.application()), ("New", Some("x")));
    assert_eq!(serde_json::to_value(&event).unwrap()["n"], json!(1));
    match event {
        Event::Unknown(event) => {
            assert_eq!(ari_bindings::date::format(event.timestamp().unwrap()), "2026-11-23T11:49:38.950+0000");
            assert_eq!((event.asterisk_id(), event.raw()), (None, text));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_no_event_says_why() {
    let start = r#"{"type":"StasisStart","application":"x"}"#.to_owned();
    let wrong = dtmf(r#""type":"ChannelDtmfReceived","#, "").replace("100", r#""long""#);
    for (text, kind, reason) in [
        (start, Some("StasisStart"), "missing field"),
        (wrong, Some("ChannelDtmfReceived"), "invalid type"),
        ("not JSON".to_owned(), None, "expected"),
        (String::new(), None, "EOF"),
        (r#"{"application":"x"}"#.to_owned(), None, "missing field `type`"),
        (r#"{"type":5}"#.to_owned(), None, "invalid type"),
        ("[1]".to_owned(), None, "invalid type"),
        (r#"{"type":"New", oops"#.to_owned(), Some("New"), "key must be a string"),
        (r#"{"type":"StasisStart"} {}"#.to_owned(), Some("StasisStart"), ""),
    ] {
        match Event::from_text(&text) {
            Event::Undecodable(event) => {
                assert_eq!((event.kind(), event.raw()), (kind, &*text));
                assert!(event.reason().contains(reason), "{}", event.reason());
            }
            other => panic!("{other:?} from {text}"),
        }
    }
}

#[test]
fn an_undecodable_event_becomes_json_again_or_a_string() {
    let json = |text| serde_json::to_value(Event::from_text(text)).unwrap();
    assert_eq!(json(r#"{"type":5}"#), json!({"type": 5}));
    assert_eq!(json("not JSON"), json!("not JSON"));
}

proptest! {
    #[test]
    fn no_text_panics_or_vanishes(text in any::<String>()) {
        let kept = match Event::from_text(&text) {
            Event::Undecodable(event) => event.raw().to_owned(),
            Event::Unknown(event) => event.raw().to_owned(),
            known => panic!("{known:?}"),
        };
        prop_assert_eq!(kept, text);
    }

    #[test]
    fn no_cut_event_panics(cut in 0_usize..400) {
        let text = dtmf(r#""type":"ChannelDtmfReceived","#, "");
        if let Some(text) = text.get(..cut.min(text.len() - 1)) {
            prop_assert!(matches!(Event::from_text(text), Event::Undecodable(_)));
        }
    }
}

#[test]
fn the_type_is_found_wherever_it_stands() {
    for text in [
        r#"{"type":"New"}"#,
        r#"{"a":"b","n":-1.5e3,"t":true,"z":null,"type":"New"}"#,
        r#"{"a":"x\"y,","type":"New"}"#,
        r#"{"a\n":1,"type":"New"}"#,
        r#"{"a":{"type":"Not"},"b":["type","Not"],"type":"New","c":{"type":"Not"}}"#,
        r#" { "a" : "type" , "type" : "New" } "#,
        r#"{"a": {"b":1,"type":"Not"},"type":"New"}"#,
        r#"{"a": [1,{"type":"Not"}],"type":"New"}"#,
        r#"{"a":"\"type\":\"Not\"","type":"Ne\u0077"}"#,
        r#"{"typ\u0065":"New"}"#,
    ] {
        let event = Event::from_text(text);
        assert!(matches!(event, Event::Unknown(_)), "{text}: {event:?}");
        assert_eq!(event.kind(), "New", "{text}");
    }
    for text in [r#"{"a":1}"#, r#"{"type":1}"#, r#"{"a":1},"type":"New"}"#, r#"{"type":"New""#, r#"{"a"#, "{", "[]", ""]
    {
        assert!(matches!(Event::from_text(text), Event::Undecodable(_)), "{text}");
    }
}
