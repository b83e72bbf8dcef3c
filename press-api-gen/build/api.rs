//! The normalized API, the input of the generator.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use serde_json::{Map, Value, json};

use super::normalize::{argument, field};

/// The whole API.
#[derive(Default)]
pub(crate) struct Api {
    pub(crate) info: Value,
    pub(crate) objects: BTreeMap<String, Object>,
    pub(crate) enumerations: BTreeMap<String, Enumeration>,
    pub(crate) operations: Vec<Operation>,
}

/// An object type. Undocumented fields are kept in `extra`.
#[derive(Default)]
pub(crate) struct Object {
    pub(crate) description: Option<String>,
    pub(crate) is_deprecated: bool,
    pub(crate) properties: BTreeMap<String, Schema>,
    pub(crate) required: BTreeSet<String>,
    /// The deprecated properties.
    pub(crate) deprecated: BTreeSet<String>,
}

/// A string type with documented values. Other values are accepted, too.
pub(crate) struct Enumeration {
    pub(crate) description: Option<String>,
    pub(crate) is_deprecated: bool,
    pub(crate) values: Vec<String>,
    /// The descriptions of values.
    pub(crate) docs: Value,
}

/// A type with the nullability and description of one use.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Schema {
    pub(crate) shape: Shape,
    pub(crate) nullable: bool,
    pub(crate) description: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Any,
    Boolean,
    Integer { unsigned: bool },
    Number,
    Text,
    Time,
    List(Box<Schema>),
    Map(Box<Schema>),
    Object(String),
    Enumeration(String),
}

/// An operation that becomes a method of the client.
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) is_deprecated: bool,
    pub(crate) parameters: Vec<Parameter>,
    /// The media type and the argument of the request body.
    pub(crate) body: Option<(&'static str, Parameter)>,
    pub(crate) response: Option<Shape>,
    pub(crate) page: Option<Page>,
}

/// A parameter of an operation.
pub(crate) struct Parameter {
    /// The name in the request.
    pub(crate) name: String,
    /// The name in Rust, unique within the operation.
    pub(crate) argument: String,
    pub(crate) location: &'static str,
    pub(crate) required: bool,
    pub(crate) is_deprecated: bool,
    /// Whether the service counts from 0, if this is a page number.
    pub(crate) counts_from_zero: bool,
    pub(crate) description: Option<String>,
    pub(crate) shape: Shape,
    /// The separator, if this is a list sent as one value.
    pub(crate) separator: Option<&'static str>,
}

/// The fields of a page, each as a path of names.
pub(crate) struct Page {
    /// The type name of the page.
    pub(crate) object: String,
    pub(crate) list: Vec<String>,
    /// The type name of an item.
    pub(crate) item: String,
    pub(crate) count: Vec<String>,
    pub(crate) number: Option<Vec<String>>,
    pub(crate) size: Option<Vec<String>>,
    pub(crate) items: Option<Vec<String>>,
    /// Whether the service's first page is 0. Users count from 1.
    pub(crate) counts_from_zero: bool,
    /// The method's arguments for the page number and size.
    pub(crate) number_parameter: String,
    pub(crate) size_parameter: String,
}

impl Api {
    /// Returns the OpenAPI document for progenitor. Success responses are decoded; other responses
    /// are returned with their bodies unread.
    pub(crate) fn openapi(&self) -> Result<openapiv3::OpenAPI, String> {
        let mut paths = Map::new();
        for operation in &self.operations {
            let item = paths.entry(operation.template()).or_insert_with(|| json!({}));
            item[operation.method.to_ascii_lowercase()] = operation.node();
        }
        let mut schemas = Map::from_iter([("Timestamp".to_owned(), json!({ "type": "string" }))]);
        schemas.extend(self.objects.iter().map(|(name, object)| (name.clone(), object.node())));
        for (name, enumeration) in &self.enumerations {
            schemas.insert(name.clone(), json!({ "type": "string", "enum": enumeration.values }));
        }
        let document = json!({
            "openapi": "3.0.3",
            "info": self.info,
            "paths": paths,
            "components": { "schemas": schemas },
        });
        serde_json::from_value(document).map_err(|error| error.to_string())
    }

    /// Returns the property at `path` in the object `name`.
    pub(crate) fn property(&self, name: &str, path: &[String]) -> Option<&Schema> {
        let (last, parents) = path.split_last()?;
        self.objects.get(self.owner(name, parents)?)?.properties.get(last)
    }

    /// Returns the name of the object at `path` in the object `name`.
    pub(crate) fn owner<'a>(&'a self, name: &'a str, path: &[String]) -> Option<&'a str> {
        path.iter().try_fold(name, |name, key| {
            match &self.objects.get(name)?.properties.get(key)?.shape {
                Shape::Object(inner) => Some(inner.as_str()),
                _ => None,
            }
        })
    }
}

impl Object {
    /// Merges `other`, an object of the same name. Returns `false` if a property is defined
    /// differently, or if each object has a property that the other lacks.
    pub(crate) fn join(&mut self, other: Self) -> bool {
        let has_all = |one: &Self, other: &Self| {
            other.properties.keys().all(|key| one.properties.contains_key(key))
        };
        let mut is_same = has_all(self, &other) || has_all(&other, self);
        for (key, property) in other.properties {
            match self.properties.get(&key) {
                Some(known) => is_same &= known.shape == property.shape,
                None => _ = self.properties.insert(key, property),
            }
        }
        self.required.retain(|key| other.required.contains(key));
        self.deprecated.extend(other.deprecated);
        is_same
    }

