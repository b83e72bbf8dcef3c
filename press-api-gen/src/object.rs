//! Objects that keep unknown fields and values of another type than documented.

use std::{borrow::Cow, collections::HashMap, fmt, hash::BuildHasher, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        DeserializeOwned, DeserializeSeed, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{Error as ScalarError, MapAccessDeserializer},
    },
};
use serde_json::{Map, Value};

/// A value of the documented type, or the JSON value that was there instead.
pub(crate) type Read<T> = Result<T, Value>;

/// A type that can be read from any JSON value without an error.
///
/// Each method reads one JSON shape. By default, a value of that shape isn't accepted.
pub(crate) trait Tolerant: Sized {
    fn from_null() -> Option<Self> {
        None
    }

    fn from_scalar<'de, D: Deserializer<'de>>(_: D) -> Option<Self> {
        None
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut items: A) -> Result<Read<Self>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element()? {
            values.push(value);
        }
        Ok(Err(Value::Array(values)))
    }

    /// Reads the list of a required field. An item of another type is an error.
    fn from_required_list<'de, A: SeqAccess<'de>>(items: A) -> Result<Read<Self>, A::Error> {
        Self::from_list(items)
    }

    fn from_object<'de, A: MapAccess<'de>>(fields: A) -> Result<Read<Self>, A::Error> {
        let value = Value::deserialize(MapAccessDeserializer::new(fields))?;
        // With the feature `arbitrary_precision` of serde_json, numbers arrive as objects.
        match &value {
            Value::Number(number) => Ok(Self::from_scalar(number).ok_or(value)),
            _ => Ok(Err(value)),
        }
    }
}

/// Reads a value as `T` if it has the right type.
pub(crate) struct Reader<T> {
    required: bool,
    target: PhantomData<T>,
}

impl<T> Reader<T> {
    fn optional() -> Self {
        Self { required: false, target: PhantomData }
    }

    fn required() -> Self {
        Self { required: true, target: PhantomData }
    }
}

impl<'de, T: Tolerant> DeserializeSeed<'de> for Reader<T> {
    type Value = Read<T>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Read<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Reads a scalar as `T`.
#[inline]
fn scalar<'de, T: Tolerant, S>(value: S) -> Read<T>
where
    S: IntoDeserializer<'de, ScalarError> + Into<Value> + Copy,
{
    T::from_scalar(value.into_deserializer()).ok_or_else(|| value.into())
}

impl<'de, T: Tolerant> Visitor<'de> for Reader<T> {
    type Value = Read<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    #[inline]
    fn visit_unit<E>(self) -> Result<Read<T>, E> {
        Ok(T::from_null().ok_or(Value::Null))
    }

    #[inline]
    fn visit_bool<E>(self, value: bool) -> Result<Read<T>, E> {
        Ok(scalar(value))
    }

    #[inline]
    fn visit_u64<E>(self, value: u64) -> Result<Read<T>, E> {
        Ok(scalar(value))
    }

    #[inline]
    fn visit_i64<E>(self, value: i64) -> Result<Read<T>, E> {
        Ok(scalar(value))
    }

    #[inline]
    fn visit_f64<E>(self, value: f64) -> Result<Read<T>, E> {
        Ok(scalar(value))
    }

    #[inline]
    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Read<T>, E> {
        Ok(scalar(value))
    }

