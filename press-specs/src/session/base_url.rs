//! The address of the API: which base URLs are accepted.

use reqwest::Url;

use crate::error::Error;

/// The base URL in `text`, unless the token would go where it should not.
pub(crate) fn parse(text: &str, allow_insecure_http: bool) -> Result<Url, Error> {
    let invalid = |reason: &str| Error::configuration("base_url", reason);
    let url = Url::parse(text).map_err(|error| invalid("is not a URL").with_source(error))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(invalid("is not an http or https URL"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("has a user name or password in it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("has a query or a fragment"));
    }
    if url.scheme() == "http" && !allow_insecure_http && !is_loopback(&url) {
        return Err(invalid(
            "is plain http to another machine, which would send the token unencrypted: use \
             https, or `allow_insecure_http(true)`",
        ));
    }
    Ok(url)
}

/// Returns `true` if the URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    match address {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost",
    }
}
