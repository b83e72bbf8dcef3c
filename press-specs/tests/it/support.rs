//! Helpers for the tests of several topics.

mod bodies;
mod process;
mod retries;
mod scenarios;
mod server;

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

pub(crate) use self::{
    bodies::{encoded, gzip, padded_page, page_body},
    process::{NO_VARIABLES, case_in_child, in_child},
    retries::{long_delays, requests_per_call, session_without_delays},
    scenarios::{
        LONG_LIMIT, breaks_connection, invalid_response, no_retries, returns_error, returns_page,
        run_scenarios,
    },
    server::{read_request, serve},
};
use crate::Outcome;

/// Control and formatting characters, which change how the text around them is displayed.
pub(crate) const HIDDEN: &str = "\u{0}\u{7f}\u{85}\u{ad}\u{61c}\u{180e}\u{200b}\u{200f}\
    \u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}\u{feff}\u{fffb}\u{e0041}";

/// Longer than the duration of any test.
pub(crate) const NEVER: Duration = Duration::from_secs(3600);

pub(crate) fn runtime() -> Outcome<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}
