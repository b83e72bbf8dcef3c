//! The parameters of an operation, those of its path included.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Draft, Normalizer, argument, component, documentation, not_null};
use crate::codegen::mistakes::{self, plain};

/// Headers that OpenAPI does not take as parameters.
const SET_BY_THE_CLIENT: [&str; 3] = ["accept", "authorization", "content-type"];

/// A parameter of one operation.
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) location: &'static str,
    pub(crate) required: bool,
    pub(crate) description: Option<String>,
    pub(crate) schema: Value,
    /// The separator and the schema of the entries, for a list that goes out as one value.
    pub(crate) joined: Option<(&'static str, Value)>,
}

impl Parameter {
    pub(super) fn node(&self) -> Value {
        let (required, schema) = (self.required, &self.schema);
        let mut node = json!({ "name": self.name, "in": self.location, "required": required, "schema": schema });
        if let Some(description) = &self.description {
            node["description"] = description.clone().into();
        }
        node
    }
}

impl<'a> Normalizer<'a> {
    /// Folds the parameters of a path item into those of its operation, and checks them against the path.
    pub(super) fn fold(
        &mut self,
        item_at: &str,
        item: &'a Value,
        at: &str,
        node: &'a Value,
        path: &str,
    ) -> Vec<(String, &'a Value)> {
        let mut folded: Vec<(String, &'a Value)> = Vec::new();
        for (at, node) in [(item_at, item), (at, node)] {
            let at = format!("{at}/parameters");
            let shared = folded.len();
            for (at, node) in self.list(&at, &node["parameters"]) {
                let Some((at, node)) = self.follow(at, node) else {
                    continue;
                };
                if node["name"].as_str().is_none_or(str::is_empty) {
                    self.findings.refuse(&at, "a parameter without a name", "add `name`");
                    continue;
                }
                if !["query", "path", "header", "cookie"].iter().any(|location| node["in"] == *location) {
                    let what = format!("the parameter `{}` is in `{}`", plain(&node["name"]), plain(&node["in"]));
                    self.findings.refuse(&at, what, "write `in: query`, `in: path` or `in: header`");
                    continue;
                }
                if node["schema"].is_null() && node["content"].is_null() {
                    let what = format!("the parameter `{}` has no schema", plain(&node["name"]));
                    self.findings.refuse(&at, what, "add `schema`, for example `schema: {type: string}`");
                    continue;
                }
                let same = |(_, other): &(String, &Value)| other["name"] == node["name"] && other["in"] == node["in"];
                match folded.iter().position(same) {
                    Some(other) if other >= shared => {
                        let what = format!("the parameter `{}` is there twice", plain(&node["name"]));
                        self.findings.refuse(&at, what, "leave one of the two out");
                    }
                    // An operation's own parameter takes the place of its path's.
                    Some(other) => folded[other] = (at, node),
                    None => folded.push((at, node)),
                }
            }
        }
        let names = mistakes::path(&mut self.findings, item_at, path);
        for (at, node) in folded.iter().filter(|(_, node)| node["in"] == "path") {
            let name = plain(&node["name"]);
            if !names.contains(&name.as_str()) {
                let what = format!("the path parameter `{name}` is not in the path `{path}`");
                self.findings.refuse(
                    at,
                    what,
                    format!("write `{{{name}}}` where it belongs in the path, or leave it out"),
                );
            }
        }
        for name in names {
            if !folded.iter().any(|(_, node)| node["in"] == "path" && node["name"] == name) {
                let what =
                    format!("the path `{path}` has a place for `{name}`, and the operation has no such parameter");
                let instead = format!(
                    "add the parameter: `name: {name}`, `in: path`, `required: true`, `schema: {{type: string}}`"
                );
                self.findings.refuse(at, what, instead);
            }
        }
        folded
    }

    /// The parameters of `draft` in the shapes that can be sent. What cannot is left out.
    pub(super) fn parameters(&mut self, draft: &Draft<'a>, type_name: &str) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        let mut arguments =
            BTreeMap::from([("body".to_owned(), "the request body"), ("header_map".to_owned(), "the headers")]);
        for (at, node) in &draft.parameters {
            let name = node["name"].as_str().unwrap_or_default();
            let why = match arguments.get(&argument(name)) {
                Some(other) => Err(format!("its name is taken by {other}")),
                None => self.sendable(at, node),
            };
            if let Err(why) = why {
                self.findings.note(at, format!("the parameter `{name}` is left out: {why}"));
                continue;
            }
            arguments.insert(argument(name), name);
            parameters.push(self.parameter(at, node, &format!("{type_name}{}", super::names::camel(name))));
        }
        parameters
    }

    /// Checks that the parameter `node` can be sent, and returns the reason if not.
    pub(super) fn sendable(&mut self, at: &str, node: &'a Value) -> Result<(), String> {
        let name = node["name"].as_str().unwrap_or_default();
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        match node["in"].as_str() {
            Some("cookie") => return Err("cookies are not sent".to_owned()),
            Some("header") if !name.chars().all(token) => return Err("no header can be called so".to_owned()),
            Some("header") if SET_BY_THE_CLIENT.iter().any(|header| name.eq_ignore_ascii_case(header)) => {
                return Err("the client sets it".to_owned());
            }
            _ => {}
        }
        if !node["content"].is_null() {
            return Ok(());
        }
        let (at, node) = self.list_of(format!("{at}/schema"), &node["schema"]);
        let flat = self.flat(&at, node);
        if flat.is_object() {
            return Err("it is an object".to_owned());
        }
        let items = flat.items.map(|(at, items)| self.flat(&at, items));
        if items.is_some_and(|items| items.is_object() || items.types.contains("array")) {
            return Err("its entries are not single values".to_owned());
        }
        Ok(())
    }

    fn parameter(&mut self, at: &str, node: &'a Value, made: &str) -> Parameter {
        let location = ["path", "header"].into_iter().find(|location| node["in"] == *location).unwrap_or("query");
        let (mut joined, mut schema) = (None, json!({ "type": "string" }));
        if node["content"].is_null() {
            let (at, node_schema) = self.list_of(format!("{at}/schema"), &node["schema"]);
            schema = text(not_null(self.schema(&at, node_schema, made)));
            if schema["type"] == "array" {
                schema["items"] = text(not_null(schema["items"].take()));
                let separator = match (location, node["explode"] == false, node["style"].as_str()) {
                    ("query", true, Some("spaceDelimited")) => Some(" "),
                    ("query", true, Some("pipeDelimited")) => Some("|"),
                    (location, single, _) => (single || location != "query").then_some(","),
                };
                joined = separator.map(|separator| (separator, schema["items"].take()));
            }
        }
        if joined.is_some() {
            schema = json!({ "type": "string" });
        }
        Parameter {
            name: node["name"].as_str().unwrap_or_default().to_owned(),
            location,
            required: node["required"] == true || location == "path",
            description: node["description"].as_str().map(documentation),
            schema,
            joined,
        }
    }

    /// The list among the choices of a parameter, or the parameter itself.
    fn list_of(&mut self, at: String, node: &'a Value) -> (String, &'a Value) {
        let choices = self.flat(&at, node).choices;
        let lists = self.flats(&choices).into_iter().zip(choices);
        lists
            .into_iter()
            .find_map(|(flat, choice)| flat.types.contains("array").then_some(choice))
            .unwrap_or((at, node))
    }
}

/// `schema`, which goes into a path, a query or a header, where any value is text.
fn text(schema: Value) -> Value {
    let known = schema["type"].is_string() || component(&schema).is_some();
    if known { schema } else { json!({ "type": "string" }) }
}
