//! Base URLs of the API.

use reqwest::Url;

use crate::{error::Error, response::shorten};

/// Parses a base URL and rejects one that would expose the token.
pub(crate) fn parse(text: &str, allow_insecure_http: bool) -> Result<Url, Error> {
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return Err(not_a_url(text).with_source(error)),
    };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        // In `localhost:8080`, the host name parses as the scheme.
        return Err(missing_scheme(text)
            .unwrap_or_else(|| invalid("is not an https:// or http:// URL".to_owned())));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("contains a user name or password; remove it".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("contains a query or fragment; remove it".to_owned()));
    }
    if url.scheme() == "http" && !allow_insecure_http && !is_loopback(&url) {
        let reason = "is plain http to another machine, which would send the token unencrypted; \
                      use https, or `allow_insecure_http(true)`";
        return Err(invalid(reason.to_owned()));
    }
    Ok(url)
}

fn invalid(reason: String) -> Error {
    Error::configuration("`base_url`", reason)
}

fn not_a_url(text: &str) -> Error {
    if text.is_empty() {
        return invalid("is empty".to_owned());
    }
    missing_scheme(text).unwrap_or_else(|| invalid("is not a URL".to_owned()))
}

/// Returns the error for a URL such as `press.peak.ai`, which only lacks its scheme.
fn missing_scheme(text: &str) -> Option<Error> {
    if text.starts_with(['/', '\\']) || text.contains("://") {
        return None;
    }
    let mut url = Url::parse(&format!("https://{text}")).ok()?;
    let is_private = !url.username().is_empty() || url.query().is_some();
    if is_private || url.fragment().is_some() {
        return None;
    }
    if is_loopback(&url) {
        url.set_scheme("http").ok()?;
    }
    let url = shorten(url.as_str().trim_end_matches('/'), 100);
    Some(invalid(format!("has no scheme; use `{url}`")))
}

/// Returns `true` if the URL points to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    match address {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost",
    }
}
