//! The API in the few shapes that the generator takes.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use serde_json::{Map, Value, json};

use super::normalize::{argument, field};

/// All that is generated.
#[derive(Default)]
pub(crate) struct Api {
    pub(crate) info: Value,
    pub(crate) objects: BTreeMap<String, Object>,
    pub(crate) enumerations: BTreeMap<String, Enumeration>,
    pub(crate) operations: Vec<Operation>,
}

/// A type with fields, and with a place for those that the document does not name.
#[derive(Default)]
pub(crate) struct Object {
    pub(crate) description: Option<String>,
    pub(crate) is_deprecated: bool,
    pub(crate) properties: BTreeMap<String, Schema>,
    pub(crate) required: BTreeSet<String>,
    /// The properties that are deprecated.
    pub(crate) deprecated: BTreeSet<String>,
}

/// A type with named values, and with a place for others.
pub(crate) struct Enumeration {
    pub(crate) description: Option<String>,
    pub(crate) is_deprecated: bool,
    pub(crate) values: Vec<String>,
    /// The descriptions of values.
    pub(crate) docs: Value,
}

/// A value where it is used.
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

/// A request that the client can send.
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) is_deprecated: bool,
    pub(crate) parameters: Vec<Parameter>,
    /// The media type of the body, and the body, which is passed like a parameter.
    pub(crate) body: Option<(&'static str, Parameter)>,
    pub(crate) response: Option<Shape>,
    pub(crate) page: Option<Page>,
}

/// A parameter of one operation.
pub(crate) struct Parameter {
    /// The name in the request.
    pub(crate) name: String,
    /// The name in Rust, which differs from other arguments of the operation.
    pub(crate) argument: String,
    pub(crate) location: &'static str,
    pub(crate) required: bool,
    pub(crate) is_deprecated: bool,
    /// For a page number: the service counts from 0.
    pub(crate) counts_from_zero: bool,
    pub(crate) description: Option<String>,
    pub(crate) shape: Shape,
    /// The separator of a list that goes out as one value.
    pub(crate) separator: Option<&'static str>,
}

/// The places of a page, each a path of field names.
pub(crate) struct Page {
    /// The name of the page's type.
    pub(crate) object: String,
    pub(crate) list: Vec<String>,
    /// The name of an item's type.
    pub(crate) item: String,
    pub(crate) count: Vec<String>,
    pub(crate) number: Option<Vec<String>>,
    pub(crate) size: Option<Vec<String>>,
    pub(crate) items: Option<Vec<String>>,
    /// The first page is 0 for the service, and 1 for users.
    pub(crate) counts_from_zero: bool,
    /// The arguments of the method with the number and the size of the page.
    pub(crate) number_parameter: String,
    pub(crate) size_parameter: String,
}

impl Api {
    /// Returns the OpenAPI document for the generator. Every success decodes or is an invalid
    /// response, and every other response arrives with its body unread.
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
    /// Adds the properties of `other`, which has the same name. Returns `false` if one of them is
    /// defined differently, or if each has properties that the other lacks.
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
            // The generator would call two fields `extra`.
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

    /// Returns the Rust type. `types` is the module of the objects.
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
    /// Returns the path with the parameter names that the generator sees.
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
    /// Returns the parameter name that the generator sees: the name in the request, unless its
    /// argument is taken.
    pub(crate) fn generator_name(&self) -> &str {
        if argument(&self.name) == self.argument { &self.name } else { &self.argument }
    }
}
