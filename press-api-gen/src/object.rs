//! Objects that keep the fields they don't know.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

/// Implements `Deserialize` and `Serialize` for a struct whose field `extra` holds the fields that the schema doesn't
/// name.
///
/// serde's derive first collects all unknown fields in a list, and takes longer to compile. These impls insert each one
/// into `extra` at once. All else is as with the derive, error texts included. A field that isn't `required` is an
/// `Option`.
macro_rules! object {
    ($name:ident { $($key:literal => $field:ident $($required:ident)?,)* }) => {
        const _: () = {
            #[allow(non_camel_case_types)]
            enum Key {
                $($field,)*
                Unknown(String),
            }

            impl From<&str> for Key {
                fn from(key: &str) -> Self {
                    match key {
                        $($key => Self::$field,)*
                        _ => Self::Unknown(key.to_owned()),
                    }
                }
            }

            #[derive(Default)]
            struct Seen {
                $($field: bool,)*
            }

            impl crate::object::Object for crate::generated::types::$name {
                const EXPECTING: &'static str = concat!("struct ", stringify!($name));

                fn read<'de, A: serde::de::MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
                    let mut object = Self::default();
                    let mut seen = Seen::default();
                    while let Some(name) = map.next_key::<crate::object::Name<Key>>()? {
                        match name.0 {
                            $(Key::$field => {
                                if std::mem::replace(&mut seen.$field, true) {
                                    return Err(serde::de::Error::duplicate_field($key));
                                }
                                object.$field = map.next_value()?;
                            })*
                            Key::Unknown(name) => {
                                object.extra.insert(name, map.next_value()?);
                            }
                        }
                    }
                    $($(
                        if !seen.$field {
                            return Err(serde::de::Error::missing_field(crate::object::object!(@$required $key)));
                        }
                    )?)*
                    Ok(object)
                }
            }

            impl<'de> serde::Deserialize<'de> for crate::generated::types::$name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    crate::object::read(deserializer)
                }
            }

            impl serde::Serialize for crate::generated::types::$name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    use serde::ser::SerializeMap;

                    let mut map = serializer.serialize_map(None)?;
                    $(crate::object::object!(@write map $key (self.$field) $($required)?);)*
                    for (key, value) in &self.extra {
                        map.serialize_entry(key, value)?;
                    }
                    map.end()
                }
            }
        };
    };
    (@required $key:literal) => { $key };
    (@write $map:ident $key:literal ($field:expr) required) => { $map.serialize_entry($key, &$field)? };
    (@write $map:ident $key:literal ($field:expr)) => {
        if $field.is_some() {
            $map.serialize_entry($key, &$field)?;
        }
    };
}
pub(crate) use object;

/// Serialization and deserialization that [`object!`] implements.
pub(crate) trait Object: Sized {
    const EXPECTING: &'static str;

    fn read<'de, A: MapAccess<'de>>(map: A) -> Result<Self, A::Error>;
}

pub(crate) fn read<'de, D: Deserializer<'de>, T: Object>(deserializer: D) -> Result<T, D::Error> {
    struct Read<T>(PhantomData<T>);

    impl<'de, T: Object> Visitor<'de> for Read<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(T::EXPECTING)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::read(map)
        }
    }

    deserializer.deserialize_map(Read(PhantomData))
}

/// The name of a field.
pub(crate) struct Name<T>(pub(crate) T);

impl<'de, T: for<'a> From<&'a str>> Deserialize<'de> for Name<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::open_enum::text(deserializer).map(Self)
    }
}
