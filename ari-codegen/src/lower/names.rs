//! Rust names for wire names.

use std::collections::BTreeMap;

use heck::{ToSnakeCase, ToUpperCamelCase};

use crate::diagnostic::{Diagnostics, Span};

/// Keywords of edition 2024, reserved ones included.
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Keywords that have no raw form.
const NEVER_RAW: [&str; 5] = ["self", "super", "crate", "Self", "_"];

/// Type names that generated code itself uses.
const TAKEN_TYPES: [&str; 27] = [
    "Box",
    "Call",
    "Client",
    "Date",
    "Disconnected",
    "Dropped",
    "Err",
    "Event",
    "Into",
    "IntoIterator",
    "Iterator",
    "Method",
    "None",
    "Ok",
    "Operation",
    "Option",
    "Reconnected",
    "Result",
    "Resynced",
    "Self",
    "Some",
    "String",
    "Undecodable",
    "UndecodableEvent",
    "Unknown",
    "UnknownEvent",
    "Vec",
];

/// Acronyms that Asterisk writes before a word in lower case, as in `RTPstat`.
const ACRONYMS: [&str; 1] = ["RTP"];

/// A field, argument or function name: `channelId` becomes `channel_id`, `type` becomes `r#type`.
pub(super) fn value_name(wire: &str) -> String {
    escape(started_by_letter(wire.to_snake_case(), "n"))
}

/// A name as [`value_name`] makes it, out of the way of names that the surrounding code uses.
pub(super) fn value_name_beside(wire: &str, taken: &[&str]) -> String {
    let name = value_name(wire);
    if taken.contains(&name.as_str()) { format!("{}_", name.trim_start_matches("r#")) } else { name }
}

/// A type name: `CallerID` becomes `CallerId`.
///
/// `suffix` sets a name apart that generated code uses itself.
pub(super) fn type_name(wire: &str, suffix: &str) -> String {
    let name = camel(wire);
    if TAKEN_TYPES.contains(&name.as_str()) { format!("{name}{suffix}") } else { name }
}

/// The name of an event's struct and variant. The runtime has an `UnknownEvent` of its own, hence the other suffix.
pub(super) fn event_name(wire: &str) -> String {
    type_name(wire, "Message")
}

/// A type name made of words; an acronym is one word.
pub(super) fn camel(text: &str) -> String {
    // The last capital of a run starts the next word, unless the run is a whole acronym.
    let acronym = ACRONYMS.iter().find_map(|acronym| Some((acronym, text.strip_prefix(acronym)?)));
    let camel = match acronym {
        Some((acronym, rest)) => format!("{acronym}_{rest}").to_upper_camel_case(),
        None => text.to_upper_camel_case(),
    };
    started_by_letter(camel, "N")
}

/// A variant's name for a value: words, or the names of its signs.
pub(super) fn variant_name(wire: &str) -> String {
    let name = if wire.chars().any(char::is_alphanumeric) { camel(wire) } else { wire.chars().map(sign).collect() };
    match name.as_str() {
        "" => "Empty".to_owned(),
        "Other" | "Self" => format!("{name}Value"),
        _ => name,
    }
}

fn sign(c: char) -> String {
    match c {
        '*' => "Star".to_owned(),
        '#' => "Hash".to_owned(),
        '+' => "Plus".to_owned(),
        '-' => "Dash".to_owned(),
        '.' => "Dot".to_owned(),
        '/' => "Slash".to_owned(),
        other => format!("U{:04X}", u32::from(other)),
    }
}

fn started_by_letter(name: String, prefix: &str) -> String {
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("{prefix}{name}") } else { name }
}

fn escape(name: String) -> String {
    if NEVER_RAW.contains(&name.as_str()) || name.is_empty() {
        format!("{name}_")
    } else if KEYWORDS.contains(&name.as_str()) {
        format!("r#{name}")
    } else {
        name
    }
}

/// Names of one scope; a wire name that gives no Rust name, and two that give the same one, are reported.
pub(super) struct Scope<'a> {
    what: &'a str,
    names: BTreeMap<String, (String, Span)>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(what: &'a str) -> Self {
        Self { what, names: BTreeMap::new() }
    }

    pub(super) fn claim(&mut self, name: &str, wire: &str, span: &Span, diagnostics: &mut Diagnostics) {
        if syn::parse_str::<syn::Ident>(name).is_err() {
            diagnostics.at(span, format!("`{wire}` gives no Rust name: `{name}` is not an identifier"));
        } else if let Some((other, earlier)) = self.names.get(name) {
            let message =
                format!("clashing names in {}: `{wire}` and `{other}` ({earlier}) both become `{name}`", self.what);
            diagnostics.at(span, message);
        } else {
            self.names.insert(name.to_owned(), (wire.to_owned(), span.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_names_are_identifiers() {
        let cases = [
            ("channelId", "channel_id"),
            ("sendDTMF", "send_dtmf"),
            ("type", "r#type"),
            ("move", "r#move"),
            ("self", "self_"),
            ("crate", "crate_"),
            ("3pcc", "n3pcc"),
            ("max-age", "max_age"),
            ("transfer_progress", "transfer_progress"),
        ];
        for (wire, name) in cases {
            assert_eq!(value_name(wire), name);
        }
    }

    #[test]
    fn type_names_treat_acronyms_as_words() {
        let cases = [
            ("CallerID", "CallerId"),
            ("DialplanCEP", "DialplanCep"),
            ("RESTQueryStringParameter", "RestQueryStringParameter"),
            ("RTPstat", "RtpStat"),
            ("ChannelUserevent", "ChannelUserevent"),
            ("Option", "OptionModel"),
            ("call_info", "CallInfo"),
            ("3pcc", "N3pcc"),
        ];
        for (wire, name) in cases {
            assert_eq!(type_name(wire, "Model"), name);
        }
    }

    #[test]
    fn variant_names_are_words() {
        let cases = [
            ("Dialing Offhook", "DialingOffhook"),
            ("Pre-ring", "PreRing"),
            ("NOT_INUSE", "NotInuse"),
            ("*", "Star"),
            ("#", "Hash"),
            ("other", "OtherValue"),
            ("self", "SelfValue"),
            ("", "Empty"),
            ("2way", "N2way"),
            ("=", "U003D"),
        ];
        for (wire, name) in cases {
            assert_eq!(variant_name(wire), name);
        }
    }
}
