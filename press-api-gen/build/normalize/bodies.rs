//! The bodies of requests and responses.

use super::{Normalizer, Place};
use crate::codegen::mistakes::is_status;

/// The content of a body that the client can send or read.
pub(super) struct Media<'a> {
    pub(super) media_type: &'static str,
    pub(super) schema: Place<'a>,
    pub(super) description: Option<&'a str>,
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

impl<'a> Normalizer<'a> {
    /// The body that the operation at `place` asks for, or why it cannot be sent.
    pub(super) fn request_body(&mut self, place: &Place<'a>) -> Result<Option<Media<'a>>, String> {
        let Some(body) = self.follow(place.get("requestBody")) else { return Ok(None) };
        match (self.json(&body), first_media_type(&body)) {
            (None, Some(_)) if body.node["content"].get(FORM).is_some() => Ok(Some(media(&body, FORM, FORM))),
            (None, Some(media_type)) => Err(format!("its body is `{media_type}`, neither JSON nor a form")),
            (json, _) => Ok(json),
        }
    }

    /// The content of the successful response, if it has one, or why it cannot be read.
    pub(super) fn success(&mut self, place: &Place<'a>) -> Result<Option<Media<'a>>, String> {
        let mut responses = self.entries(&place.get("responses"));
        responses.sort_by_key(|(status, _)| *status);
        for (status, place) in responses.iter().filter(|(status, _)| !is_status(status) && !status.starts_with("x-")) {
            let why = format!("`{status}` is not a status; write three digits, or `4XX` for all that begin with 4");
            self.findings.refuse(&place.at, why);
        }
        let any_success = responses.iter().any(|(status, _)| status.starts_with('2'));
        responses.retain(|(status, _)| if any_success { status.starts_with('2') } else { *status == "default" });
        if responses.is_empty() {
            return Err("it has no successful response".to_owned());
        }
        let (mut chosen, mut other) = (None, None);
        for (status, place) in responses {
            let Some(place) = self.follow(place) else { continue };
            match (self.json(&place), first_media_type(&place)) {
                (Some(_), _) if chosen.is_some() => {
                    self.findings.note(&place.at, format!("the response {status} is left out beside another success"));
                }
                (None, media_type) => other = other.or(media_type.map(|media_type| (status, media_type))),
                (json, _) => chosen = json,
            }
        }
        match (chosen, other) {
            (None, Some((status, media_type))) => Err(format!("its response {status} is `{media_type}`, not JSON")),
            (chosen, _) => Ok(chosen),
        }
    }

    /// The JSON among the contents of `body`.
    fn json(&mut self, body: &Place<'a>) -> Option<Media<'a>> {
        let content = self.entries(&body.get("content"));
        let json = content.iter().map(|(media_type, _)| *media_type).filter(|media_type| is_json(media_type));
        let chosen = json.min_by_key(|media_type| !media_type.starts_with(JSON))?;
        for (media_type, place) in content.iter().filter(|(media_type, _)| *media_type != chosen) {
            self.findings.note(&place.at, format!("`{media_type}` is left out beside `{chosen}`"));
        }
        Some(media(body, chosen, JSON))
    }
}

fn media<'a>(body: &Place<'a>, key: &str, media_type: &'static str) -> Media<'a> {
    let schema = body.get("content").get(key).get("schema");
    Media { media_type, schema, description: body.text("description") }
}

fn first_media_type<'a>(body: &Place<'a>) -> Option<&'a str> {
    body.node["content"].as_object()?.keys().next().map(String::as_str)
}

fn is_json(media_type: &str) -> bool {
    let name = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    [JSON, "text/json", "application/*", "*/*"].contains(&name.as_str()) || name.ends_with("+json")
}
