//! How one type's values relate to another's.

use std::collections::BTreeMap;

/// Models that are called otherwise: the old name, the new one.
pub(super) type Renamed<'a> = BTreeMap<&'a str, &'a str>;

/// What became of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shift {
    /// Another spelling of the same.
    Same,
    /// `int` to `long`.
    NumberWidened,
    /// `long` to `int`.
    NumberNarrowed,
    /// The new type has every value of the old one.
    Widened,
    /// The old type has every value of the new one.
    Narrowed,
    /// Neither.
    Changed,
}

/// How the values of a type relate to those of another, as JSON has them.
pub(super) fn shift(old: &str, new: &str) -> Shift {
    match (old, new) {
        _ if plain(old) == plain(new) => Shift::Same,
        ("int", "long") => Shift::NumberWidened,
        ("long", "int") => Shift::NumberNarrowed,
        _ if holds(new, old) => Shift::Widened,
        _ if holds(old, new) => Shift::Narrowed,
        _ => Shift::Changed,
    }
}

/// How the values of a type relate to those of another where they travel as text: every one of them is a string.
pub(super) fn shift_of_text(old: &str, new: &str) -> Shift {
    match shift(old, new) {
        Shift::Changed if new == "string" => Shift::Widened,
        Shift::Changed if old == "string" => Shift::Narrowed,
        shift => shift,
    }
}

/// Spellings of one type.
fn plain(ty: &str) -> &str {
    match ty {
        "float" | "number" => "double",
        "containers" => "object",
        other => other,
    }
}

/// Whether every value of `part` is one of `whole`.
fn holds(whole: &str, part: &str) -> bool {
    let is_number = |ty: &str| matches!(plain(ty), "int" | "long" | "double");
    match plain(whole) {
        "double" => is_number(part),
        "string" => part == "Date",
        // What is neither text nor a number is an object, and `object` is any of them.
        "object" => !is_number(part) && !part.starts_with("List[") && !matches!(part, "string" | "boolean" | "Date"),
        _ => match (whole.strip_prefix("List["), part.strip_prefix("List[")) {
            (Some(whole), Some(part)) => holds(whole.trim_end_matches(']'), part.trim_end_matches(']')),
            _ => false,
        },
    }
}

/// An old type as the new release would spell it, if its model is merely called otherwise now.
pub(super) fn renamed_type(ty: &str, renamed: &Renamed<'_>) -> String {
    let (open, name, close) = match ty.strip_prefix("List[").and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => ("List[", inner, "]"),
        None => ("", ty, ""),
    };
    format!("{open}{}{close}", renamed.get(name).copied().unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_relate_by_their_values() {
        let cases = [
            ("int", "int", Shift::Same),
            ("float", "double", Shift::Same),
            ("int", "long", Shift::NumberWidened),
            ("long", "int", Shift::NumberNarrowed),
            ("int", "double", Shift::Widened),
            ("double", "long", Shift::Narrowed),
            ("Date", "string", Shift::Widened),
            ("string", "Date", Shift::Narrowed),
            ("Channel", "object", Shift::Widened),
            ("List[Channel]", "List[object]", Shift::Widened),
            ("List[int]", "List[double]", Shift::Widened),
            ("string", "int", Shift::Changed),
            ("string", "object", Shift::Changed),
            ("List[Channel]", "Channel", Shift::Changed),
            ("List[Channel]", "object", Shift::Changed),
        ];
        for (old, new, expected) in cases {
            assert_eq!(shift(old, new), expected, "{old} -> {new}");
        }
    }

    #[test]
    fn every_text_is_a_string() {
        assert_eq!(shift_of_text("int", "string"), Shift::Widened);
        assert_eq!(shift_of_text("string", "boolean"), Shift::Narrowed);
        assert_eq!(shift_of_text("int", "boolean"), Shift::Changed);
    }
}
