//! The bodies of requests and responses.

use openapiv3::StatusCode;

use super::{Normalizer, Place};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

impl<'a> Normalizer<'a> {
    /// The media type and the schema of `body`, which a request has, or why it cannot be sent.
    pub(super) fn request_body(
        &mut self,
        body: &Place<'a>,
    ) -> Result<Option<(&'static str, Place<'a>)>, String> {
        match (self.json(body), first_media_type(body)) {
            (Some(schema), _) => Ok(Some((JSON, schema))),
            (None, Some(_)) if body.node["content"].get(FORM).is_some() => {
                Ok(Some((FORM, schema_of(body, FORM))))
            }
            (None, Some(media_type)) => {
                Err(format!("its body is `{media_type}`, neither JSON nor a form"))
            }
            (None, None) => Ok(None),
        }
    }

    /// The schema of the successful response, if it has content, or why it cannot be read.
    pub(super) fn success(&mut self, place: &Place<'a>) -> Result<Option<Place<'a>>, String> {
        let mut responses = self.entries(&place.get("responses"));
        responses.retain(|(status, _)| !status.starts_with("x-"));
        responses.sort_by_key(|(status, _)| *status);
        for (status, place) in responses.iter().filter(|(status, _)| *status != "default") {
            if serde_json::from_value::<StatusCode>((*status).into()).is_err() {
                let why = format!(
                    "`{status}` is not a status; write three digits, or `4XX` for all that begin \
                     with 4"
                );
                self.findings.reject(&place.at, why);
            }
        }
        let any_success = responses.iter().any(|(status, _)| status.starts_with('2'));
        responses.retain(
            |(status, _)| if any_success { status.starts_with('2') } else { *status == "default" },
        );
        if responses.is_empty() {
            return Err("it has no successful response".to_owned());
        }
        let (mut chosen, mut other) = (None, None);
        for (status, place) in responses {
            let Some(place) = self.follow(place) else { continue };
            match (self.json(&place), first_media_type(&place)) {
                (Some(_), _) if chosen.is_some() => {
                    self.findings.note(
                        &place.at,
                        format!("the response {status} is left out beside another success"),
                    );
                }
                (None, media_type) => {
                    other = other.or(media_type.map(|media_type| (status, media_type)))
                }
                (schema, _) => chosen = schema,
            }
        }
        match (chosen, other) {
            (None, Some((status, media_type))) => {
                Err(format!("its response {status} is `{media_type}`, not JSON"))
            }
            (chosen, _) => Ok(chosen),
        }
    }

    /// The schema of the JSON among the contents of `body`.
    fn json(&mut self, body: &Place<'a>) -> Option<Place<'a>> {
        let content = self.entries(&body.get("content"));
        let json = content
            .iter()
            .map(|(media_type, _)| *media_type)
            .filter(|media_type| is_json(media_type));
        let chosen = json.min_by_key(|media_type| !media_type.starts_with(JSON))?;
        for (media_type, place) in content.iter().filter(|(media_type, _)| *media_type != chosen) {
            self.findings.note(&place.at, format!("`{media_type}` is left out beside `{chosen}`"));
        }
        Some(schema_of(body, chosen))
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
