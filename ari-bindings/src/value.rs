//! The `value!` macro: enums over the texts that Asterisk sends, open to those it does not declare.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

/// A string of the input, borrowed from it if it stands there without escapes.
///
/// One visitor for every value of the crate.
pub(crate) struct Text<'de>(pub(crate) Cow<'de, str>);

impl<'de: 'text, 'text> Deserialize<'de> for Text<'text> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

/// Gives an open enum its conversions: one with `as_str`, `known` and the variant `Other(String)`.
macro_rules! value {
    ($name:ident) => {
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::known(text).unwrap_or_else(|| Self::Other(text.to_owned()))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::known(&text).unwrap_or(Self::Other(text))
            }
        }

        impl From<&String> for $name {
            fn from(text: &String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl From<&$name> for $name {
            fn from(value: &$name) -> Self {
                value.clone()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                match value {
                    $name::Other(text) => text,
                    known => known.as_str().to_owned(),
                }
            }
        }

        impl Default for $name {
            /// The empty text.
            fn default() -> Self {
                Self::from("")
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(text))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self.as_str(), f)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let crate::value::Text(text) = serde::Deserialize::deserialize(deserializer)?;
                Ok(Self::known(&text).unwrap_or_else(|| Self::Other(text.into_owned())))
            }
        }

        #[cfg(feature = "http")]
        impl crate::IntoList<$name> for $name {
            fn into_list(self) -> Vec<$name> {
                vec![self]
            }
        }

        crate::id::equals_text!($name: str, &str, String);
    };
}

pub(crate) use value;

#[cfg(test)]
mod tests {
    #![allow(unreachable_pub, reason = "the macro makes public types")]

    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    enum State {
        Down,
        PreRing,
        Other(String),
    }

    impl State {
        fn as_str(&self) -> &str {
            match self {
                Self::Down => "Down",
                Self::PreRing => "Pre-ring",
                Self::Other(text) => text,
            }
        }

        fn known(text: &str) -> Option<Self> {
            match text {
                "Down" => Some(Self::Down),
                "Pre-ring" => Some(Self::PreRing),
                _ => None,
            }
        }
    }

    value!(State);

    #[test]
    fn known_values_become_variants() {
        assert_eq!(State::from("Down"), State::Down);
        assert_eq!(State::from("Pre-ring".to_owned()), State::PreRing);
        assert_eq!(State::from("Rsrvd"), State::Other("Rsrvd".to_owned()));
        assert_eq!(State::from(&State::PreRing), "Pre-ring");
        assert_eq!("x", State::from(&"x".to_owned()));
        assert_eq!(String::from(State::Down), "Down");
        assert_eq!(format!("[{:>5}]", State::Down), "[ Down]");
    }

    #[test]
    fn json_round_trips_escapes_included() {
        for text in [r#""Down""#, r#""Pre-ring""#, r#""Unknown (12)""#, r#""a\"b""#] {
            let state: State = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&state).unwrap(), text);
        }
        let escaped: State = serde_json::from_str(r#""Do\u0077n""#).unwrap();
        assert_eq!(escaped, State::Down);
        assert!(serde_json::from_str::<State>("null").is_err());
    }
}