    fn node(&self) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for (key, schema) in &self.properties {
            // Avoids a second field named `extra`.
            let field = field(key);
            let key_of_field = if field == "extra_value" { &field } else { key };
            let mut schema = schema.clone();
            if self.required.contains(key) {
                required.push(key_of_field.clone());
            } else {
                schema.nullable = true;
            }
            properties.insert(key_of_field.clone(), schema.node());
        }
        json!({
            "type": "object",
            "description": self.description,
            "required": required,
            "properties": properties,
            "additionalProperties": {},
        })
    }
}

impl Schema {
    /// Returns `true` if the type is an `Option`. Any JSON value can already be null.
    fn is_option(&self) -> bool {
        self.nullable && self.shape != Shape::Any
    }

    fn node(&self) -> Value {
        let mut node = self.shape.node();
        if node.get("$ref").is_some() {
            node = json!({ "allOf": [node] });
        }
        node["nullable"] = self.is_option().into();
        node["description"] = json!(self.description);
        node
    }
}

impl Shape {
    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Integer { .. } | Self::Number)
    }

    fn node(&self) -> Value {
        let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        match self {
            Self::Any => json!({}),
            Self::Boolean => json!({ "type": "boolean" }),
            Self::Integer { unsigned: true } => json!({ "type": "integer", "format": "uint64" }),
            Self::Integer { unsigned: false } => json!({ "type": "integer", "format": "int64" }),
            Self::Number => json!({ "type": "number" }),
            Self::Text => json!({ "type": "string" }),
            Self::Time => reference("Timestamp"),
            Self::List(items) => json!({ "type": "array", "items": items.node() }),
            Self::Map(values) if values.shape == Self::Any => json!({ "type": "object" }),
            Self::Map(values) => json!({ "type": "object", "additionalProperties": values.node() }),
            Self::Object(name) | Self::Enumeration(name) => reference(name),
        }
    }

    /// Returns the Rust type. `types` is the path of the module with the object types.
    pub(crate) fn rust(&self, types: &str) -> TokenStream {
        self.rust_text(types).parse().unwrap_or_default()
    }

    fn rust_text(&self, types: &str) -> String {
        let inner = |schema: &Schema| match schema.shape.rust_text(types) {
            inner if schema.is_option() => format!("::std::option::Option<{inner}>"),
            inner => inner,
        };
        match self {
            Self::Any => "::serde_json::Value".to_owned(),
            Self::Boolean => "bool".to_owned(),
            Self::Integer { unsigned: true } => "u64".to_owned(),
            Self::Integer { unsigned: false } => "i64".to_owned(),
            Self::Number => "f64".to_owned(),
            Self::Text => "String".to_owned(),
            Self::Time => "crate::timestamp::Timestamp".to_owned(),
            Self::List(items) => format!("::std::vec::Vec<{}>", inner(items)),
            Self::Map(values) if values.shape == Self::Any => {
                "::serde_json::Map<String, ::serde_json::Value>".to_owned()
            }
            Self::Map(values) => format!("::std::collections::HashMap<String, {}>", inner(values)),
            Self::Object(name) => format!("{types}::{name}"),
            Self::Enumeration(name) => format!("crate::generated::enumerations::{name}"),
        }
    }
}

impl From<Shape> for Schema {
    fn from(shape: Shape) -> Self {
        Self { shape, nullable: false, description: None }
    }
}

impl Operation {
    /// Returns the path with the names that progenitor uses for its parameters.
    fn template(&self) -> String {
        let mut template = self.path.clone();
        for parameter in self.parameters.iter().filter(|parameter| parameter.location == "path") {
            let renamed = format!("{{{}}}", parameter.generator_name());
            template = template.replace(&format!("{{{}}}", parameter.name), &renamed);
        }
        template
    }

    fn node(&self) -> Value {
        let mut parameters = Vec::new();
        for parameter in &self.parameters {
            let is_text = parameter.separator.is_some();
            let schema = if is_text { Shape::Text.node() } else { parameter.shape.node() };
            parameters.push(json!({
                "name": parameter.generator_name(),
                "in": parameter.location,
                "required": parameter.required,
                "description": parameter.description,
                "schema": schema,
            }));
        }
        let mut node = json!({
            "operationId": self.name,
            "summary": self.summary,
            "description": self.description,
            "parameters": parameters,
            "responses": { "2XX": { "description": "" } },
        });
        if let Some(shape) = &self.response {
            node["responses"]["2XX"]["content"] =
                json!({ "application/json": { "schema": shape.node() } });
        }
        if let Some((media_type, Parameter { shape, description, .. })) = &self.body {
            let content = json!({ *media_type: { "schema": shape.node() } });
            node["requestBody"] =
                json!({ "required": true, "description": description, "content": content });
        }
        node
    }
}

impl Parameter {
    /// Returns the name that progenitor uses: the name in the request, unless its argument is
    /// taken.
    pub(crate) fn generator_name(&self) -> &str {
        if argument(&self.name) == self.argument { &self.name } else { &self.argument }
    }
}
