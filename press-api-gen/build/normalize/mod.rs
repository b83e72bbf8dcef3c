//! Says what the document says in the few shapes that the generator takes.
//!
//! Everything starts from the operations: only what they reach is read, made simple and named, and only that can be
//! a mistake. Losses become notes.

mod bodies;
mod choices;
mod flat;
mod names;
mod pages;
mod parameters;
mod schemas;
mod select;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use heck::ToUpperCamelCase;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::{
    mapping::{FILE, Mapping, PageMapping},
    mistakes::{Findings, plain},
};
pub(crate) use names::{argument, field};
pub(crate) use pages::Page;
pub(crate) use parameters::Parameter;

/// The API in simple shapes.
pub(crate) struct Api {
    info: Value,
    /// The objects and the enumerations by name.
    pub(crate) schemas: BTreeMap<String, Value>,
    pub(crate) operations: Vec<Operation>,
    /// The objects that responses hold.
    pub(crate) received: BTreeSet<String>,
    /// The fields of objects that must be there.
    pub(crate) required: BTreeMap<String, BTreeSet<String>>,
    /// The items of lists, whose `id` is required if the document says so.
    pub(crate) items: BTreeSet<String>,
}

/// A request that the client can send.
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) summary: String,
    description: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) response: Option<Value>,
    pub(crate) page: Option<Page>,
}

/// The body of a request.
pub(crate) struct Body {
    media_type: &'static str,
    pub(crate) schema: Value,
    pub(crate) description: String,
}

/// Reads `document` as `mapping` has it.
pub(crate) fn normalize(document: &Value, mapping: &Mapping, findings: Findings) -> (Api, Findings) {
    let mut normalizer = Normalizer::new(document, mapping, findings);
    let drafts = normalizer.select();
    // Responses come first, so that all types that they hold are known as such.
    normalizer.receiving = true;
    let responses: Vec<_> = drafts.iter().map(|draft| normalizer.response(draft)).collect();
    normalizer.receiving = false;
    for (draft, response) in drafts.iter().zip(responses) {
        let operation = normalizer.operation(draft, response);
        normalizer.api.operations.push(operation);
    }
    normalizer.finish()
}

/// The state of the way through a document.
struct Normalizer<'a> {
    document: &'a Value,
    mapping: &'a Mapping,
    findings: Findings,
    names: names::Names,
    /// The component that each place has become.
    done: HashMap<String, Value>,
    /// The components on the way here, to notice one that holds nothing but itself.
    open: Vec<String>,
    receiving: bool,
    api: Api,
}

/// A selected operation, before its schemas are read.
struct Draft<'a> {
    at: String,
    name: String,
    method: &'a str,
    path: &'a str,
    node: &'a Value,
    page: Option<&'a PageMapping>,
    parameters: Vec<(String, &'a Value)>,
    body: Option<bodies::Media<'a>>,
    response: Option<bodies::Media<'a>>,
}

impl<'a> Normalizer<'a> {
    fn new(document: &'a Value, mapping: &'a Mapping, findings: Findings) -> Self {
        let text = |key: &str, otherwise: &str| {
            let text = document["info"][key].as_str().unwrap_or(otherwise);
            let header = key != "version" || text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
            documentation(if header { text } else { otherwise })
        };
        let mut info = json!({ "title": text("title", "API"), "version": text("version", "unknown") });
        if document["info"]["description"].is_string() {
            info["description"] = text("description", "").into();
        }
        Self {
            document,
            mapping,
            findings,
            names: names::Names::new(document),
            done: HashMap::new(),
            open: Vec::new(),
            receiving: false,
            api: Api {
                info,
                schemas: BTreeMap::new(),
                operations: Vec::new(),
                received: BTreeSet::new(),
                required: BTreeMap::new(),
                items: BTreeSet::new(),
            },
        }
    }

    fn response(&mut self, draft: &Draft<'a>) -> Option<Value> {
        let media = draft.response.as_ref()?;
        let name = format!("{}Response", draft.name.to_upper_camel_case());
        Some(not_null(self.schema(&media.at, media.schema, &name)))
    }

    fn operation(&mut self, draft: &Draft<'a>, response: Option<Value>) -> Operation {
        let type_name = draft.name.to_upper_camel_case();
        let text = |key: &str| documentation(draft.node[key].as_str().unwrap_or_default());
        let mut parameters = self.parameters(draft, &type_name);
        let page = response.as_ref().and_then(|response| self.page(draft, response, &mut parameters));
        let body = draft.body.as_ref().map(|media| Body {
            media_type: media.media_type,
            schema: not_null(self.schema(&media.at, media.schema, &format!("{type_name}Body"))),
            description: documentation(media.description),
        });
        Operation {
            name: draft.name.clone(),
            method: draft.method.to_ascii_uppercase(),
            path: draft.path.to_owned(),
            summary: text("summary"),
            description: text("description"),
            parameters,
            body,
            response,
            page,
        }
    }

    /// Refuses a mapping of things that are not in the document.
    fn finish(mut self) -> (Api, Findings) {
        for (key, name) in &self.mapping.types {
            if !self.names.used.contains(key) {
                let what = format!("`{key}`, to be called `{name}`, is no type that the selected operations reach");
                self.findings.refuse_in(FILE, "types", what, "leave it out, or correct the pointer or the name");
            }
        }
        for (name, fields) in &self.mapping.required {
            for field in fields {
                if self.api.schemas.get(name).is_none_or(|schema| schema["properties"][field].is_null()) {
                    let what = format!("there is no field `{field}` in a type `{name}`");
                    self.findings.refuse_in(FILE, "required", what, "leave it out, or correct the names");
                }
                self.api.required.entry(name.clone()).or_default().insert(field.clone());
            }
        }
        (self.api, self.findings)
    }

