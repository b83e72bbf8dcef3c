//! The operations that are generated: those that the mapping names, or else all that can be.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToUpperCamelCase;
use serde_json::Value;

use super::{Draft, FILE, Normalizer, below, names::operation_name, plain};

const METHODS: [&str; 6] = ["get", "put", "post", "delete", "head", "patch"];

impl<'a> Normalizer<'a> {
    pub(super) fn select(&mut self) -> Vec<Draft<'a>> {
        let (mapping, document) = (self.mapping, self.document);
        let wanted = mapping.operations.as_ref();
        let (mut drafts, mut there, mut left_out) = (Vec::new(), Vec::new(), 0);
        let (mut names, mut seen) = (BTreeMap::new(), BTreeSet::new());
        let paths = self.entries("#/paths", &document["paths"]);
        for (path, item_at, item) in paths.into_iter().filter(|(path, ..)| !path.starts_with("x-")) {
            let Some((item_at, item)) = self.follow(item_at, item) else {
                continue;
            };
            for (method, at, node) in self.entries(&item_at, item) {
                if ["options", "trace"].contains(&method) {
                    self.findings.note(&at, format!("left out: the client sends no {}", method.to_ascii_uppercase()));
                }
                if !METHODS.contains(&method) {
                    continue;
                }
                let key = format!("{} {path}", method.to_ascii_uppercase());
                let wrapped = wanted.and_then(|wanted| wanted.get(&key));
                there.push(key.clone());
                if wanted.is_some() && wrapped.is_none() {
                    left_out += 1;
                    continue;
                }
                self.check_references(&at, node, &mut seen);
                let parameters = self.fold(&item_at, item, &at, node, path);
                let sendable = self.required_sendable(&parameters);
                let (body, response) = match (self.request_body(&at, node), self.success(&at, node), sendable) {
                    (Ok(body), Ok(response), Ok(())) => (body, response),
                    (Err(why), ..) | (_, Err(why), _) | (.., Err(why)) => {
                        match wrapped {
                            Some(_) => self.findings.refuse(&at, why, format!("leave `{key}` out of {FILE}")),
                            None => self.findings.note(&at, format!("left out: {why}")),
                        }
                        continue;
                    }
                };
                let name = match wrapped {
                    Some(wrapped) => self.mapped_name(wrapped.name()),
                    None => self.own_name(&at, &key, node, &names),
                };
                if let Some(other) = names.insert(name.to_upper_camel_case(), (at.clone(), node)) {
                    let what = format!("the operation `{name}` has the name of `{}`", other.0);
                    self.findings.refuse(&at, what, format!("give each a name of its own, here or in {FILE}"));
                }
                let page = wrapped.and_then(|wrapped| wrapped.page());
                drafts.push(Draft { at, name, method, path, node, page, parameters, body, response });
            }
        }
        if left_out > 0 {
            self.findings.note("#/paths", format!("{left_out} operations that {FILE} does not name are left out"));
        }
        for key in wanted.into_iter().flat_map(|wanted| wanted.keys()).filter(|key| !there.contains(key)) {
            let bare = |key: &str| key.trim_end_matches('/').to_ascii_lowercase();
            let instead = match there.iter().find(|other| bare(other) == bare(key)) {
                Some(other) => format!("write `{other}`"),
                None => "write the method and the path as the document has them, such as `GET /v1/specs`".to_owned(),
            };
            self.findings.refuse_in(FILE, "operations", format!("there is no operation `{key}`"), instead);
        }
        if there.is_empty() {
            self.findings.refuse(
                "#/paths",
                "there are no operations",
                "add `paths` with the operations of the service",
            );
        }
        drafts
    }

    fn required_sendable(&mut self, parameters: &[(String, &'a Value)]) -> Result<(), String> {
        for (at, node) in parameters.iter().filter(|(_, node)| node["required"] == true && node["in"] != "cookie") {
            match self.sendable(at, node) {
                Err(why) if why != "the client sets it" => {
                    return Err(format!("its required parameter `{}` cannot be sent: {why}", plain(&node["name"])));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Refuses references that lead nowhere, also in what is dropped later, such as error responses.
    fn check_references(&mut self, at: &str, node: &'a Value, seen: &mut BTreeSet<String>) {
        match node {
            Value::Array(nodes) => {
                for (index, node) in nodes.iter().enumerate() {
                    self.check_references(&format!("{at}/{index}"), node, seen);
                }
            }
            Value::Object(entries) => {
                if let Some(target @ Value::String(_)) = entries.get("$ref")
                    && let Some((at, node)) = self.resolve(at, target)
                    && seen.insert(at.clone())
                {
                    self.check_references(&at, node, seen);
                }
                let data =
                    |key: &str| ["default", "enum", "example", "examples"].contains(&key) || key.starts_with("x-");
                let named = ["properties", "schemas"].iter().any(|named| at.ends_with(named));
                for (key, node) in entries.iter().filter(|(key, _)| named || !data(key)) {
                    self.check_references(&below(at, key), node, seen);
                }
            }
            _ => {}
        }
    }

    fn mapped_name(&mut self, name: &str) -> String {
        let right = operation_name(name);
        if right != name {
            let what = format!("`{name}` is no name of an operation");
            self.findings.refuse_in(FILE, "operations", what, format!("write `{right}`"));
        }
        right
    }

    /// The name of an operation by its id, or else by its method and path.
    fn own_name(
        &mut self,
        at: &str,
        key: &str,
        node: &'a Value,
        names: &BTreeMap<String, (String, &'a Value)>,
    ) -> String {
        let by_path = || operation_name(key);
        let Some(id) = node["operationId"].as_str().filter(|id| id.chars().any(char::is_alphanumeric)) else {
            return by_path();
        };
        let name = operation_name(id);
        match names.get(&name.to_upper_camel_case()) {
            Some((other, node)) if node["operationId"] != id => {
                self.findings.note(
                    &below(at, "operationId"),
                    format!("`{id}` reads as the id of `{other}`, so the path names it"),
                );
                by_path()
            }
            _ => name,
        }
    }
}
