//! Helpers of several modules.

mod bodies;
mod budget;
mod process;
mod scenarios;
mod server;

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

pub(crate) use self::{
    bodies::{encoded, gzip, page_of, whole},
    budget::{impatient, patient, requests_per_call},
    process::in_child,
    scenarios::{LONG_LIMIT, breaks, fails, gives_page, invalid, none, run},
    server::{request, serve},
};
use crate::Outcome;

/// Characters that change how the text around them shows.
pub(crate) const HIDDEN: &str = "\u{0}\u{7f}\u{85}\u{ad}\u{61c}\u{180e}\u{200b}\u{200f}\
    \u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}\u{feff}\u{fffb}\
    \u{e0041}";

/// Longer than any test runs.
pub(crate) const NEVER: Duration = Duration::from_secs(3600);

pub(crate) fn runtime() -> Outcome<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}
