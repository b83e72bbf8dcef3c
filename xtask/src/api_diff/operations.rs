//! Operations and what they answer.

use serde_json::Value;

use super::{
    Class, Diff,
    documents::{Operation, Parameter, entries, operations, undocumented},
    schemas::Place,
    types::type_text,
};
use crate::pointer::{Pointer, resolve};

impl Diff<'_> {
    /// Compares the operations, by id and else by path.
    pub(super) fn operations(&mut self) {
        let (old, new) = (operations(self.old), operations(self.new));
        let id = |operation: &Operation<'_>| operation.node["operationId"].clone();
        let mut matched = vec![false; old.len()];
        for operation in &new {
            let same_id = old.iter().position(|other| id(other) == id(operation));
            let same_path = || {
                old.iter().position(|other| {
                    (other.path, other.method) == (operation.path, operation.method)
                        && !new.iter().any(|newer| id(newer) == id(other))
                })
            };
            match same_id.or_else(same_path) {
                Some(index) => {
                    matched[index] = true;
                    self.operation(&old[index], operation);
                }
                None => self.operation_added(operation),
            }
        }
        for (operation, _) in old.iter().zip(matched).filter(|(_, matched)| !matched) {
            let name = operation.name();
            let message = format!(
                "the operation `{name}` is gone: {} {}",
                operation.method.to_uppercase(),
                operation.path
            );
            let surface = format!("remove the method `{name}` and its request builder");
            self.add(
                Class::Breaking,
                "operation-removed",
                &operation.at,
                message,
                Some(surface),
            );
        }
    }

    fn operation_added(&mut self, operation: &Operation<'_>) {
        let name = operation.name();
        let parameters = operation.parameters(self.new);
        let names = |required: bool| -> Vec<String> {
            let wanted = parameters.iter().filter(|parameter| parameter.required() == required);
            wanted
                .map(Parameter::name)
                .filter(|name| name != "page_number")
                .map(|name| format!("`{name}`"))
                .collect()
        };
        let list = |what: &str, names: Vec<String>| {
            if names.is_empty() {
                String::new()
            } else {
                format!(" with the {what} {}", names.join(", "))
            }
        };
        let arguments = list("arguments", names(true));
        let setters =
            list("setters", names(false)).replacen(" with", if arguments.is_empty() { " with" } else { " and" }, 1);
        let message = format!(
            "the new operation `{name}`: {} {}",
            operation.method.to_uppercase(),
            operation.path
        );
        let surface = format!("add the method `{name}`{arguments}{setters}");
        self.add(
            Class::Compatible,
            "operation-added",
            &operation.at,
            message,
            Some(surface),
        );
    }

    fn operation(&mut self, old: &Operation<'_>, new: &Operation<'_>) {
        let (old_name, name) = (old.name(), new.name());
        if old.node["operationId"] != new.node["operationId"] {
            let (class, surface) = if old_name == name {
                (Class::Compatible, None)
            } else {
                (
                    Class::Breaking,
                    Some(format!("the method `{old_name}` becomes `{name}`")),
                )
            };
            let message = format!("the operation `{old_name}` is called `{name}`");
            self.add(class, "operation-renamed", &new.at.at("operationId"), message, surface);
        }
        if (old.path, old.method) != (new.path, new.method) {
            let where_to = format!("{} {}", new.method.to_uppercase(), new.path);
            let message = format!(
                "`{name}` goes to {where_to} instead of {} {}",
                old.method.to_uppercase(),
                old.path
            );
            self.moved.push(old.at.clone());
            self.add(Class::Compatible, "operation-moved", &new.at, message, None);
        }
        self.parameters(old, new);
        self.request_body(old, new);
        self.responses(old, new);
        let known = ["operationId", "parameters", "requestBody", "responses", "tags"];
        self.other_entries(&new.at, old.node, new.node, &known, &format!("`{name}`"));
        self.other_entries(
            &new.at,
            old.item,
            new.item,
            &["parameters", "get", "put", "post", "delete", "head", "patch"],
            "the path",
        );
    }

    fn request_body(&mut self, old: &Operation<'_>, new: &Operation<'_>) {
        let at = new.at.at("requestBody");
        let name = new.name();
        let (before, after) = (body(self.old, old), body(self.new, new));
        let (kind, message) = match (before.is_null(), after.is_null()) {
            (true, true) => return,
            (true, false) => ("body-added", format!("`{name}` takes a body")),
            (false, true) => ("body-removed", format!("`{name}` takes no body any more")),
            (false, false) => {
                self.media(&at, &before["content"], &after["content"], &name, Class::Breaking);
                let (old, new) = (undocumented(before), undocumented(after));
                if old["required"] == new["required"] {
                    return;
                }
                ("body-changed", format!("whether `{name}` needs its body has changed"))
            }
        };
        self.add(
            Class::Breaking,
            kind,
            &at,
            message,
            Some(format!("the method `{name}` has to follow")),
        );
    }

    fn responses(&mut self, old: &Operation<'_>, new: &Operation<'_>) {
        let name = new.name();
        let (before, after) = (&old.node["responses"], &new.node["responses"]);
        let is_success = |status: &str| status.starts_with('2');
        for (status, _) in entries(before).filter(|(status, _)| !is_success(status) && after.get(status).is_none()) {
            let message = format!("`{name}` no longer documents the status {status}");
            let surface = format!("the rustdoc of `{name}` lists its errors: remove {status}");
            self.add(
                Class::Compatible,
                "status-removed",
                &old.at.at("responses").at(status),
                message,
                Some(surface),
            );
        }
        for (status, response) in entries(after).filter(|(status, _)| !is_success(status)) {
            let at = new.at.at("responses").at(status);
            match before.get(status) {
                None => {
                    let message = format!("`{name}` documents the status {status}");
                    let surface = format!("the rustdoc of `{name}` lists its errors: add {status}");
                    self.add(Class::Compatible, "status-added", &at, message, Some(surface));
                }
                Some(other) => {
                    let (_, other) = resolve(self.old, &at, other).unwrap_or((at.clone(), &Value::Null));
                    let (at, response) = resolve(self.new, &at, response).unwrap_or((at.clone(), &Value::Null));
                    if other != response {
                        let message = format!("what is said about the status {status} has changed");
                        self.add(Class::Documentation, "documentation", &at, message, None);
                    }
                }
            }
        }
        let success = |responses: &Value| {
            entries(responses)
                .find(|(status, _)| is_success(status))
                .map(|(status, _)| status.to_owned())
        };
        let (old_status, new_status) = (success(before), success(after));
        let (Some(old_status), Some(new_status)) = (old_status, new_status) else {
            return;
        };
        let at = new.at.at("responses").at(&new_status);
        if old_status != new_status {
            let message = format!("`{name}` answers {new_status} instead of {old_status}");
            self.add(Class::Compatible, "status-changed", &at, message, None);
        }
        let old_at = old.at.at("responses").at(&old_status);
        let (Some((_, before)), Some((at, after))) = (
            resolve(self.old, &old_at, &before[&old_status]),
            resolve(self.new, &at, &after[&new_status]),
        ) else {
            return;
        };
        self.media(&at, &before["content"], &after["content"], &name, Class::Breaking);
        self.other_entries(
            &at,
            before,
            after,
            &["content", "headers", "links"],
            &format!("what `{name}` answers"),
        );
    }

    fn media(&mut self, at: &Pointer, old: &Value, new: &Value, name: &str, class: Class) {
        let at = at.at("content");
        let types = |content: &Value| entries(content).map(|(media, _)| media.to_owned()).collect::<Vec<_>>();
        let (before, after) = (types(old), types(new));
        if before != after {
            let message = format!("`{name}`: the content is {} instead of {}", text(&after), text(&before));
            self.add(class, "type-changed", &at, message, None);
            return;
        }
        for media in &after {
            let at = at.at(media);
            let (old, new) = (&old[media], &new[media]);
            let (before, after) = (&old["schema"], &new["schema"]);
            if type_text(before) == type_text(after) {
                self.schema(&at.at("schema"), before, after, Place::Type);
            } else {
                let message = format!(
                    "`{name}`: the content is `{}` instead of `{}`",
                    type_text(after),
                    type_text(before)
                );
                self.add(class, "type-changed", &at.at("schema"), message, None);
            }
            self.other_entries(&at, old, new, &["schema"], &format!("the content of `{name}`"));
        }
    }
}

fn body<'a>(document: &'a Value, operation: &Operation<'a>) -> &'a Value {
    resolve(document, &operation.at, &operation.node["requestBody"]).map_or(&Value::Null, |(_, body)| body)
}

fn text(types: &[String]) -> String {
    if types.is_empty() {
        "nothing".to_owned()
    } else {
        format!("`{}`", types.join("`, `"))
    }
}
