//! The `object!` macro: structs as JSON objects. It does what serde's derive does, for what ARI needs of it, without
//! the crates that compile the derive.

use std::fmt;
use std::marker::PhantomData;

use serde_core::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

/// A struct that is read from a JSON object.
pub(crate) trait Object<'de>: Sized {
    /// What errors call it.
    const NAME: &'static str;
    /// The names of its members.
    const MEMBERS: &'static [&'static str];
    /// One of its members.
    type Member;

    /// The member of this name.
    fn member(name: &str) -> Option<Self::Member>;

    /// Reads the members.
    fn read<A: MapAccess<'de>>(access: A) -> Result<Self, A::Error>;
}

/// Reads a struct; objects alone will do.
pub(crate) fn deserialize<'de, T: Object<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_struct(T::NAME, T::MEMBERS, ObjectVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Object<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "struct {}", T::NAME)
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<T, A::Error> {
        T::read(access)
    }
}

/// The next member of an object whose value must be read; unknown ones are passed over.
pub(crate) fn next<'de, T: Object<'de>, A: MapAccess<'de>>(access: &mut A) -> Result<Option<T::Member>, A::Error> {
    while let Some(member) = access.next_key_seed(MemberVisitor::<T>(PhantomData))? {
        if member.is_some() {
            return Ok(member);
        }
        access.next_value::<IgnoredAny>()?;
    }
    Ok(None)
}

struct MemberVisitor<T>(PhantomData<T>);

impl<'de, T: Object<'de>> DeserializeSeed<'de> for MemberVisitor<T> {
    type Value = Option<T::Member>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de, T: Object<'de>> Visitor<'de> for MemberVisitor<T> {
    type Value = Option<T::Member>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(T::member(name))
    }
}

/// Reads a value.
#[inline]
pub(crate) fn value<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    access: &mut A,
    slot: &mut Option<T>,
    name: &'static str,
) -> Result<(), A::Error> {
    if slot.is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    *slot = Some(access.next_value()?);
    Ok(())
}

/// What a member that must be there is, or the error that it is not.
pub(crate) fn required<T, E: Error>(value: Option<T>, name: &'static str) -> Result<T, E> {
    value.ok_or_else(|| E::missing_field(name))
}

/// Lets a struct be read from a JSON object and written as one.
///
/// ```text
/// object!(Cat { name = "name", colour = "colour": optional, born = "born": date });
/// object!(Miaow as "type" = "Miaow" { at = "at": optional_date });
/// ```
///
/// An `optional` member is an `Option`, absent or `null` where it is `None`, and not written then; `date` is for a
/// [`Date`](crate::Date). The member that comes after `as` is written, and not read.
macro_rules! object {
    ($name:ident $(as $tag:literal = $kind:literal)? { $($field:ident = $member:literal $(: $how:ident)?),* $(,)? }) => {
        crate::object::readable!($name { $($field = $member $(: $how)?),* });
        crate::object::writable!($name $(as $tag = $kind)? { $($field = $member $(: $how)?),* });
    };
}

/// The half of [`object!`] that reads. The lifetime of a struct that borrows from the text must be `'de`; a `default`
/// member may be absent.
macro_rules! readable {
    ($name:ident $(<$de:lifetime>)? { $($field:ident = $member:literal $(: $how:ident)?),* $(,)? }) => {
        const _: () = {
            #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "the names of the fields")]
            pub(crate) enum Member { $($field),* }

            impl<'de> crate::object::Object<'de> for $name $(<$de>)? {
                const NAME: &'static str = stringify!($name);
                const MEMBERS: &'static [&'static str] = &[$($member),*];
                type Member = Member;

                fn member(name: &str) -> Option<Member> {
                    match name {
                        $($member => Some(Member::$field),)*
                        _ => None,
                    }
                }

                fn read<A: serde_core::de::MapAccess<'de>>(mut access: A) -> Result<Self, A::Error> {
                    $(let mut $field = None;)*
                    while let Some(member) = crate::object::next::<Self, A>(&mut access)? {
                        match member {
                            $(Member::$field => crate::object::read_member!([$($how)?] access $field $member),)*
                        }
                    }
                    Ok(Self { $($field: crate::object::take_member!([$($how)?] $field $member)),* })
                }
            }

            impl<'de> serde_core::Deserialize<'de> for $name $(<$de>)? {
                fn deserialize<D: serde_core::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    crate::object::deserialize(deserializer)
                }
            }
        };
    };
}

macro_rules! read_member {
    ([date] $access:ident $field:ident $member:literal) => {
        crate::object::value::<crate::date::Written, A>(&mut $access, &mut $field, $member)?
    };
    ([optional_date] $access:ident $field:ident $member:literal) => {
        crate::object::value::<Option<crate::date::Written>, A>(&mut $access, &mut $field, $member)?
    };
    ([$($how:ident)?] $access:ident $field:ident $member:literal) => {
        crate::object::value(&mut $access, &mut $field, $member)?
    };
}

macro_rules! take_member {
    ([optional] $field:ident $member:literal) => {
        $field.flatten()
    };
    ([optional_date] $field:ident $member:literal) => {
        $field.flatten().map(|crate::date::Written(date)| date)
    };
    ([date] $field:ident $member:literal) => {
        crate::object::required($field, $member).map(|crate::date::Written(date)| date)?
    };
    ([default] $field:ident $member:literal) => {
        $field.unwrap_or_default()
    };
    ([$($how:ident)?] $field:ident $member:literal) => {
        crate::object::required($field, $member)?
    };
}

/// The half of [`object!`] that writes.
macro_rules! writable {
    (
        $name:ident $(<$a:lifetime>)? $(as $tag:literal = $kind:literal)?
        { $($field:ident = $member:literal $(: $how:ident)?),* $(,)? }
    ) => {
        impl $(<$a>)? serde_core::Serialize for $name $(<$a>)? {
            fn serialize<S: serde_core::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde_core::ser::SerializeStruct as _;

                let names: &[&str] = &[$($tag,)? $($member),*];
                let members = names.len() $(- crate::object::missing!([$($how)?] self.$field))*;
                #[allow(unused_mut, reason = "some have no members")]
                let mut object = serializer.serialize_struct(stringify!($name), members)?;
                $(object.serialize_field($tag, $kind)?;)?
                $(crate::object::write_member!([$($how)?] object $member self.$field);)*
                object.end()
            }
        }
    };
}

/// How many members a field that is not written leaves out.
macro_rules! missing {
    ([] $self:ident.$field:ident) => {
        0
    };
    ([date] $self:ident.$field:ident) => {
        0
    };
    ([$how:ident] $self:ident.$field:ident) => {
        usize::from($self.$field.is_none())
    };
}

macro_rules! write_member {
    ([] $object:ident $member:literal $self:ident.$field:ident) => {
        $object.serialize_field($member, &$self.$field)?
    };
    ([date] $object:ident $member:literal $self:ident.$field:ident) => {
        $object.serialize_field($member, &crate::date::Written($self.$field))?
    };
    ([optional] $object:ident $member:literal $self:ident.$field:ident) => {
        match &$self.$field {
            Some(value) => $object.serialize_field($member, value)?,
            None => $object.skip_field($member)?,
        }
    };
    ([optional_date] $object:ident $member:literal $self:ident.$field:ident) => {
        match $self.$field {
            Some(date) => $object.serialize_field($member, &crate::date::Written(date))?,
            None => $object.skip_field($member)?,
        }
    };
}

pub(crate) use {missing, object, read_member, readable, take_member, writable, write_member};
