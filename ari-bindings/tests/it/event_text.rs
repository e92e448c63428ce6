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
fn type_may_be_escaped_at_any_position() {
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
fn members_may_come_in_any_order_with_escapes_and_among_unknown_ones() {
    let first = r#""type":"ChannelDtmfReceived","#;
    let usual = Event::from_text(&dtmf(first, ""));
    let reversed = format!(
        r#"{{"channel":{CHANNEL},"asterisk_id":"a","timestamp":"2026-11-23T11:49:38.950+0000","application":"x","duration_ms":100,"digit":"7","type":"ChannelDtmfReceived"}}"#
    );
    for text in [
        reversed,
        dtmf(first, "").replace(r#""digit""#, r#""d\u0069git""#).replace(r#""id""#, r#""\u0069d""#),
        dtmf(first, r#","digits":{"digit":["8"]},"":null,"Digit":9"#),
        dtmf(first, "").replace(':', " :\n").replace(" :\n49 :\n38", ":49:38"),
    ] {
        assert_eq!(Event::from_text(&text), usual, "{text}");
    }
}

#[test]
fn null_counts_as_absent() {
    let text = dtmf(r#""type":"ChannelDtmfReceived","#, "");
    for of_server in [r#""asterisk_id":null,"#, ""] {
        let event = Event::from_text(&text.replace(r#""asterisk_id":"a","#, of_server));
        assert!(matches!(event, Event::ChannelDtmfReceived(_)), "{event:?}");
        assert_eq!(event.asterisk_id(), None);
        assert!(!serde_json::to_string(&event).unwrap().contains("asterisk_id"));
    }
}

#[test]
fn undecodable_event_names_the_place() {
    let text = dtmf(r#""type":"ChannelDtmfReceived","#, "");
    for (from, to, reason) in [
        (r#""digit":"7""#, r#""digit":null"#, "invalid type: null, expected a string at line 1 column 42"),
        (r#""digit":"7","#, "", "missing field `digit` at line 1 column"),
        (r#""digit":"7""#, r#""digit":"7","digit":"8""#, "duplicate field `digit` at line 1 column 49"),
        (
            r#""digit":"7""#,
            r#""digit":"7","type":1,"type":2,"digit":"8""#,
            "duplicate field `digit` at line 1 column 67",
        ),
        (r#""language":"en""#, r#""language":5"#, "invalid type: integer `5`, expected a string at line 1 column"),
        (r#""caller":{"name":"","number":""}"#, r#""caller":7"#, "invalid type: integer `7`, expected struct CallerId"),
        ("38.950+0000", "38.950", "is not a date such as"),
    ] {
        assert!(text.contains(from), "{from}");
        match Event::from_text(&text.replacen(from, to, 1)) {
            Event::Undecodable(event) => {
                assert_eq!(event.kind(), Some("ChannelDtmfReceived"));
                assert!(event.reason().contains(reason), "{}", event.reason());
            }
            other => panic!("{other:?} with {to}"),
        }
    }
}

#[test]
fn ids_of_any_length_and_script_round_trip() {
    let text = dtmf(r#""type":"ChannelDtmfReceived","#, "");
    for length in [0, 1, 7, 21, 22, 23, 24, 25, 150] {
        for letter in ['x', 'é', '☎', '\u{1f4de}'] {
            let id: String = std::iter::repeat_n(letter, length).chain(['1']).collect();
            let text = text.replace(r#""id":"1.1""#, &format!(r#""id":"{id}""#));
            let Event::ChannelDtmfReceived(event) = Event::from_text(&text) else { panic!("{text}") };
            assert_eq!(event.channel.id, id);
            assert_eq!(event.channel.id.clone().into_string(), id);
            assert!(serde_json::to_string(&*event).unwrap().contains(&format!(r#""id":"{id}""#)));
        }
    }
}

#[test]
fn known_event_serializes_to_its_json() {
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
fn unknown_event_keeps_its_members() {
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
fn unknown_event_has_its_channel_and_server() {
    let text = r#"{"type":"New","asterisk_id":"02:00","channel":{"id":"c"}}"#;
    let Event::Unknown(event) = Event::from_text(text) else { panic!("{text}") };
    assert_eq!((event.channel_id(), event.asterisk_id()), (Some("c"), Some("02:00")));
}

#[test]
fn malformed_event_names_the_fault() {
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
fn undecodable_event_serialises_as_received() {
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
fn type_is_found_at_any_position() {
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
