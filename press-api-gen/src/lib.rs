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
mod object;
mod open_enum;
mod operation;
pub mod response;
mod text;
mod timestamp;

pub use generated::{Client, operations};
pub use operation::{ListOperation, Operation, Page};

/// The data types of the API.
pub mod types {
    pub use crate::generated::{enumerations::*, types::*};
    pub use crate::timestamp::Timestamp;
}
