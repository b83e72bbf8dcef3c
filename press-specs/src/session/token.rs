//! The token, which is never shown and is redacted from messages.

use http::HeaderValue;

use crate::header::invalid_value;

/// The value of the `Authorization` header.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(HeaderValue);

impl Token {
    /// Returns the token, or the reason the text cannot be sent as one.
    pub(crate) fn new(text: &str) -> Result<Self, &'static str> {
        if text.trim().is_empty() {
            return Err("is empty");
        }
        let mut value = HeaderValue::from_str(text).map_err(|_| invalid_value(text))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// Returns `text` without the token, which a server may have echoed.
    pub(crate) fn redact(&self, text: &str) -> String {
        let token = String::from_utf8_lossy(self.0.as_bytes());
        // A server may echo `Bearer abc` as `abc`, and escape it in JSON.
        let secret = token.split_whitespace().next_back().unwrap_or_default();
        let escaped = |secret: &str| secret.replace('\\', r"\\").replace('"', "\\\"");
        let slashed = |secret: &str| escaped(secret).replace('/', r"\/");
        [token.to_string(), secret.to_owned()]
            .into_iter()
            .flat_map(|secret| [slashed(&secret), escaped(&secret), secret])
            .fold(text.to_owned(), |text, secret| without(text, &secret))
    }
}

/// Replaces `secret` in `text`, and its beginning at the end of `text`, where a body may be
/// truncated.
fn without(text: String, secret: &str) -> String {
    /// A shorter secret may be part of an ordinary word.
    const SHORTEST: usize = 4;
    if secret.len() < SHORTEST {
        return text;
    }
    let mut text = text.replace(secret, "[token]");
    let begun = secret.char_indices().rev().map(|(end, _)| &secret[..end]);
    if let Some(begun) =
        begun.filter(|begun| begun.len() >= SHORTEST).find(|begun| text.ends_with(begun))
    {
        text.replace_range(text.len() - begun.len().., "[token]");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_token_is_redacted() {
        for (token, text, shown) in [
            ("secret", "a secret.", "a [token]."),
            ("secret", "cut off: secr", "cut off: [token]"),
            ("Bearer a+b/c=", "a+b/c= or Bearer a+b/c=", "[token] or [token]"),
            ("ab/c\"d", r#"ab\/c\"d or ab/c\"d or ab/c"d"#, "[token] or [token] or [token]"),
            ("abc", "abc", "abc"),
        ] {
            let token = Token::new(token).expect("a token");
            assert_eq!(token.redact(text), shown);
            assert!(token.header().is_sensitive());
        }
    }
}