    /// Resolves `target`, the reference of `at`, and returns the value and its place.
    fn resolve(&mut self, at: &str, target: &Value) -> Option<(String, &'a Value)> {
        let text = plain(target);
        let Some(pointer) = text.strip_prefix('#').filter(|_| target.is_string()) else {
            let what = format!("`{text}` refers to something outside of this document");
            self.findings.refuse(at, what, "copy it to `components` and refer to it as `#/components/…`");
            return None;
        };
        let pointer = percent_decode_str(pointer).decode_utf8_lossy();
        let found = self.document.pointer(&pointer);
        if found.is_none() {
            let what = format!("`{text}` refers to nothing");
            self.findings.refuse(at, what, "add it there, or refer to something that exists");
        }
        found.map(|found| (format!("#{pointer}"), found))
    }

    /// Follows the references of `node`, which is no schema.
    fn follow(&mut self, at: String, node: &'a Value) -> Option<(String, &'a Value)> {
        let (mut at, mut node) = (at, node);
        for _ in 0..16 {
            let Some(target) = node.get("$ref") else {
                return Some((at, node));
            };
            (at, node) = self.resolve(&at, target)?;
        }
        self.findings.refuse(&at, "a reference that leads back to itself", "let one of the entries be what it is");
        None
    }

    /// The entries of `node`, which must be a mapping if it is there.
    fn entries(&mut self, at: &str, node: &'a Value) -> Vec<(&'a str, String, &'a Value)> {
        match node {
            Value::Null => Vec::new(),
            Value::Object(entries) => {
                entries.iter().map(|(key, value)| (key.as_str(), below(at, key), value)).collect()
            }
            _ => {
                self.findings.refuse(at, "not a mapping", "write `key: value` entries here");
                Vec::new()
            }
        }
    }

    /// The entries of `node`, which must be a list if it is there.
    fn list(&mut self, at: &str, node: &'a Value) -> Vec<(String, &'a Value)> {
        match node {
            Value::Null => Vec::new(),
            Value::Array(entries) => {
                entries.iter().enumerate().map(|(index, value)| (format!("{at}/{index}"), value)).collect()
            }
            _ => {
                self.findings.refuse(at, "not a list", "begin each entry with `- `");
                Vec::new()
            }
        }
    }
}

impl Api {
    /// The OpenAPI document that the generator reads. Every success decodes or is an invalid response, and every other
    /// response arrives with its body unread.
    pub(crate) fn openapi(&self) -> Result<openapiv3::OpenAPI, String> {
        let mut paths = Map::new();
        for operation in &self.operations {
            let item = paths.entry(&operation.path).or_insert_with(|| json!({}));
            item[operation.method.to_ascii_lowercase()] = operation.node();
        }
        let document = json!({
            "openapi": "3.0.3",
            "info": self.info,
            "paths": paths,
            "components": { "schemas": self.schemas },
        });
        serde_json::from_value(document).map_err(|error| error.to_string())
    }

    /// The names of the objects.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &str> {
        let objects = self.schemas.iter().filter(|(_, schema)| schema["type"] == "object");
        objects.map(|(name, _)| name.as_str())
    }

    /// The names of the enumerations.
    pub(crate) fn enumerations(&self) -> impl Iterator<Item = &str> {
        let enumerations = self.schemas.iter().filter(|(_, schema)| schema["enum"].is_array());
        enumerations.map(|(name, _)| name.as_str())
    }
}

impl Operation {
    fn node(&self) -> Value {
        let parameters: Vec<_> = self.parameters.iter().map(Parameter::node).collect();
        let mut node = json!({
            "operationId": self.name,
            "summary": self.summary,
            "description": self.description,
            "parameters": parameters,
            "responses": { "2XX": { "description": "" } },
        });
        if let Some(schema) = &self.response {
            node["responses"]["2XX"]["content"] = json!({ "application/json": { "schema": schema } });
        }
        if let Some(body) = &self.body {
            node["requestBody"] =
                json!({ "required": true, "content": { body.media_type: { "schema": body.schema } } });
            if !body.description.is_empty() {
                node["requestBody"]["description"] = body.description.clone().into();
            }
        }
        node
    }
}

/// The pointer to the entry `key` of `at`.
fn below(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// The name of the component that `schema` refers to.
pub(crate) fn component(schema: &Value) -> Option<&str> {
    let reference = schema.get("$ref").or_else(|| schema.pointer("/allOf/0/$ref"))?;
    reference.as_str()?.strip_prefix("#/components/schemas/")
}

/// `schema` where null cannot be.
fn not_null(mut schema: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("nullable");
    }
    schema
}

/// `text` as documentation: code in it is none that rustdoc would compile and run.
fn documentation(text: &str) -> String {
    let (mut fenced, mut lines) = (false, Vec::new());
    for line in text.trim().lines() {
        let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
        let fence = rest.starts_with("```");
        lines.push(match (fence, fenced) {
            (true, false) => format!("{indent}```text"),
            (false, false) if indent.len() > 3 || indent.contains('\t') => format!("   {rest}"),
            _ => line.to_owned(),
        });
        fenced ^= fence;
    }
    if fenced {
        lines.push("```".to_owned());
    }
    lines.join("\n")
}
