//! Objects that keep unknown fields and values of unexpected types.

use std::{borrow::Cow, collections::HashMap, fmt, hash::BuildHasher, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        DeserializeOwned, DeserializeSeed, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{Error as ScalarError, MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use serde_json::{Map, Value};

/// A value of an unexpected type. Boxed because it's rare and moved often.
pub(crate) type Odd = Box<Value>;

/// A type that can be read from any JSON value. An unexpected type is an error only for an item of
/// a required list.
///
/// Each method reads one JSON shape into `self`, which starts as the default value. The methods for
/// lists and objects return a value of an unexpected type instead of storing it in `self`. A type
/// overrides the methods for the shapes that it accepts.
pub(crate) trait Tolerant: Default {
    /// Returns `true` if null was accepted.
    fn set_null(&mut self) -> bool {
        false
    }

    /// Returns `true` if the scalar was accepted.
    fn set_scalar<'de, D: Deserializer<'de>>(&mut self, _: D) -> bool {
        false
    }

    fn set_list<'de, A: SeqAccess<'de>>(&mut self, items: A) -> Result<Option<Odd>, A::Error> {
        Ok(Some(Box::new(any_list(items)?)))
    }

    /// Reads the list of a required field. An item of an unexpected type is an error.
    fn set_required_list<'de, A: SeqAccess<'de>>(
        &mut self,
        items: A,
    ) -> Result<Option<Odd>, A::Error> {
        self.set_list(items)
    }

    fn set_object<'de, A: MapAccess<'de>>(&mut self, fields: A) -> Result<Option<Odd>, A::Error> {
        let value = Value::deserialize(MapAccessDeserializer::new(fields))?;
        // With serde_json's `arbitrary_precision` feature, numbers arrive as objects.
        match &value {
            Value::Number(number) if self.set_scalar(number) => Ok(None),
            _ => Ok(Some(Box::new(value))),
        }
    }
}

fn any_list<'de, A: SeqAccess<'de>>(items: A) -> Result<Value, A::Error> {
    Value::deserialize(SeqAccessDeserializer::new(items))
}

/// Reads any JSON value into `target`. Returns the value if its type is unexpected.
struct Reader<'a, T> {
    target: &'a mut T,
    required: bool,
}

impl<'de, T: Tolerant> DeserializeSeed<'de> for Reader<'_, T> {
    type Value = Option<Odd>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Option<Odd>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<T: Tolerant> Reader<'_, T> {
    #[inline]
    fn scalar<'de, S>(self, value: S) -> Option<Odd>
    where
        S: IntoDeserializer<'de, ScalarError> + Into<Value> + Copy,
    {
        match self.target.set_scalar(value.into_deserializer()) {
            true => None,
            false => Some(Box::new(value.into())),
        }
    }
}

impl<'de, T: Tolerant> Visitor<'de> for Reader<'_, T> {
    type Value = Option<Odd>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    #[inline]
    fn visit_unit<E>(self) -> Result<Option<Odd>, E> {
        Ok((!self.target.set_null()).then(|| Box::new(Value::Null)))
    }

    #[inline]
    fn visit_bool<E>(self, value: bool) -> Result<Option<Odd>, E> {
        Ok(self.scalar(value))
    }

    #[inline]
    fn visit_u64<E>(self, value: u64) -> Result<Option<Odd>, E> {
        Ok(self.scalar(value))
    }

    #[inline]
    fn visit_i64<E>(self, value: i64) -> Result<Option<Odd>, E> {
        Ok(self.scalar(value))
    }

    #[inline]
    fn visit_f64<E>(self, value: f64) -> Result<Option<Odd>, E> {
        Ok(self.scalar(value))
    }

    #[inline]
    fn visit_str<E>(self, value: &str) -> Result<Option<Odd>, E> {
        Ok(self.scalar(value))
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Option<Odd>, A::Error> {
        if self.required {
            self.target.set_required_list(items)
        } else {
            self.target.set_list(items)
        }
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Option<Odd>, A::Error> {
        self.target.set_object(fields)
    }
}

/// Implements [`Tolerant`] for types that are JSON scalars.
macro_rules! scalars {
    ($($name:ty),+) => {
        $(impl crate::object::Tolerant for $name {
            #[inline]
            fn set_scalar<'de, D: serde::Deserializer<'de>>(&mut self, value: D) -> bool {
                match serde::Deserialize::deserialize(value) {
                    Ok(value) => {
                        *self = value;
                        true
                    }
                    Err(_) => false,
                }
            }
        })+
    };
}
pub(crate) use scalars;

scalars!(bool, i32, i64, u32, u64, f32, f64, String);

impl<T: Tolerant + Serialize + DeserializeOwned> Tolerant for Vec<T> {
    fn set_required_list<'de, A: SeqAccess<'de>>(
        &mut self,
        mut items: A,
    ) -> Result<Option<Odd>, A::Error> {
        while items.next_element_seed(Push { list: self, required: true })?.is_some() {}
        Ok(None)
    }

    fn set_list<'de, A: SeqAccess<'de>>(&mut self, mut items: A) -> Result<Option<Odd>, A::Error> {
        while let Some(odd) = items.next_element_seed(Push { list: self, required: false })? {
            if let Some(odd) = odd {
                self.pop();
                return Ok(Some(Box::new(raw_list(self, *odd, items)?)));
            }
        }
        Ok(None)
    }
}

/// Adds an item to a list and reads it. Returns an item of an unexpected type, or fails if the list
/// is required.
struct Push<'a, T> {
    list: &'a mut Vec<T>,
    required: bool,
}

