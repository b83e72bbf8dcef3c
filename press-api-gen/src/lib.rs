#![doc = include_str!("../README.md")]

#[allow(
    deprecated,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    rustdoc::bare_urls,
    rustdoc::broken_intra_doc_links,
    rustdoc::invalid_html_tags,
    reason = "generated code follows the API's document, not our style"
)]
#[rustfmt::skip]
mod generated;
pub mod attempt;
pub mod body;
mod exchange;
#[allow(dead_code, unused_imports, unused_macros, reason = "some documents don't need all of it")]
mod object;
#[allow(unused_imports, unused_macros, reason = "some documents have no enumerations")]
mod open_enum;
mod operation;
pub mod response;
mod text;
mod timestamp;

pub use generated::{Client, operations};
pub use operation::{ListOperation, Operation, Page};

/// The data types of the API.
///
/// # Creating values
///
/// Tests of code that handles data create values by hand. Start from `default` and assign fields,
/// or read JSON with the `serde_json` crate. Struct expressions don't work, so a new field isn't a
/// breaking change.
///
/// ```
/// # use press_api_gen as press_specs;
/// use press_specs::types::{SpecKind, SpecSummary};
///
/// let mut spec = SpecSummary::default();
/// spec.id = "spec-1".into();
/// spec.kind = Some(SpecKind::App);
///
/// let json = serde_json::json!({ "id": "spec-1", "kind": "app" });
/// assert_eq!(spec, serde_json::from_value(json)?);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub mod types {
    #[allow(unused_imports, unreachable_pub, reason = "some documents have no enumerations")]
    pub use crate::generated::enumerations::*;
    pub use crate::generated::types::*;
    pub use crate::timestamp::Timestamp;
}