    #[inline]
    fn visit_str<E>(self, value: &str) -> Result<Read<T>, E> {
        Ok(scalar(value))
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Read<T>, A::Error> {
        if self.required { T::from_required_list(items) } else { T::from_list(items) }
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Read<T>, A::Error> {
        T::from_object(fields)
    }
}

/// Implements [`Tolerant`] for types that are a scalar in JSON.
macro_rules! scalars {
    ($($name:ty),+) => {
        $(impl crate::object::Tolerant for $name {
            #[inline]
            fn from_scalar<'de, D: serde::Deserializer<'de>>(value: D) -> Option<Self> {
                serde::Deserialize::deserialize(value).ok()
            }
        })+
    };
}
pub(crate) use scalars;

scalars!(bool, i32, i64, u32, u64, f32, f64, String);

impl<T: Tolerant + Serialize + DeserializeOwned> Tolerant for Vec<T> {
    fn from_required_list<'de, A: SeqAccess<'de>>(mut items: A) -> Result<Read<Self>, A::Error> {
        let mut list = Self::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Ok(list))
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut items: A) -> Result<Read<Self>, A::Error> {
        let mut list = Self::new();
        while let Some(item) = items.next_element_seed(Reader::optional())? {
            match item {
                Ok(item) => list.push(item),
                Err(odd) => return raw_list(&list, odd, items).map(Err),
            }
        }
        Ok(Ok(list))
    }
}

/// Returns a list with an item of another type as JSON.
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

impl<T: Tolerant + Serialize, S: BuildHasher + Default> Tolerant for HashMap<String, T, S> {
    fn from_object<'de, A: MapAccess<'de>>(fields: A) -> Result<Read<Self>, A::Error> {
        let value = Value::deserialize(MapAccessDeserializer::new(fields))?;
        let Value::Object(fields) = &value else { return Ok(Err(value)) };
        let mut map = Self::default();
        for (key, field) in fields {
            match Reader::optional().deserialize(field).map_err(A::Error::custom)? {
                Ok(field) => map.insert(key.clone(), field),
                Err(_) => return Ok(Err(value)),
            };
        }
        Ok(Ok(map))
    }
}

/// The field of an object that leads back to its own type.
impl<T: Tolerant> Tolerant for Box<T> {
    fn from_object<'de, A: MapAccess<'de>>(fields: A) -> Result<Read<Self>, A::Error> {
        Ok(T::from_object(fields)?.map(Self::new))
    }
}

impl Tolerant for Map<String, Value> {
    fn from_object<'de, A: MapAccess<'de>>(fields: A) -> Result<Read<Self>, A::Error> {
        match Value::deserialize(MapAccessDeserializer::new(fields))? {
            Value::Object(map) => Ok(Ok(map)),
            other => Ok(Err(other)),
        }
    }
}

impl Tolerant for Value {
    fn from_null() -> Option<Self> {
        Some(Self::Null)
    }

    fn from_scalar<'de, D: Deserializer<'de>>(value: D) -> Option<Self> {
        Self::deserialize(value).ok()
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut items: A) -> Result<Read<Self>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element()? {
            values.push(value);
        }
        Ok(Ok(Self::Array(values)))
    }

    fn from_object<'de, A: MapAccess<'de>>(fields: A) -> Result<Read<Self>, A::Error> {
        Self::deserialize(MapAccessDeserializer::new(fields)).map(Ok)
    }
}

impl<T: Tolerant> Tolerant for Option<T> {
    fn from_null() -> Option<Self> {
        Some(None)
    }

    fn from_scalar<'de, D: Deserializer<'de>>(value: D) -> Option<Self> {
        T::from_scalar(value).map(Some)
    }

    fn from_list<'de, A: SeqAccess<'de>>(items: A) -> Result<Read<Self>, A::Error> {
        Ok(T::from_list(items)?.map(Some))
    }

