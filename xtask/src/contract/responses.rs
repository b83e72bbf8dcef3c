//! What an operation answers, and what it is sent.

use serde_json::Value;

use super::checker::{Checker, Kind, entries, plain};
use crate::pointer::Pointer;

impl<'a> Checker<'a> {
    /// Checks the responses of the operation at `at`, and returns its success response.
    pub(super) fn responses(&mut self, at: &Pointer, operation: &'a Value) -> Option<&'a Value> {
        let responses_at = at.at("responses");
        let mut successes = Vec::new();
        for (status, response) in entries(&operation["responses"]) {
            let at = responses_at.at(status);
            if status.starts_with('2') {
                successes.push((at, response));
            } else if status == "default" {
                self.refuse(
                    &at,
                    "a `default` response: the generator cannot tell whether it is a success",
                    "name each status; the crate keeps an error's status and body also when the contract does not name it",
                );
            } else if !is_status(status) && !status.starts_with("x-") {
                self.refuse(
                    &at,
                    format!("`{status}` is not a status"),
                    "write a number from 100 to 599, or a range such as `5XX`",
                );
            } else {
                self.follow(&at, response, Kind::Response);
            }
        }
        match successes.as_slice() {
            [] => {
                self.refuse(&responses_at, "no success response", "add the response `'200'`");
                None
            }
            [(at, response)] => {
                let (target, response) = self.follow(at, response, Kind::Response)?;
                self.success(&target, response);
                Some(response)
            }
            [_, more @ ..] => {
                for (at, _) in more {
                    self.refuse(
                        at,
                        "a second success response: a generated method returns one type",
                        "leave one of the two out",
                    );
                }
                None
            }
        }
    }

    fn success(&mut self, at: &Pointer, response: &'a Value) {
        let content_at = at.at("content");
        let content: Vec<_> = entries(&response["content"]).collect();
        match content.as_slice() {
            [] => {}
            [(media_type, media)] if is_json(media_type) => self.media(&content_at.at(media_type), media),
            [(media_type, _)] => self.refuse(
                &content_at.at(media_type),
                format!("a success of type `{media_type}`: the generator decodes only JSON"),
                "describe the JSON that the service answers, as `application/json`; or leave out `content`, if the answer has no body",
            ),
            _ => self.refuse(
                &content_at,
                format!("a success with {} content types: a generated method returns one type", content.len()),
                "leave only `application/json`, which is what the client asks for",
            ),
        }
    }

    fn media(&mut self, at: &Pointer, media: &'a Value) {
        if media["schema"].is_null() {
            self.refuse(
                at,
                "content without a schema",
                "add `schema: {$ref: '#/components/schemas/…'}`",
            );
        } else {
            self.schema(&at.at("schema"), &media["schema"]);
        }
        if entries(&media["encoding"]).next().is_some() {
            self.refuse(
                &at.at("encoding"),
                "an `encoding`: the generator has none",
                "leave it out",
            );
        }
    }

    /// Checks what the operation at `at` is sent.
    pub(super) fn request_body(&mut self, at: &Pointer, operation: &'a Value) {
        let body = &operation["requestBody"];
        if body.is_null() {
            return;
        }
        let Some((at, body)) = self.follow(&at.at("requestBody"), body, Kind::RequestBody) else {
            return;
        };
        let content_at = at.at("content");
        let content: Vec<_> = entries(&body["content"]).collect();
        match content.as_slice() {
            [] => self.refuse(&at, "a request body without content", "add `content`, or leave out the body"),
            [(media_type, media)] if is_json(media_type) => self.media(&content_at.at(media_type), media),
            [(media_type, media)] if *media_type == "application/x-www-form-urlencoded" => {
                self.media(&content_at.at(media_type), media);
            }
            [(media_type, media)] if ["application/octet-stream", "text/plain"].contains(&media_type.as_str()) => {
                let format = if *media_type == "text/plain" { Value::Null } else { "binary".into() };
                let schema = &media["schema"];
                if schema["type"] != "string" || schema["format"] != format {
                    let format = if format.is_null() { String::new() } else { format!(", format: {}", plain(&format)) };
                    self.refuse(
                        &content_at.at(media_type),
                        format!("a request body of type `{media_type}` that is not a plain string"),
                        format!("write `schema: {{type: string{format}}}`"),
                    );
                }
            }
            [(media_type, _)] => self.refuse(
                &content_at.at(media_type),
                format!("a request body of type `{media_type}`"),
                "write `application/json`, `application/x-www-form-urlencoded`, `text/plain` or `application/octet-stream`",
            ),
            _ => self.refuse(
                &content_at,
                format!("a request body of {} content types: a generated method sends one", content.len()),
                "leave only one, best `application/json`",
            ),
        }
    }
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.starts_with("application/json;")
}

fn is_status(text: &str) -> bool {
    let mut letters = text.chars();
    let first = letters.next().is_some_and(|c| ('1'..='5').contains(&c));
    let rest = letters.as_str();
    first && rest.len() == 2 && (rest == "XX" || rest.chars().all(|c| c.is_ascii_digit()))
}
