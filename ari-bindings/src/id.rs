//! The `id!` macro: the identifiers of ARI, one type for each kind of thing.

use std::fmt;

use serde::de::Visitor;
use smol_str::SmolStr;

/// Defines a kind of identifier: text that is not interchangeable with the identifiers of other things.
macro_rules! id {
    ($name:ident, $docs:literal) => {
        #[doc = $docs]
        #[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(smol_str::SmolStr);

        impl $name {
            /// The identifier with this text.
            pub fn new(id: impl Into<String>) -> Self {
                Self(smol_str::SmolStr::from(id.into()))
            }

            /// The text of the identifier.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text of the identifier.
            #[must_use]
            pub fn into_string(self) -> String {
                self.0.into()
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&self.0, f)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.into())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id.into())
            }
        }

        impl From<&String> for $name {
            fn from(id: &String) -> Self {
                Self(id.into())
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }

        impl From<&$name> for String {
            fn from(id: &$name) -> Self {
                id.0.as_str().to_owned()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(crate::id::IdVisitor).map(Self)
            }
        }

        #[cfg(feature = "http")]
        impl crate::IntoList<$name> for $name {
            fn into_list(self) -> Vec<$name> {
                vec![self]
            }
        }

        #[cfg(feature = "http")]
        impl crate::IntoList<$name> for &$name {
            fn into_list(self) -> Vec<$name> {
                vec![self.clone()]
            }
        }

        crate::id::equals_text!($name: str, &str, String);
    };
}

/// The text of an id that may be absent.
pub(crate) fn text<T: AsRef<str>>(id: Option<&T>) -> Option<&str> {
    id.map(AsRef::as_ref)
}

/// Reads the text of an id, without a detour by the heap.
pub(crate) struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = SmolStr;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<SmolStr, E> {
        Ok(SmolStr::new(text))
    }
}

/// Compares a text type with the string types, both ways.
macro_rules! equals_text {
    ($name:ident: $($text:ty),+) => {$(
        impl PartialEq<$text> for $name {
            fn eq(&self, other: &$text) -> bool {
                let other: &str = other.as_ref();
                self.as_str() == other
            }
        }

        impl PartialEq<$name> for $text {
            fn eq(&self, other: &$name) -> bool {
                let text: &str = self.as_ref();
                text == other.as_str()
            }
        }
    )+};
}

pub(crate) use {equals_text, id};

#[cfg(test)]
mod tests {
    id!(ThingId, "A test's identifier.");

    #[test]
    fn id_compares_with_text() {
        let id = ThingId::new("a/b");
        assert_eq!(id, "a/b");
        assert_eq!("a/b", id);
        assert_eq!(id, "a/b".to_owned());
        assert_eq!("a/b".to_owned(), id);
        assert_eq!(id, *"a/b");
        assert_eq!(id.as_str().len(), 3);
        assert_eq!(format!("{id} {id:?} {id:>4}"), r#"a/b "a/b"  a/b"#);
        assert_eq!(ThingId::from(&id), ThingId::from(&id.clone().into_string()));
        assert_eq!(String::from(&id), String::from(id));
    }

    #[test]
    fn id_is_a_json_string_and_a_map_key() {
        let id: ThingId = serde_json::from_str(r#""a\/b""#).unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), r#""a/b""#);
        assert!(serde_json::from_str::<ThingId>("1").is_err());
        let map = std::collections::HashMap::from([(id, 1)]);
        assert_eq!(map.get("a/b"), Some(&1));
    }
}
