//! Request bodies and responses.

use std::collections::BTreeSet;

use openapiv3::StatusCode;

use super::{
    Normalizer, Place,
    flat::{Flat, is_same},
};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

impl<'a> Normalizer<'a> {
    /// Returns the media type and the schema of a request body, or why it cannot be sent.
    pub(super) fn request_body(
        &mut self,
        body: &Place<'a>,
    ) -> Result<Option<(&'static str, Place<'a>)>, String> {
        self.note_unknown_keys(body, &["content", "description", "required"], "a request body");
        let (media_type, schema) = match (self.json(body), first_media_type(body)) {
            (Some(schema), _) => (JSON, schema),
            (None, Some(_)) if body.node["content"].get(FORM).is_some() => {
                (FORM, self.form(schema_of(body, FORM))?)
            }
            (None, Some(media_type)) => {
                return Err(format!(
                    "the request body is `{media_type}`; only JSON and URL-encoded forms are \
                     supported"
                ));
            }
            (None, None) => return Ok(None),
        };
        if body.node["required"] != true {
            self.diagnostics.note(&body.at, "the body is optional, but the client always sends it");
        }
        Ok(Some((media_type, schema)))
    }

    /// Checks that `schema`, a form, has only scalar fields.
    fn form(&mut self, schema: Place<'a>) -> Result<Place<'a>, String> {
        let flat = self.flat(&schema);
        let fields = self.with_fields_of_choices(&flat).properties;
        for (name, places) in fields {
            for place in places {
                if self.is_nested(&place) {
                    return Err(format!("the field `{name}` of its form is not a scalar"));
                }
            }
        }
        Ok(schema)
    }

    fn is_nested(&mut self, schema: &Place<'a>) -> bool {
        let flat = self.flat(schema);
        let is_nested = |flat: &Flat<'_>| {
            flat.is_object() || flat.items.is_some() || flat.types.contains("array")
        };
        is_nested(&flat) || self.members(&flat, &mut BTreeSet::new()).iter().any(is_nested)
    }

    /// Returns the schema of the success response, if it has content, or why it cannot be decoded.
    pub(super) fn success(
        &mut self,
        operation: &Place<'a>,
        method: &str,
    ) -> Result<Option<Place<'a>>, String> {
        let mut successes = Vec::new();
        for (status, response) in self.success_statuses(operation) {
            if let Some(response) = self.follow(response) {
                successes.push((status, response));
            }
        }
        let Some((first, response)) = successes.first().cloned() else {
            return Err("it has no success response".to_owned());
        };
        if method == "HEAD" {
            return Ok(None);
        }
        for (status, response) in &successes {
            if let Some(schema) = self.json(response) {
                self.note_left_out(&successes, status);
                return Ok(Some(schema));
            }
        }
        for (status, response) in &successes {
            if let Some(media_type) = first_media_type(response) {
                return Err(format!("its response {status} is `{media_type}`, not JSON"));
            }
        }
        if !["204", "205"].contains(&first) {
            let what = format!("the response {first} has no content; any body is ignored");
            self.diagnostics.note(&response.at, what);
        }
        Ok(None)
    }

    /// Returns the success responses, or the default response if there are none.
    fn success_statuses(&mut self, operation: &Place<'a>) -> Vec<(&'a str, Place<'a>)> {
        let mut responses = self.entries(&operation.get("responses"));
        responses.retain(|(status, _)| !status.starts_with("x-"));
        responses.sort_by_key(|(status, _)| *status);
        for (status, place) in responses.iter().filter(|(status, _)| *status != "default") {
            if serde_json::from_value::<StatusCode>((*status).into()).is_err() {
                let why = format!(
                    "`{status}` is not a status code; write three digits, or `4XX` for all codes \
                     that start with 4"
                );
                self.problem(&place.at, why);
            }
        }
        let any_success = responses.iter().any(|(status, _)| status.starts_with('2'));
        responses.retain(|(status, _)| match any_success {
            true => status.starts_with('2'),
            false => *status == "default",
        });
        responses
    }

    /// Adds notes on all success responses but the `chosen` one.
    fn note_left_out(&mut self, successes: &[(&str, Place<'a>)], chosen: &str) {
        for (status, response) in successes.iter().filter(|(status, _)| *status != chosen) {
            let what = match first_media_type(response) {
                Some(_) => format!("the response {status} is left out in favor of {chosen}"),
                None => format!(
                    "the response {status} has no content, and is invalid because {chosen} has \
                     content"
                ),
            };
            self.diagnostics.note(&response.at, what);
        }
    }

    /// Returns the schema of the JSON content of `body`.
    fn json(&mut self, body: &Place<'a>) -> Option<Place<'a>> {
        let content = self.entries(&body.get("content"));
        let json = content
            .iter()
            .map(|(media_type, _)| *media_type)
            .filter(|media_type| is_json(media_type));
        let chosen = json.min_by_key(|media_type| !media_type.starts_with(JSON))?;
        let schema = schema_of(body, chosen);
        for (media_type, place) in &content {
            // Another media type with the same schema carries the same data.
            let other = place.get("schema");
            if !other.node.is_null() && !is_same(other.node, schema.node) {
                let what = format!("`{media_type}` is left out in favor of `{chosen}`");
                self.diagnostics.note(&place.at, what);
            }
        }
        Some(schema)
    }
}

fn schema_of<'a>(body: &Place<'a>, media_type: &str) -> Place<'a> {
    body.get("content").get(media_type).get("schema")
}

fn first_media_type<'a>(body: &Place<'a>) -> Option<&'a str> {
    body.node["content"].as_object()?.keys().next().map(String::as_str)
}

fn is_json(media_type: &str) -> bool {
    let name = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    [JSON, "text/json", "application/*", "*/*"].contains(&name.as_str()) || name.ends_with("+json")
}