impl<'de, T: Tolerant + DeserializeOwned> DeserializeSeed<'de> for Push<'_, T> {
    type Value = Option<Odd>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Option<Odd>, D::Error> {
        let index = self.list.len();
        self.list.push(T::default());
        let target = &mut self.list[index];
        if !self.required {
            return Reader { target, required: false }.deserialize(json);
        }
        Required { target, mistyped: &mut false }.deserialize(json)?;
        Ok(None)
    }
}

/// Returns a list that contains an item of an unexpected type as JSON.
#[cold]
fn raw_list<'de, T: Serialize, A: SeqAccess<'de>>(
    before: &[T],
    odd: Value,
    mut after: A,
) -> Result<Value, A::Error> {
    let mut values = Vec::new();
    for item in before {
        values.push(serde_json::to_value(item).map_err(A::Error::custom)?);
    }
    values.push(odd);
    while let Some(value) = after.next_element()? {
        values.push(value);
    }
    Ok(Value::Array(values))
}

impl<T: Tolerant, S: BuildHasher + Default> Tolerant for HashMap<String, T, S> {
    fn set_object<'de, A: MapAccess<'de>>(&mut self, fields: A) -> Result<Option<Odd>, A::Error> {
        let value = Value::deserialize(MapAccessDeserializer::new(fields))?;
        let Value::Object(fields) = &value else { return Ok(Some(Box::new(value))) };
        for (key, field) in fields {
            let mut target = T::default();
            let reader = Reader { target: &mut target, required: false };
            if reader.deserialize(field).map_err(A::Error::custom)?.is_some() {
                return Ok(Some(Box::new(value)));
            }
            self.insert(key.clone(), target);
        }
        Ok(None)
    }
}

/// The field of an object that refers back to its own type.
impl<T: Tolerant> Tolerant for Box<T> {
    fn set_object<'de, A: MapAccess<'de>>(&mut self, fields: A) -> Result<Option<Odd>, A::Error> {
        (**self).set_object(fields)
    }
}

impl Tolerant for Map<String, Value> {
    fn set_object<'de, A: MapAccess<'de>>(&mut self, fields: A) -> Result<Option<Odd>, A::Error> {
        match Value::deserialize(MapAccessDeserializer::new(fields))? {
            Value::Object(map) => {
                *self = map;
                Ok(None)
            }
            other => Ok(Some(Box::new(other))),
        }
    }
}

impl Tolerant for Value {
    fn set_null(&mut self) -> bool {
        true
    }

    fn set_scalar<'de, D: Deserializer<'de>>(&mut self, value: D) -> bool {
        match Self::deserialize(value) {
            Ok(value) => {
                *self = value;
                true
            }
            Err(_) => false,
        }
    }

    fn set_list<'de, A: SeqAccess<'de>>(&mut self, items: A) -> Result<Option<Odd>, A::Error> {
        *self = any_list(items)?;
        Ok(None)
    }

    fn set_object<'de, A: MapAccess<'de>>(&mut self, fields: A) -> Result<Option<Odd>, A::Error> {
        *self = Self::deserialize(MapAccessDeserializer::new(fields))?;
        Ok(None)
    }
}

impl<T: Tolerant> Tolerant for Option<T> {
    fn set_null(&mut self) -> bool {
        *self = None;
        true
    }

