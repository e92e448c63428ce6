//! Rust names for wire names.

use heck::{ToSnakeCase, ToUpperCamelCase};

/// Keywords of edition 2024, reserved ones included.
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Keywords that have no raw form.
const NEVER_RAW: [&str; 5] = ["self", "super", "crate", "Self", "_"];

/// Type names that generated code itself uses or that the prelude brings.
#[rustfmt::skip]
const TAKEN_TYPES: &[&str] = &[
    "Arguments", "AsMut", "AsRef", "BTreeMap", "Body", "Box", "Bytes", "Call", "Client", "Clone", "Copy", "Cow",
    "Date", "DateTime", "Debug", "Default", "Deref", "Deserialize", "Deserializer", "Disconnected", "Display",
    "DoubleEndedIterator", "Download", "Dropped", "Eq", "Err", "Error", "Event", "EventFilter", "ExactSizeIterator",
    "Extend", "Fn", "FnMut", "FnOnce", "Formatter", "From", "FromIterator", "FromStr", "Future", "Hash", "Hasher",
    "HashMap", "Id", "Into", "IntoFuture", "IntoIterator", "IntoList", "Iterator", "Map", "Method", "None", "Ok", "Operation",
    "Option", "Ord", "Ordering", "Other", "PartialEq", "PartialOrd", "Pin", "Reconnected", "Release", "Request",
    "Response", "ResponseFuture", "Result", "Resync", "Resynced", "Self", "Serialize", "Serializer", "Sized", "Some", "String",
    "Sync", "ToOwned", "ToString", "TryFrom", "TryInto", "Undecodable", "UndecodableEvent", "Unknown", "UnknownEvent",
    "Unpin", "Value", "VariableValue", "Vec",
];

/// Acronyms that Asterisk writes before a word in lower case, as in `RTPstat`.
const ACRONYMS: [&str; 1] = ["RTP"];

/// A field, argument or function name: `channelId` becomes `channel_id`, `type` becomes `r#type`.
pub(super) fn value_name(wire: &str) -> String {
    escape(identifier(&wire.to_snake_case(), wire, "n"))
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

/// The name of an event's struct and variant. The runtime has its own `UnknownEvent`, hence the other suffix.
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
    identifier(&camel, text, "N")
}

/// A variant's name for a value: words, or the names of its signs.
pub(super) fn variant_name(wire: &str) -> String {
    let is_sign = !wire.is_empty() && !wire.chars().any(char::is_alphanumeric);
    let name = if is_sign { wire.chars().map(sign).collect() } else { camel(wire) };
    match name.as_str() {
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

/// A name as an identifier: characters that none can have become their numbers.
fn identifier(name: &str, wire: &str, prefix: &str) -> String {
    let number = |c: char| format!("u{:04x}", u32::from(c));
    let name: String = match (name, wire) {
        ("", "") => "empty".to_owned(),
        ("", wire) => wire.chars().map(number).collect(),
        (name, _) => name.chars().map(|c| if is_part(c) { c.to_string() } else { number(c) }).collect(),
    };
    let name = if prefix.starts_with(char::is_uppercase) { capitalised(&name) } else { name };
    let starts =
        name.starts_with(|c: char| c.is_ascii_alphabetic() || syn::parse_str::<syn::Ident>(&c.to_string()).is_ok());
    if starts { name } else { format!("{prefix}{name}") }
}

/// Whether an identifier can have a character after its first.
fn is_part(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric() || syn::parse_str::<syn::Ident>(&format!("a{c}")).is_ok()
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

fn escape(name: String) -> String {
    if NEVER_RAW.contains(&name.as_str()) {
        format!("{name}_")
    } else if KEYWORDS.contains(&name.as_str()) {
        format!("r#{name}")
    } else {
        name
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
