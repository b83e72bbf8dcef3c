//! What the `drift` library finds that this report does not account for.

use std::{
    panic,
    sync::{Mutex, PoisonError},
};

use drift::{ChangeClass, JsonPathStack};
use serde_json::{Value, json};

use super::{Change, Class, Diff};
use crate::{contract::METHODS, pointer::Pointer};

impl Diff<'_> {
    /// Adds what `drift` finds and the other comparison has not.
    pub(super) fn second_opinion(&mut self) {
        let findings = match compare(self.old, self.new) {
            Ok(findings) => findings,
            // What is breaking already may well be why, and the library does not say.
            Err(_) if self.changes.iter().any(|change| change.class == Class::Breaking) => return,
            Err(reason) => {
                let message = format!("the documents could not be compared as a whole: {reason}");
                self.add(Class::Breaking, "not-compared", &Pointer::root(), message, None);
                return;
            }
        };
        for finding in findings {
            for change in &finding.changes {
                let trivial = change.class == ChangeClass::Trivial;
                let accounted = finding.paths.iter().any(|path| {
                    let old = place(&path.old, &change.old_subpath);
                    if self.moved.iter().any(|moved| moved.covers(&old)) {
                        return true;
                    }
                    self.changes.iter().any(|known| {
                        (trivial || known.class != Class::Documentation)
                            && (meets(known, &path.old, &change.old_subpath)
                                || meets(known, &path.new, &change.new_subpath))
                    })
                });
                if accounted {
                    continue;
                }
                let Some(path) = finding.paths.first() else { continue };
                let text = place(&path.new, &change.new_subpath);
                let at = Pointer::local(&text).unwrap_or_else(Pointer::root);
                if trivial {
                    self.add(Class::Documentation, "documentation", &at, &*change.message, None);
                } else {
                    let message = format!("{}, and what that means is not known", change.message);
                    self.add(Class::Breaking, "not-compared", &at, message, None);
                }
            }
        }
    }
}

/// Asks `drift`, which fails with a panic where media types differ.
fn compare(old: &Value, new: &Value) -> Result<Vec<drift::Change>, String> {
    let (old, new) = (prepared(old), prepared(new));
    static HOOK: Mutex<()> = Mutex::new(());
    let _alone = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let outcome = panic::catch_unwind(|| drift::compare(&old, &new));
    panic::set_hook(hook);
    match outcome {
        Ok(Ok(findings)) => Ok(findings),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(_) => Err("they differ in a way that the comparison has no case for".to_owned()),
    }
}

/// `document` as `drift` understands it: with the bodies of errors left out, which no type is made for, with lists whose
/// order means nothing in one order, and with references bare, since it does not look into an `allOf` that has a `type`
/// beside it.
fn prepared(document: &Value) -> Value {
    let mut document = document.clone();
    for item in document["paths"]
        .as_object_mut()
        .into_iter()
        .flat_map(|paths| paths.values_mut())
    {
        for (_, operation) in item
            .as_object_mut()
            .into_iter()
            .flatten()
            .filter(|(method, _)| METHODS.contains(&method.as_str()))
        {
            let responses = operation
                .get_mut("responses")
                .and_then(Value::as_object_mut)
                .into_iter()
                .flatten();
            for (_, response) in responses.filter(|(status, _)| !status.starts_with('2')) {
                *response = json!({ "description": "" });
            }
        }
    }
    simplify(&mut document);
    document
}

fn simplify(node: &mut Value) {
    match node {
        Value::Array(nodes) => nodes.iter_mut().for_each(simplify),
        Value::Object(nodes) => {
            let single = nodes
                .get("allOf")
                .and_then(Value::as_array)
                .is_some_and(|members| members.len() == 1);
            if single && let Some(member) = nodes.get("allOf").and_then(|members| members.get(0)).cloned() {
                *node = member;
                return;
            }
            for word in ["enum", "required"] {
                if let Some(values) = nodes.get_mut(word).and_then(Value::as_array_mut) {
                    values.sort_by_key(Value::to_string);
                }
            }
            nodes.values_mut().for_each(simplify);
        }
        _ => {}
    }
}

/// Whether `known` is about the place that `stack` and `subpath` lead to: at it, below it, or above a step on the way.
fn meets(known: &Change, stack: &JsonPathStack, subpath: &str) -> bool {
    let top = place(stack, subpath);
    if top == "#/paths" {
        return false;
    }
    let Some(known) = Pointer::local(&known.pointer) else {
        return false;
    };
    let below = Pointer::local(&top).is_some_and(|top| top.covers(known.as_str()));
    below || known.covers(&top) || stack.iter().skip(1).any(|step| known.covers(step))
}

fn place(stack: &JsonPathStack, subpath: &str) -> String {
    let base = stack.current_pointer();
    if subpath.is_empty() {
        base.to_owned()
    } else {
        format!("{base}/{subpath}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(schema: Value, media: &str) -> Value {
        json!({ "openapi": "3.0.3", "info": { "title": "t", "version": "1" },
            "paths": { "/a": { "get": { "responses": { "200": { "description": "", "content": { media: { "schema": schema } } } } } } } })
    }

    #[test]
    fn what_nobody_else_found_is_breaking() {
        let old = document(json!({ "type": "string" }), "application/json");
        let new = document(json!({ "type": "integer" }), "application/json");
        let mut diff = Diff {
            old: &old,
            new: &new,
            changes: Vec::new(),
            moved: Vec::new(),
        };
        diff.second_opinion();
        let [change] = diff.changes.as_slice() else {
            panic!("{:?}", diff.changes)
        };
        assert_eq!(change.class, Class::Breaking);
        assert_eq!(
            change.pointer,
            "#/paths/~1a/get/responses/200/content/application~1json/schema"
        );
        diff.second_opinion();
        assert_eq!(diff.changes.len(), 1, "what is known is not said again");
    }

    #[test]
    fn what_cannot_be_compared_is_breaking() {
        let old = document(json!({ "type": "string" }), "application/json");
        let new = document(json!({ "type": "string" }), "text/plain");
        let mut diff = Diff {
            old: &old,
            new: &new,
            changes: Vec::new(),
            moved: Vec::new(),
        };
        diff.second_opinion();
        assert!(
            matches!(diff.changes.as_slice(), [change] if change.class == Class::Breaking && change.pointer == "#")
        );
    }
}
