use ari_bindings::date;
use proptest::prelude::*;

#[test]
fn asterisks_form_round_trips() {
    for text in [
        "2026-11-23T11:49:38.950+0000",
        "2026-11-23T11:49:38.950+0530",
        "2024-02-29T00:00:00.000-1100",
        "2016-12-31T23:59:60.500+0000",
    ] {
        assert_eq!(date::format(&date::parse(text).unwrap()), text);
    }
}

#[test]
fn neighbouring_forms_are_read() {
    for (text, same) in [
        ("2026-11-23T11:49:38.950+01:00", "2026-11-23T11:49:38.950+0100"),
        ("2026-11-23T11:49:38.950+01", "2026-11-23T11:49:38.950+0100"),
        ("2026-11-23T11:49:38Z", "2026-11-23T11:49:38.000+0000"),
        ("2026-11-23T11:49:38.9+0000", "2026-11-23T11:49:38.900+0000"),
        ("2026-11-23T11:49:38.950123-0730", "2026-11-23T11:49:38.950-0730"),
        ("2026-11-23T11:49:38.9501234567891-0730", "2026-11-23T11:49:38.950-0730"),
    ] {
        assert_eq!(date::format(&date::parse(text).unwrap()), same);
    }
}

#[test]
fn unreadable_date_is_an_error_with_the_text() {
    for text in [
        "",
        "2026-11-23",
        "2026-11-23T11:49:38.950",
        "2026-11-23T11:49:38.+0000",
        "2026-13-23T11:49:38.950+0000",
        "2026-02-29T11:49:38.950+0000",
        "2026-11-23T24:00:00.000+0000",
        "2026-11-23T11:49:61.950+0000",
        "2026-11-23 11:49:38.950+0000",
        "2026-11-23T11:49:38.950+00000",
        "2026-11-23T11:49:38.950+2400",
        "2026-11-23T11:49:38.950+0060",
        "2026-11-23T11:49:38.950*0000",
        "+026-11-23T11:49:38.950+0000",
        "２０２６-11-23T11:49:38.950+0000",
    ] {
        let error = date::parse(text).unwrap_err();
        assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
    }
}

#[test]
fn an_offset_with_seconds_keeps_its_instant() {
    let odd = chrono::FixedOffset::east_opt(3661).unwrap();
    let date = date::parse("2026-11-23T11:49:38.000+0000").unwrap().with_timezone(&odd);
    assert_eq!(date::parse(&date::format(&date)).unwrap(), date);
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = date::parse(&text);
    }

    #[test]
    fn no_text_like_a_date_panics(text in r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{0,12})?[+-Zé][0-9]{0,5}") {
        let _ = date::parse(&text);
    }

    #[test]
    fn every_instant_round_trips(millis in -62_000_000_000_000_i64..253_000_000_000_000, minutes in -1439_i32..1440) {
        let offset = chrono::FixedOffset::east_opt(minutes * 60).unwrap();
        let date = chrono::DateTime::from_timestamp_millis(millis).unwrap().with_timezone(&offset);
        prop_assert_eq!(date::parse(&date::format(&date)).unwrap(), date);
    }
}
