//! The parameters of an operation.

use std::collections::HashMap;

use heck::ToSnakeCase as _;
use serde_json::Value;

use super::checker::{Checker, Kind, list, plain};
use crate::pointer::{Pointer, reference, resolve};

/// A parameter with the place that says what it is.
pub(super) struct Parameter<'a> {
    pub(super) at: Pointer,
    pub(super) node: &'a Value,
}

impl<'a> Checker<'a> {
    /// Checks the parameters of the operation at `at`, which is `path`, and returns them.
    pub(super) fn parameters(&mut self, at: &Pointer, operation: &'a Value, path: &str) -> Vec<Parameter<'a>> {
        let mut parameters: Vec<Parameter<'a>> = Vec::new();
        let shared = at.parent().unwrap_or_else(Pointer::root);
        let item = shared.get(self.document).unwrap_or(&Value::Null);
        for (holder, node) in [(shared, item), (at.clone(), operation)] {
            let list_at = holder.at("parameters");
            let nodes = &node["parameters"];
            if !nodes.is_null() && !nodes.is_array() {
                self.refuse(&list_at, "the parameters are a list", "begin each of them with `- `");
            }
            let first = parameters.len();
            for (index, node) in list(nodes).iter().enumerate() {
                let Some((at, node)) = self.follow(&list_at.at(index), node, Kind::Parameter) else {
                    continue;
                };
                let same = |other: &Parameter<'_>| other.node["name"] == node["name"] && other.node["in"] == node["in"];
                match parameters.iter().position(same) {
                    Some(other) if other >= first => {
                        let what = format!("the parameter `{}` is there twice", plain(&node["name"]));
                        self.refuse(&list_at.at(index), what, "leave one of the two out");
                    }
                    // An operation's own parameter takes the place of its path's.
                    Some(other) => parameters[other] = Parameter { at, node },
                    None => parameters.push(Parameter { at, node }),
                }
            }
        }
        let mut arguments: HashMap<String, String> = HashMap::new();
        if !operation["requestBody"].is_null() {
            arguments.insert("body".to_owned(), "the request body".to_owned());
        }
        for parameter in &parameters {
            let name = plain(&parameter.node["name"]);
            let argument = name.to_snake_case();
            if let Some(other) = arguments.insert(argument.clone(), format!("`{name}`")) {
                self.refuse(
                    &parameter.at,
                    format!("{other} and `{name}` would both become the argument `{argument}`"),
                    "leave one out, or give one another name if the service has one for it",
                );
            }
            self.parameter(parameter, path);
        }
        self.path_parameters(at, path, &parameters);
        parameters
    }

    fn parameter(&mut self, Parameter { at, node }: &Parameter<'a>, path: &str) {
        let Some(name) = node["name"].as_str().filter(|name| !name.is_empty()) else {
            self.refuse(at, "a parameter without a name", "add `name`");
            return;
        };
        let style = node["style"].as_str();
        let allowed_style = match node["in"].as_str() {
            Some("query") => "form",
            Some("path") => {
                if node["required"] != true {
                    self.refuse(
                        at,
                        format!("the path parameter `{name}` is not required"),
                        "add `required: true`",
                    );
                }
                if !names_in(path).any(|other| other == name) {
                    let what = format!("the path parameter `{name}` is not in the path `{path}`");
                    self.refuse(
                        at,
                        what,
                        format!("write `{{{name}}}` where it belongs in the path, or leave the parameter out"),
                    );
                }
                "simple"
            }
            Some("header") => "simple",
            Some("cookie") => {
                self.refuse(
                    at,
                    format!("`{name}` is a cookie parameter"),
                    "leave it out, or send it as a header or in the query",
                );
                return;
            }
            other => {
                let what = format!("the parameter `{name}` is in {}", other.unwrap_or("nothing"));
                self.refuse(at, what, "write `in: query`, `in: path` or `in: header`");
                return;
            }
        };
        if let Some(style) = style.filter(|style| *style != allowed_style) {
            let what = format!("the style `{style}`: the generator sends `{allowed_style}`");
            self.refuse(
                &at.at("style"),
                what,
                format!("leave out `style`, if the service takes `{allowed_style}` too"),
            );
        }
        if !node["content"].is_null() {
            self.refuse(
                &at.at("content"),
                format!("the parameter `{name}` has a `content`"),
                "describe it with `schema`",
            );
        } else if node["schema"].is_null() {
            self.refuse(
                at,
                format!("the parameter `{name}` has no schema"),
                "add `schema`, for example `schema: {type: string}`",
            );
        } else {
            self.parameter_schema(at, node, name);
        }
    }

    fn parameter_schema(&mut self, at: &Pointer, node: &'a Value, name: &str) {
        let schema_at = at.at("schema");
        let schema = &node["schema"];
        let before = self.refused_below(&schema_at);
        self.schema(&schema_at, schema);
        if !before && self.refused_below(&schema_at) {
            return;
        }
        let kind = node["in"].as_str().unwrap_or_default();
        let Some(of) = self.type_of(&schema_at, schema) else {
            self.refuse(
                &schema_at,
                format!("the parameter `{name}` can be anything"),
                "give its schema a `type`",
            );
            return;
        };
        match of.as_str() {
            "object" => self.refuse(
                &schema_at,
                format!("the parameter `{name}` is an object"),
                "describe each of its fields as a parameter of its own",
            ),
            "array" if kind != "query" => {
                self.refuse(
                    &schema_at,
                    format!("the {kind} parameter `{name}` is a list"),
                    "only query parameters can be lists",
                );
            }
            "array" => {
                let items = &self.whole(&schema_at, schema)["items"];
                if self
                    .type_of(&schema_at.at("items"), items)
                    .is_none_or(|of| of == "array" || of == "object")
                {
                    let what = format!("the entries of the parameter `{name}` are not single values");
                    self.refuse(
                        &schema_at.at("items"),
                        what,
                        "let them be `string`, `integer`, `number` or `boolean`",
                    );
                }
                if node["explode"] == false {
                    self.refuse(
                        &at.at("explode"),
                        format!("the list `{name}` is not exploded, and the generator repeats the key for each entry"),
                        "leave out `explode: false`, if the service takes repeated keys too; or describe the parameter as a string",
                    );
                }
            }
            "string" => {}
            other if kind == "path" => {
                let what = format!(
                    "the path parameter `{name}` is of type {other}, and only text can be kept from changing the path"
                );
                self.refuse(&schema_at, what, "write `type: string`");
            }
            _ => {}
        }
    }

    /// The placeholders of `path` and its parameters have to be the same.
    fn path_parameters(&mut self, at: &Pointer, path: &str, parameters: &[Parameter<'_>]) {
        let mut seen = Vec::new();
        for name in names_in(path) {
            if seen.contains(&name) {
                self.refuse(
                    at,
                    format!("`{{{name}}}` is in the path `{path}` twice"),
                    "give each place a name of its own",
                );
            }
            seen.push(name);
            if !parameters
                .iter()
                .any(|parameter| parameter.node["in"] == "path" && parameter.node["name"] == name)
            {
                self.refuse(
                    at,
                    format!("the path `{path}` has a place for `{name}`, and the operation has no such parameter"),
                    format!(
                        "add the parameter: `name: {name}`, `in: path`, `required: true`, `schema: {{type: string}}`"
                    ),
                );
            }
        }
    }

    /// The schema that `schema` stands for: itself, or what it refers to.
    fn whole(&self, at: &Pointer, schema: &'a Value) -> &'a Value {
        let inner = if reference(schema).is_none() {
            schema.pointer("/allOf/0").unwrap_or(schema)
        } else {
            schema
        };
        resolve(self.document, at, inner).map_or(schema, |(_, node)| node)
    }

    fn type_of(&self, at: &Pointer, schema: &'a Value) -> Option<String> {
        self.whole(at, schema)["type"].as_str().map(str::to_owned)
    }
}

/// The names in the braces of `path`.
pub(super) fn names_in(path: &str) -> impl Iterator<Item = &str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
}
