//! The bodies of requests and responses.

use serde_json::Value;

use super::{Normalizer, below};
use crate::codegen::mistakes::is_status;

/// The content of a body that the client can send or read.
pub(super) struct Media<'a> {
    pub(super) at: String,
    pub(super) media_type: &'static str,
    pub(super) schema: &'a Value,
    pub(super) description: &'a str,
}

impl<'a> Normalizer<'a> {
    /// The body that `node` asks for, or why it cannot be sent.
    pub(super) fn request_body(&mut self, at: &str, node: &'a Value) -> Result<Option<Media<'a>>, String> {
        let body = &node["requestBody"];
        let Some((at, body)) = (!body.is_null()).then(|| self.follow(below(at, "requestBody"), body)).flatten() else {
            return Ok(None);
        };
        let media = self.json(&at, body);
        let form = "application/x-www-form-urlencoded";
        let content = &body["content"];
        match (media, content.get(form)) {
            (Some(media), _) => Ok(Some(media)),
            (None, Some(media)) => Ok(Some(Media {
                at: below(&below(&below(&at, "content"), form), "schema"),
                media_type: form,
                schema: &media["schema"],
                description: body["description"].as_str().unwrap_or_default(),
            })),
            (None, None) => match content.as_object().and_then(|content| content.keys().next()) {
                Some(media_type) => Err(format!("its body is `{media_type}`, neither JSON nor a form")),
                None => Ok(None),
            },
        }
    }

    /// The content of the successful response, if it has one, or why it cannot be read.
    pub(super) fn success(&mut self, at: &str, node: &'a Value) -> Result<Option<Media<'a>>, String> {
        let responses_at = below(at, "responses");
        let mut responses = self.entries(&responses_at, &node["responses"]);
        responses.sort_by_key(|(status, ..)| *status);
        for (status, at, _) in responses.iter().filter(|(status, ..)| !is_status(status) && !status.starts_with("x-")) {
            let what = format!("`{status}` is not a status");
            self.findings.refuse(at, what, "write three digits, or `4XX` for all that begin with 4");
        }
        let mut successes: Vec<_> = responses.iter().filter(|(status, ..)| status.starts_with('2')).collect();
        if successes.is_empty() {
            successes.extend(responses.iter().filter(|(status, ..)| *status == "default"));
        }
        if successes.is_empty() {
            return Err("it has no successful response".to_owned());
        }
        let (mut chosen, mut other) = (None, None);
        for (status, at, node) in successes {
            let Some((at, node)) = self.follow(at.clone(), node) else {
                continue;
            };
            match (self.json(&at, node), node["content"].as_object().and_then(|content| content.keys().next())) {
                (Some(media), _) if chosen.is_none() => chosen = Some(media),
                (Some(_), _) => {
                    self.findings.note(&at, format!("the response {status} is left out beside another success"))
                }
                (None, media_type) => other = other.or(media_type.map(|media_type| (status, media_type))),
            }
        }
        match (chosen, other) {
            (Some(media), _) => Ok(Some(media)),
            (None, Some((status, media_type))) => Err(format!("its response {status} is `{media_type}`, not JSON")),
            (None, None) => Ok(None),
        }
    }

    /// The JSON among the contents of the body `node`.
    fn json(&mut self, at: &str, node: &'a Value) -> Option<Media<'a>> {
        let content = self.entries(&below(at, "content"), &node["content"]);
        let json = content.iter().filter(|(media_type, ..)| is_json(media_type));
        let (chosen, media_at, media) =
            json.min_by_key(|(media_type, ..)| !media_type.starts_with("application/json"))?;
        for (media_type, at, _) in content.iter().filter(|(media_type, ..)| media_type != chosen) {
            self.findings.note(at, format!("`{media_type}` is left out beside `{chosen}`"));
        }
        // Without a schema, the body is any value.
        let schema = media.get("schema").unwrap_or(&Value::Bool(true));
        Some(Media {
            at: below(media_at, "schema"),
            media_type: "application/json",
            schema,
            description: node["description"].as_str().unwrap_or_default(),
        })
    }
}

fn is_json(media_type: &str) -> bool {
    let name = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    ["application/json", "text/json", "application/*", "*/*"].contains(&name.as_str()) || name.ends_with("+json")
}