    #[inline]
    fn set_scalar<'de, D: Deserializer<'de>>(&mut self, value: D) -> bool {
        let accepted = self.insert(T::default()).set_scalar(value);
        if !accepted {
            *self = None;
        }
        accepted
    }

    fn set_list<'de, A: SeqAccess<'de>>(&mut self, items: A) -> Result<Option<Odd>, A::Error> {
        let odd = self.insert(T::default()).set_list(items)?;
        if odd.is_some() {
            *self = None;
        }
        Ok(odd)
    }

    fn set_object<'de, A: MapAccess<'de>>(&mut self, fields: A) -> Result<Option<Odd>, A::Error> {
        let odd = self.insert(T::default()).set_object(fields)?;
        if odd.is_some() {
            *self = None;
        }
        Ok(odd)
    }
}

/// Reads the value of a known field. A value of an unexpected type is stored in `extra`.
///
/// If a key is repeated, the last value wins.
#[inline]
pub(crate) fn field<'de, T: Tolerant, A: MapAccess<'de>>(
    key: &str,
    fields: &mut A,
    field: &mut Option<T>,
    extra: &mut Map<String, Value>,
) -> Result<(), A::Error> {
    let odd = fields.next_value_seed(Reader { target: field, required: false })?;
    if !extra.is_empty() {
        extra.remove(key);
    }
    if let Some(odd) = odd {
        extra.insert(key.to_owned(), *odd);
    }
    Ok(())
}

/// Reads the value of a required field. A value of an unexpected type is an error in `field`.
///
/// The error is dropped if the key is repeated. It's created while the value is read, so that
/// `serde_path_to_error` records the path.
pub(crate) fn required<'de, T, A>(
    fields: &mut A,
    field: &mut T,
) -> Result<Option<A::Error>, A::Error>
where
    T: Tolerant + DeserializeOwned,
    A: MapAccess<'de>,
{
    *field = T::default();
    let mut mistyped = false;
    match fields.next_value_seed(Required { target: field, mistyped: &mut mistyped }) {
        Ok(()) => Ok(None),
        Err(error) if mistyped => Ok(Some(error)),
        Err(error) => Err(error),
    }
}

/// Reads a required value into `target`.
struct Required<'a, T> {
    target: &'a mut T,
    /// Set when a value of an unexpected type was read to its end, so decoding can continue.
    mistyped: &'a mut bool,
}

impl<'de, T: Tolerant + DeserializeOwned> DeserializeSeed<'de> for Required<'_, T> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let Some(odd) = json.deserialize_any(Reader { target: self.target, required: true })?
        else {
            return Ok(());
        };
        *self.mistyped = true;
        *self.target = T::deserialize(*odd).map_err(D::Error::custom)?;
        Ok(())
    }
}

/// The key under which serde_json passes a number if its `arbitrary_precision` feature is enabled.
const NUMBER: &str = "$serde_json::private::Number";

/// Returns the number that was read as an object, if it was one.
#[inline]
pub(crate) fn number(extra: &Map<String, Value>) -> Option<Value> {
    if extra.is_empty() || !extra.contains_key(NUMBER) {
        return None;
    }
    // Only serde_json can see whether its feature is enabled.
    let value = serde_json::from_value::<Value>(Value::Object(extra.clone())).ok()?;
    value.is_number().then_some(value)
}

