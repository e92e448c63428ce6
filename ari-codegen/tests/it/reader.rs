//! The reader takes any text for what it is: it accepts JSON alone, and never panics.

use std::sync::LazyLock;

use ari_codegen::swagger::{read_listing, read_resource};
use ari_codegen::{Record, ReleaseSource, Source, generate};
use proptest::prelude::*;

use crate::support::supported;

static SUPPORTED: LazyLock<Vec<ReleaseSource>> = LazyLock::new(supported);

fn source(text: String) -> Source {
    Source { file: "any.json".to_owned(), text }
}

/// What the reader says of a text that is no JSON.
fn is_refused_as_json(text: &str) -> bool {
    let refused = |message: &str| message.contains(": not JSON: ") || message.contains("the file is empty");
    read_listing(&source(text.to_owned())).is_err_and(|diagnostics| refused(&diagnostics.to_string()))
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let key = prop_oneof!["apis|models|apiVersion|swaggerVersion|resourcePath|id|properties|path|code", ".{0,4}"];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        prop_assert_eq!(is_refused_as_json(&text), serde_json::from_str::<serde_json::Value>(&text).is_err());
    }

    #[test]
    fn text_of_json_s_signs_is_read_or_refused(text in "[\\[\\]{}:,\" \\n\\\\0-9eE+.\\-u/*'a-fnrtls]{0,24}") {
        prop_assert_eq!(is_refused_as_json(&text), serde_json::from_str::<serde_json::Value>(&text).is_err(), "{}", text);
    }

    #[test]
    fn any_json_is_read_or_refused(value in json()) {
        let _ = read_listing(&source(value.to_string()));
        let result = read_resource(&source(value.to_string()));
        if let Err(diagnostics) = result {
            let lines = diagnostics.to_string();
            prop_assert!(lines.lines().count() > 0 && !lines.contains("not JSON"), "{}", lines);
        }
    }

    /// One byte of a real file replaced, or a piece of it cut out or doubled: the whole way, to code or to diagnostics.
    #[test]
    fn a_damaged_file_gives_code_or_problems(
        file in 0..11_usize, at in 0.0..1.0, length in 0..40_usize, with in ".{0,3}"
    ) {
        let mut release = SUPPORTED.last().unwrap().clone();
        let text = &mut release.resources[file].1.text;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let start = (at * text.len() as f64) as usize;
        let end = (start + length).min(text.len());
        if text.is_char_boundary(start) && text.is_char_boundary(end) {
            text.replace_range(start..end, &with);
        }
        if let Err(diagnostics) = generate(&[release], &[], &Record::default()) {
            prop_assert!(!diagnostics.to_string().contains("fault of the generator"), "{}", diagnostics);
        }
    }

    /// A name of a real file replaced by anything, everywhere in it.
    #[test]
    fn a_name_may_be_anything(file in 0..11_usize, which in any::<prop::sample::Index>(), name in "\\PC{0,6}") {
        let mut release = SUPPORTED.last().unwrap().clone();
        let text = &mut release.resources[file].1.text;
        let strings: Vec<String> = text.split('"').skip(1).step_by(2).map(str::to_owned).collect();
        let old = which.get(&strings);
        let new = serde_json::Value::from(name).to_string();
        *text = text.replace(&format!("\"{old}\""), &new);
        if let Err(diagnostics) = generate(&[release], &[], &Record::default()) {
            prop_assert!(!diagnostics.to_string().contains("fault of the generator"), "{}", diagnostics);
        }
    }
}

#[test]
fn deep_nesting_is_refused_without_a_crash() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        assert!(read_listing(&source(deep)).is_err());
    }
}
