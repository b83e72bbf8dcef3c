//! Objects that keep the fields they don't know.

use std::borrow::Cow;

/// Implements `Deserialize` and `Serialize` for a struct whose field `extra` holds the fields that
/// the schema doesn't name.
///
/// serde's derive first collects all unknown fields in a list, and takes longer to compile. These
/// impls insert each one into `extra` at once. All else is as with the derive, error texts
/// included. A field that isn't `required` is an `Option`.
macro_rules! object {
    ($name:ident { $($key:literal => $field:ident $($required:ident)?,)* }) => {
        impl<'de> serde::Deserialize<'de> for crate::generated::types::$name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Read;

                impl<'de> serde::de::Visitor<'de> for Read {
                    type Value = crate::generated::types::$name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("struct ", stringify!($name)))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut object = Self::Value::default();
                        $(let mut $field = false;)*
                        while let Some(key) = map.next_key::<crate::object::Key<'de>>()? {
                            match &*key.0 {
                                $(
                                    $key if !std::mem::replace(&mut $field, true) => object.$field = map.next_value()?,
                                    $key => return Err(serde::de::Error::duplicate_field($key)),
                                )*
                                _ => {
                                    object.extra.insert(key.0.into_owned(), map.next_value()?);
                                }
                            }
                        }
                        $($(
                            if !$field {
                                return Err(serde::de::Error::missing_field(crate::object::object!(@$required $key)));
                            }
                        )?)*
                        Ok(object)
                    }
                }

                deserializer.deserialize_map(Read)
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
    (@required $key:literal) => { $key };
    (@write $map:ident $key:literal ($field:expr) required) => { $map.serialize_entry($key, &$field)? };
    (@write $map:ident $key:literal ($field:expr)) => {
        if $field.is_some() {
            $map.serialize_entry($key, &$field)?;
        }
    };
}
pub(crate) use object;

/// The name of a field, not copied where it is not escaped.
#[derive(serde::Deserialize)]
pub(crate) struct Key<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);
