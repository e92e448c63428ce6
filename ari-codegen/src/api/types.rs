//! Types as the declarations spell them.

use std::fmt;

/// A type of a parameter, a property or a reply.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// `string`
    String,
    /// `int`: as a parameter of 32 bits; the declarations use it for greater numbers of models, too.
    Integer,
    /// `long`
    Long,
    /// `double`, `float`, `number`
    Double,
    /// `boolean`
    Boolean,
    /// `Date`
    Date,
    /// `object`, `containers`: any JSON.
    Object,
    /// An `object` whose members are all text, which no declaration can say.
    StringMap,
    /// A model by name.
    Model(String),
    /// `List[T]`
    List(Box<Type>),
}

impl Type {
    /// Parses a spelling; a word that is no primitive is a model's name.
    ///
    /// # Errors
    /// What is wrong with the spelling.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(inner) = text.strip_prefix("List[").and_then(|rest| rest.strip_suffix(']')) {
            return Ok(Self::List(Box::new(Self::parse(inner)?)));
        }
        Ok(match text {
            "string" => Self::String,
            "int" => Self::Integer,
            "long" => Self::Long,
            "double" | "float" | "number" => Self::Double,
            "boolean" => Self::Boolean,
            "Date" => Self::Date,
            "object" | "containers" => Self::Object,
            name if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
                Self::Model(name.to_owned())
            }
            _ => {
                return Err(format!(
                    "`{text}` is not a type: expected string, int, long, double, boolean, Date, object, containers, \
                     a model's name, or List[…] of one"
                ));
            }
        })
    }

    /// The type that holds the values of both; none where only JSON does.
    pub(crate) fn or_wider(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Integer, Self::Long) | (Self::Long, Self::Integer) => Some(Self::Long),
            _ => (self == other).then(|| self.clone()),
        }
    }

    /// The model that the type names, within lists too.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        match self {
            Self::Model(name) => Some(name),
            Self::List(inner) => inner.model(),
            _ => None,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => f.write_str("string"),
            Self::Integer => f.write_str("int"),
            Self::Long => f.write_str("long"),
            Self::Double => f.write_str("double"),
            Self::Boolean => f.write_str("boolean"),
            Self::Date => f.write_str("Date"),
            Self::Object => f.write_str("object"),
            Self::StringMap => f.write_str("object of strings"),
            Self::Model(name) => f.write_str(name),
            Self::List(inner) => write!(f, "List[{inner}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spelling_comes_back_as_it_was() {
        for text in ["string", "Channel", "List[string]", "List[List[Channel]]", "boolean", "Date"] {
            assert_eq!(Type::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Type::parse("long").unwrap(), Type::Long);
    }

    #[test]
    fn refuses_what_is_not_a_type() {
        for text in ["", "List[", "List[]", "Map[string]", "a-b", "List[string"] {
            assert!(
                Type::parse(text)
                    .unwrap_err()
                    .contains(&format!("`{}`", text.trim_start_matches("List[").trim_end_matches(']')))
                    || Type::parse(text).unwrap_err().contains(&format!("`{text}`"))
            );
        }
    }
}
