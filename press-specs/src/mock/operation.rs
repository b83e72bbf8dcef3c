//! The operations of the Press API and the paths that lead to them.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// An operation of the Press API, for example to limit a fault to one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Lists specs: `GET /v1/specs/`.
    ListSpecs,
    /// Lists the deployments of a spec's releases: `GET /v1/specs/{specId}/releases/deployments`.
    ListSpecReleaseDeployments,
}

impl Operation {
    /// Finds the operation of a percent-encoded path, and the spec id if the path has one.
    pub(super) fn route(path: &str) -> Option<(Self, Cow<'_, str>)> {
        if path == "/v1/specs/" {
            return Some((Self::ListSpecs, Cow::Borrowed("")));
        }
        let spec_id = path.strip_prefix("/v1/specs/")?.strip_suffix("/releases/deployments")?;
        if spec_id.is_empty() || spec_id.contains('/') {
            return None;
        }
        let spec_id = percent_decode_str(spec_id).decode_utf8().ok()?;
        Some((Self::ListSpecReleaseDeployments, spec_id))
    }
}