/// Implements `Deserialize` and `Serialize` for a struct whose field `extra` holds unknown fields
/// and values of unexpected types.
///
/// A field that isn't `required` is an `Option`.
macro_rules! object {
    ($name:ident { $($key:literal => $field:ident $($required:ident)?,)* }) => {
        impl crate::object::Tolerant for crate::generated::types::$name {
            fn set_object<'de, A: serde::de::MapAccess<'de>>(
                &mut self,
                mut fields: A,
            ) -> Result<Option<crate::object::Odd>, A::Error> {
                $($(crate::object::object!(@declare $required $field);)?)*
                while let Some(key) = fields.next_key::<crate::object::Key<'de>>()? {
                    match &*key.0 {
                        $($key => crate::object::object!(
                            @read self fields $key $field $($required)?
                        ),)*
                        _ => {
                            self.extra.insert(key.0.into_owned(), fields.next_value()?);
                        }
                    }
                }
                if let Some(number) = crate::object::number(&self.extra) {
                    return Ok(Some(Box::new(number)));
                }
                $($(crate::object::object!(@check $required $key $field);)?)*
                Ok(None)
            }
        }

        impl<'de> serde::Deserialize<'de> for crate::generated::types::$name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::object::deserialize(deserializer, concat!("struct ", stringify!($name)))
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
    (@declare required $field:ident) => {
        let mut $field = None;
    };
    (@read $object:ident $fields:ident $key:literal $field:ident required) => {
        $field = Some(crate::object::required(&mut $fields, &mut $object.$field)?)
    };
    (@read $object:ident $fields:ident $key:literal $field:ident) => {
        crate::object::field($key, &mut $fields, &mut $object.$field, &mut $object.extra)?
    };
    (@check required $key:literal $field:ident) => {
        match $field {
            Some(None) => {}
            Some(Some(error)) => return Err(error),
            None => return Err(serde::de::Error::missing_field($key)),
        }
    };
    (@write $map:ident $key:literal ($field:expr) required) => {
        $map.serialize_entry($key, &$field)?
    };
    (@write $map:ident $key:literal ($field:expr)) => {
        if $field.is_some() {
            $map.serialize_entry($key, &$field)?;
        }
    };
}
pub(crate) use object;

/// Deserializes an object. Any other JSON value is an error.
#[inline]
pub(crate) fn deserialize<'de, T: Tolerant, D: Deserializer<'de>>(
    deserializer: D,
    expected: &'static str,
) -> Result<T, D::Error> {
    struct Object<T> {
        expected: &'static str,
        target: PhantomData<T>,
    }

    impl<'de, T: Tolerant> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.expected)
        }

        #[inline]
        fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
            let mut object = T::default();
            let Some(odd) = object.set_object(fields)? else { return Ok(object) };
            let expected = self.expected;
            Err(A::Error::custom(format_args!("invalid type: {odd}, expected {expected}")))
        }
    }

    deserializer.deserialize_map(Object { expected, target: PhantomData })
}

/// The name of a field, borrowed unless it contains escapes.
pub(crate) struct Key<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            #[inline]
            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            #[inline]
            fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }

        // Not a newtype, so that `serde_path_to_error` sees the key.
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed step fails the test")]
mod tests {
    use serde::de::DeserializeSeed;
    use serde_json::{Map, Value, from_str, from_value, json, to_value};

    use super::{Odd, Reader, Tolerant};
    use crate::types::{DeploymentPage, SpecMetadata, SpecPage, SpecSummary};

    fn odd_values() -> [Value; 13] {
        [
            json!(null),
            json!(true),
            json!(0),
            json!(-1),
            json!(1.5),
            json!(18446744073709551616.0),
            json!(1e300),
            json!(""),
            json!("text"),
            json!([]),
            json!([1]),
            json!({}),
            json!({ "a": 1 }),
        ]
    }

    fn spec_page() -> Value {
        json!({
            "pageCount": 1, "pageNumber": 1, "pageSize": 1, "specCount": 1,
            "specs": [{
                "id": "a", "kind": "app", "featured": true, "scope": "shared",
                "latestRelease": { "id": "r", "version": "1", "notes": "", "createdAt": "x" },
                "metadata": { "name": "n", "status": "available", "tags": [{ "name": "t" }] },
            }],
        })
    }

    fn deployment_page() -> Value {
        json!({
            "pageCount": 1, "deploymentCount": 1,
            "deployments": [{
                "id": "a", "kind": "app", "latestRevision": { "revision": 1, "status": "failed" },
                "metadata": { "name": "n", "status": "warning", "tags": [{ "name": "t" }] },
                "spec": { "id": "s", "release": { "version": "1" } },
            }],
        })
    }

    /// Returns JSON pointers to all optional values in `value`.
    fn optional(value: &Value, pointer: &str, found: &mut Vec<String>) {
        const REQUIRED: [&str; 5] =
            ["/pageCount", "/specs", "/deployments", "/specs/0/id", "/deployments/0/id"];
        let items = ["", "/specs/0", "/deployments/0"];
        if !REQUIRED.contains(&pointer) && !items.contains(&pointer) {
            found.push(pointer.to_owned());
        }
        match value {
            Value::Object(fields) => {
                for (key, field) in fields {
                    optional(field, &format!("{pointer}/{key}"), found);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    optional(item, &format!("{pointer}/{index}"), found);
                }
            }
            _ => {}
        }
    }

