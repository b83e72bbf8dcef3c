//! What all checks share: the document, and the list of findings.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Finding;
use crate::pointer::{Pointer, resolve};

/// Walks through a document and gathers what is wrong with it.
pub(super) struct Checker<'a> {
    pub(super) document: &'a Value,
    /// The component schemas that generated code is made from.
    pub(super) generated: BTreeSet<Pointer>,
    findings: Vec<Finding>,
}

/// What a `$ref` at a place can refer to.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Schema,
    Parameter,
    Response,
    RequestBody,
}

impl Kind {
    fn components(self) -> &'static str {
        match self {
            Self::Schema => "schemas",
            Self::Parameter => "parameters",
            Self::Response => "responses",
            Self::RequestBody => "requestBodies",
        }
    }
}

impl<'a> Checker<'a> {
    pub(super) fn new(document: &'a Value) -> Self {
        Self {
            document,
            generated: BTreeSet::new(),
            findings: Vec::new(),
        }
    }

    pub(super) fn findings(mut self) -> Vec<Finding> {
        let mut unique = Vec::new();
        for finding in self.findings.drain(..) {
            if !unique.contains(&finding) {
                unique.push(finding);
            }
        }
        unique
    }

    /// Notes that `at` holds something `what`, and what to write `instead`.
    pub(super) fn refuse(&mut self, at: &Pointer, what: impl Into<String>, instead: impl Into<String>) {
        self.findings.push(Finding {
            at: at.clone(),
            what: what.into(),
            instead: instead.into(),
        });
    }

    /// Whether something at or below `at` is wrong.
    pub(super) fn refused_below(&self, at: &Pointer) -> bool {
        self.findings.iter().any(|finding| at.covers(finding.at.as_str()))
    }

    /// Whether this is an OpenAPI document of a version that the generator reads.
    pub(super) fn version(&mut self) -> bool {
        let root = Pointer::root();
        let instead = "write `openapi: 3.0.3` and the document in that version";
        match (&self.document["openapi"], &self.document["swagger"]) {
            (Value::String(version), _) if version.trim().starts_with("3.0.") => return true,
            (Value::String(version), _) if version.starts_with("3.1") => self.refuse(
                &root.at("openapi"),
                format!("OpenAPI {version}: the generator reads only 3.0.x"),
                "write `openapi: 3.0.3`, and where the document uses 3.1: `nullable: true` for `type: [string, 'null']`, \
                 `exclusiveMinimum: true` beside `minimum`, `enum` with one value for `const`",
            ),
            (Value::Null, Value::Null) => self.refuse(&root, "not an OpenAPI document: the entry `openapi` is missing", instead),
            (Value::Null, swagger) => {
                let what = format!("Swagger {}: the generator reads only OpenAPI 3.0.x", plain(swagger));
                self.refuse(&root.at("swagger"), what, "convert the document to OpenAPI 3.0.3");
            }
            (version, _) => {
                let what = format!("OpenAPI {}: the generator reads only 3.0.x", plain(version));
                self.refuse(&root.at("openapi"), what, instead);
            }
        }
        false
    }

    /// What `node` at `at` refers to, if that is something of the right kind; says nothing of broken references, which
    /// are found elsewhere.
    pub(super) fn follow(&mut self, at: &Pointer, node: &'a Value, kind: Kind) -> Option<(Pointer, &'a Value)> {
        let (target, value) = resolve(self.document, at, node)?;
        if target != *at {
            let components = Pointer::root().below(&["components", kind.components()]);
            if target.parent() != Some(components) {
                self.refuse(
                    &at.at("$ref"),
                    format!("`{target}` is not an entry of `#/components/{}`", kind.components()),
                    format!(
                        "move it to `components/{0}` and refer to it as `#/components/{0}/…`",
                        kind.components()
                    ),
                );
                return None;
            }
        }
        Some((target, value))
    }
}

/// `value` as one reads it in the document.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The entries of a mapping, or of what is not one: none.
pub(super) fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The entries of a list, or of what is not one: none.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
