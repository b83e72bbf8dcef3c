//! The operations, each of which becomes a method.

use std::collections::HashMap;

use heck::ToSnakeCase as _;
use serde_json::Value;

use super::{
    checker::{Checker, entries, plain},
    parameters::Parameter,
};
use crate::pointer::{Pointer, reference, resolve};

pub(crate) const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

impl<'a> Checker<'a> {
    /// Checks every operation and what is reached from it.
    pub(super) fn operations(&mut self) {
        let paths_at = Pointer::root().at("paths");
        let paths = &self.document["paths"];
        if paths.as_object().is_none_or(|paths| paths.is_empty()) {
            self.refuse(
                &paths_at,
                "there are no paths",
                "add `paths` with the operations of the service",
            );
        }
        let mut methods: HashMap<String, (String, Pointer)> = HashMap::new();
        for (path, item) in entries(paths) {
            if path.starts_with("x-") {
                continue;
            }
            let at = paths_at.at(path);
            if item.get("$ref").is_some() {
                self.refuse(&at, "a path that is a `$ref`", "write its operations here");
                continue;
            }
            self.path(&at, path);
            for (method, operation) in entries(item).filter(|(method, _)| METHODS.contains(&method.as_str())) {
                let at = at.at(method);
                if ["options", "trace"].contains(&method.as_str()) {
                    self.refuse(
                        &at,
                        format!("the method `{method}`: the HTTP client has none"),
                        "leave the operation out",
                    );
                }
                self.operation_id(&at, operation, &mut methods);
                let parameters = self.parameters(&at, operation, path);
                self.request_body(&at, operation);
                if let Some(response) = self.responses(&at, operation)
                    && method == "get"
                {
                    self.pages(&parameters, response);
                }
            }
        }
        if let Some(version) = self.document["info"]["version"].as_str()
            && !version.chars().all(|c| c.is_ascii_graphic() || c == ' ')
        {
            let at = Pointer::root().below(&["info", "version"]);
            self.refuse(
                &at,
                "the version holds characters that no header can",
                "write it in ASCII",
            );
        }
    }

    fn path(&mut self, at: &Pointer, path: &str) {
        if !path.starts_with('/') {
            self.refuse(
                at,
                format!("the path `{path}` does not begin with a slash"),
                format!("write `/{path}`"),
            );
        }
        let mut open = false;
        let balanced = path.chars().all(|c| match c {
            '{' | '}' => {
                let expected = open == (c == '}');
                open = c == '{';
                expected
            }
            _ => true,
        });
        if !balanced || open || path.contains("{}") {
            let what = format!("the braces of the path `{path}` do not enclose names");
            self.refuse(at, what, "write each parameter as `{name}`");
        }
        if path.contains('?') || path.contains('#') {
            let what = format!("the path `{path}` has a query or a fragment");
            self.refuse(at, what, "describe what follows the `?` as query parameters");
        }
    }

    fn operation_id(&mut self, at: &Pointer, operation: &Value, methods: &mut HashMap<String, (String, Pointer)>) {
        let id_at = at.at("operationId");
        let Some(id) = operation["operationId"]
            .as_str()
            .filter(|id| !id.to_snake_case().is_empty())
        else {
            self.refuse(
                at,
                "an operation without `operationId`",
                "add one that says what it does, such as `list_specs`: the method is called so",
            );
            return;
        };
        let name = id.to_snake_case();
        if let Some((other, other_at)) = methods.insert(name.clone(), (id.to_owned(), at.clone())) {
            let what = if other == id {
                format!("the operationId `{id}` is taken by `{other_at}`")
            } else {
                format!("the operationId `{id}` becomes the method `{name}`, as `{other}` of `{other_at}` does")
            };
            self.refuse(&id_at, what, "give each operation an id of its own");
        }
    }

    /// What a GET with numbered pages needs, so that the crate can walk them.
    fn pages(&mut self, parameters: &[Parameter<'a>], response: &'a Value) {
        let find = |name: &str| parameters.iter().find(|parameter| parameter.node["name"] == name);
        let schema = &response["content"]["application/json"]["schema"];
        let Some((page_at, page)) = resolve(self.document, &Pointer::root(), schema) else {
            return;
        };
        let required = page["required"]
            .as_array()
            .is_some_and(|required| required.contains(&"pageCount".into()));
        let Some(number) = find("pageNumber").filter(|_| required && reference(schema).is_some()) else {
            return;
        };
        for Parameter { at, node } in parameters.iter().filter(|parameter| parameter.node["required"] == true) {
            let at = at.at("schema");
            let schema = node["schema"].pointer("/allOf/0").unwrap_or(&node["schema"]);
            if resolve(self.document, &at, schema).is_some_and(|(_, schema)| schema["enum"].is_array()) {
                self.refuse(
                    &at,
                    format!(
                        "`{}` is required and an enumeration, which has no value to start from",
                        plain(&node["name"])
                    ),
                    "write `type: string`, or leave out `required` if the parameter is in the query",
                );
            }
        }
        match find("pageSize") {
            None => self.refuse(
                &number.at,
                "`pageNumber` without `pageSize`: the crate sets both on an operation that has pages",
                "add `$ref: '#/components/parameters/PageSize'` to the parameters",
            ),
            Some(size) => {
                for Parameter { at, node } in [number, size] {
                    let schema = &node["schema"];
                    let at = at.at("schema");
                    let whole = resolve(self.document, &at, schema).map_or(schema, |(_, schema)| schema);
                    let unsigned = whole["minimum"].as_i64().is_some_and(|minimum| minimum >= 0);
                    if whole["type"] != "integer" || !unsigned || node["required"] == true {
                        self.refuse(
                            &at,
                            format!(
                                "`{}` is not the optional number that the crate sets",
                                plain(&node["name"])
                            ),
                            "write `{type: integer, format: int64, minimum: 1}`, and not `required`",
                        );
                    }
                }
            }
        }
        for (name, required) in [("pageCount", true), ("pageNumber", false)] {
            let schema = &page["properties"][name];
            if schema.is_null() {
                continue;
            }
            let unsigned = schema["minimum"].as_i64().is_some_and(|minimum| minimum >= 0);
            let fits = schema["type"] == "integer" && schema["format"] == "int64" && unsigned;
            let is_required = page["required"]
                .as_array()
                .is_some_and(|required| required.contains(&name.into()));
            if !fits || required != is_required || (required && schema["nullable"] == true) {
                self.refuse(
                    &page_at.at("properties").at(name),
                    format!(
                        "the page's `{name}` is not the {} number that the crate reads",
                        if required { "required" } else { "optional" }
                    ),
                    format!(
                        "write `{{type: integer, format: int64, minimum: 0}}`, and {} in `required`",
                        if required { "list it" } else { "do not list it" },
                    ),
                );
            }
        }
    }
}