    /// Removes null fields, which serializing may omit.
    fn without_nulls(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|_, field| !field.is_null());
                fields.values_mut().for_each(without_nulls);
            }
            Value::Array(items) => items.iter_mut().for_each(without_nulls),
            _ => {}
        }
    }

    fn check<T: serde::de::DeserializeOwned + serde::Serialize>(page: &Value) {
        let mut pointers = Vec::new();
        optional(page, "", &mut pointers);
        for pointer in pointers {
            for odd in odd_values() {
                let mut expected = page.clone();
                *expected.pointer_mut(&pointer).unwrap() = odd.clone();
                let text = expected.to_string();
                let from_text: T = from_str(&text).unwrap();
                let from_json: T = from_value(expected.clone()).unwrap();
                let mut decoder = serde_json::Deserializer::from_str(&text);
                let with_path: T = serde_path_to_error::deserialize(&mut decoder).unwrap();
                without_nulls(&mut expected);
                for read in [from_text, from_json, with_path] {
                    let mut written = to_value(&read).unwrap();
                    without_nulls(&mut written);
                    assert_eq!(written, expected, "{pointer} {odd}");
                }
            }
        }
    }

    #[test]
    fn odd_values_are_kept() {
        check::<SpecPage>(&spec_page());
        check::<DeploymentPage>(&deployment_page());
    }

    #[test]
    fn values_of_any_type_and_objects_of_any_fields_are_read() {
        for json in odd_values() {
            let mut value = Value::default();
            assert!(read(&mut value, &json).is_none(), "{json}");
            assert_eq!(value, json);

            let mut map = Map::new();
            match read(&mut map, &json) {
                None => assert_eq!(Value::Object(map), json),
                Some(odd) => assert_eq!(*odd, json),
            }
            assert_eq!(read(&mut Map::new(), &json).is_none(), json.is_object(), "{json}");
        }
    }

    fn read<T: Tolerant>(target: &mut T, json: &Value) -> Option<Odd> {
        Reader { target, required: false }.deserialize(json).unwrap()
    }

    #[test]
    fn odd_values_are_stored_in_extra() {
        let metadata: SpecMetadata =
            from_str(r#"{"name":1,"tags":[{"name":"a"},"b"],"status":"x"}"#).unwrap();
        assert_eq!(metadata.name, None);
        assert_eq!(metadata.extra["name"], 1);
        assert_eq!(metadata.tags, None);
        assert_eq!(metadata.extra["tags"], json!([{ "name": "a" }, "b"]));
        assert_eq!(metadata.status, Some("x".into()));
        assert_eq!(metadata.extra.len(), 2);
    }

    #[test]
    fn last_duplicate_key_wins() {
        let spec: SpecSummary =
            from_str(r#"{"id":1,"id":"a","featured":"yes","featured":true}"#).unwrap();
        assert_eq!(to_value(&spec).unwrap(), json!({ "id": "a", "featured": true }));
        let spec: SpecSummary = from_str(r#"{"id":"a","featured":true,"featured":0}"#).unwrap();
        assert_eq!(to_value(&spec).unwrap(), json!({ "id": "a", "featured": 0 }));
        let spec: SpecSummary = from_str(r#"{"id":"a","featured":0,"featured":null}"#).unwrap();
        assert_eq!(to_value(&spec).unwrap(), json!({ "id": "a" }));
        assert!(from_str::<SpecSummary>(r#"{"id":"a","id":1}"#).is_err());
    }

    #[test]
    fn errors_name_the_required_field() {
        for (json, path, text) in [
            (r#"{"pageCount":1,"specs":[{"id":"a"},{}]}"#, "specs[1]", "missing field `id`"),
            (r#"{"pageCount":1,"specs":[{"id":1}]}"#, "specs[0].id", "invalid type: "),
            (r#"{"pageCount":1,"specs":[{"id":"a"},2]}"#, "specs[1]", "invalid type: "),
            (r#"{"pageCount":1,"specs":{}}"#, "specs", "invalid type: map"),
            (r#"{"pageCount":1}"#, ".", "missing field `specs`"),
            (r#"{"pageCount":-1,"specs":[]}"#, "pageCount", "invalid "),
        ] {
            let mut decoder = serde_json::Deserializer::from_str(json);
            let error = serde_path_to_error::deserialize::<_, SpecPage>(&mut decoder).unwrap_err();
            assert_eq!(error.path().to_string(), path, "{json}");
            assert!(error.inner().to_string().starts_with(text), "{}", error.inner());
        }
    }
}