    fn from_object<'de, A: MapAccess<'de>>(fields: A) -> Result<Read<Self>, A::Error> {
        Ok(T::from_object(fields)?.map(Some))
    }
}

/// Reads the value of a known field. A value of another type is stored in `extra`.
///
/// The last value of a repeated key counts.
#[inline]
pub(crate) fn field<'de, T: Tolerant, A: MapAccess<'de>>(
    key: &str,
    fields: &mut A,
    extra: &mut Map<String, Value>,
) -> Result<Option<T>, A::Error> {
    let read = fields.next_value_seed(Reader::<Option<T>>::optional())?;
    if !extra.is_empty() {
        extra.remove(key);
    }
    match read {
        Ok(value) => Ok(value),
        Err(odd) => {
            extra.insert(key.to_owned(), odd);
            Ok(None)
        }
    }
}

/// Reads the value of a required field. A value of another type is an error in `field`.
///
/// That error counts only if the key doesn't come again. It's made while the value is read, so
/// that `serde_path_to_error` records the path.
pub(crate) fn required<'de, T, A>(
    fields: &mut A,
    field: &mut T,
) -> Result<Option<A::Error>, A::Error>
where
    T: Tolerant + DeserializeOwned,
    A: MapAccess<'de>,
{
    let mut mistyped = false;
    match fields.next_value_seed(Required { mistyped: &mut mistyped, target: PhantomData }) {
        Ok(value) => {
            *field = value;
            Ok(None)
        }
        Err(error) if mistyped => Ok(Some(error)),
        Err(error) => Err(error),
    }
}

/// Reads a required `T`.
struct Required<'a, T> {
    /// Set when a whole value of another type was read, so that reading can go on.
    mistyped: &'a mut bool,
    target: PhantomData<T>,
}

impl<'de, T: Tolerant + DeserializeOwned> DeserializeSeed<'de> for Required<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        let odd = match deserializer.deserialize_any(Reader::<T>::required())? {
            Ok(value) => return Ok(value),
            Err(odd) => odd,
        };
        *self.mistyped = true;
        T::deserialize(odd).map_err(D::Error::custom)
    }
}

/// The key under which serde_json passes a number if its feature `arbitrary_precision` is enabled.
const NUMBER: &str = "$serde_json::private::Number";

/// Returns the number that was read as an object, if it was one.
pub(crate) fn number(extra: &Map<String, Value>) -> Option<Value> {
    if !extra.contains_key(NUMBER) {
        return None;
    }
    // Only serde_json knows if its feature is enabled.
    let value = serde_json::from_value::<Value>(Value::Object(extra.clone())).ok()?;
    value.is_number().then_some(value)
}

/// Implements `Deserialize` and `Serialize` for a struct whose field `extra` holds unknown fields
/// and values of another type than documented.
///
/// A field that isn't `required` is an `Option`.
macro_rules! object {
    ($name:ident { $($key:literal => $field:ident $($required:ident)?,)* }) => {
        impl crate::object::Tolerant for crate::generated::types::$name {
            #[inline]
            fn from_object<'de, A: serde::de::MapAccess<'de>>(
                mut fields: A,
            ) -> Result<crate::object::Read<Self>, A::Error> {
                let mut object = Self::default();
                $($(crate::object::object!(@declare $required $field);)?)*
                while let Some(key) = fields.next_key::<crate::object::Key<'de>>()? {
                    match &*key.0 {
                        $($key => crate::object::object!(
                            @read object fields $key $field $($required)?
                        ),)*
                        _ => {
                            object.extra.insert(key.0.into_owned(), fields.next_value()?);
                        }
                    }
                }
                if let Some(number) = crate::object::number(&object.extra) {
                    return Ok(Err(number));
                }
                $($(crate::object::object!(@check $required $key $field);)?)*
                Ok(Ok(object))
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
        $object.$field = crate::object::field($key, &mut $fields, &mut $object.extra)?
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
    struct Object<T>(&'static str, PhantomData<T>);

    impl<'de, T: Tolerant> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        #[inline]
        fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
            let expected = self.0;
            T::from_object(fields)?.map_err(|odd| {
                A::Error::custom(format_args!("invalid type: {odd}, expected {expected}"))
            })
        }
    }

    deserializer.deserialize_map(Object(expected, PhantomData))
}

/// The name of a field, not copied where it is not escaped.
pub(crate) struct Key<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

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
    use serde_json::{Value, from_str, from_value, json, to_value};

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

    /// Returns the pointers of all values in `value` that aren't required.
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

    /// Removes fields of null, which may become absent.
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
    fn last_value_of_a_repeated_key_counts() {
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
