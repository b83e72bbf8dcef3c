//! The options of one request: what it sets in place of its session's settings.

use std::sync::Arc;

use press_api_gen::Operation;

use crate::{
    error::Error,
    header,
    session::{Session, Settings},
};

/// A session and the options of one request.
#[derive(Clone)]
pub(crate) struct RequestOptions {
    pub(crate) session: Session,
    /// The settings of the session, some of them replaced.
    pub(crate) settings: Settings,
    pub(crate) query: Arc<[(String, String)]>,
    /// The first invalid argument and the reason.
    invalid: Option<(&'static str, String)>,
}

impl RequestOptions {
    pub(crate) fn new(session: &Session) -> Self {
        Self {
            session: session.clone(),
            settings: session.inner.settings.clone(),
            query: Arc::default(),
            invalid: None,
        }
    }

    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        if let Err(reason) = header::insert(&mut self.settings.headers, name, value) {
            self.invalid.get_or_insert(("header", reason));
        }
    }

    pub(crate) fn add_query(&mut self, name: String, value: String) {
        let method = match name.as_str() {
            "pageNumber" => "`page` or `start_page`",
            "pageSize" => "`page_size`",
            _ => {
                self.query = self.query.iter().cloned().chain([(name, value)]).collect();
                return;
            }
        };
        let reason = format!("cannot set `{name}`: use {method}");
        self.invalid.get_or_insert(("query", reason));
    }

    /// Checks what must not be sent.
    pub(crate) fn check<O: Operation>(&self, operation: &O) -> Result<(), Error> {
        if let Some((name, reason)) = &self.invalid {
            return Err(Error::parameter(name, reason));
        }
        for (name, value) in operation.path_parameters() {
            check_path_parameter(name, value)?;
        }
        Ok(())
    }
}

/// Checks that a path parameter is one segment of the path.
fn check_path_parameter(name: &str, value: &str) -> Result<(), Error> {
    if value.is_empty() {
        return Err(Error::parameter(name, "is empty"));
    }
    // URLs resolve dot segments and read a backslash as a slash, even if they are encoded. Some
    // servers drop everything after a semicolon. All other characters are encoded.
    if matches!(value, "." | "..") {
        return Err(Error::parameter(name, format!("is `{value}`, which changes the path")));
    }
    let not_allowed = |c: &char| matches!(c, '/' | '\\' | ';') || c.is_control();
    match value.chars().find(not_allowed) {
        Some(c) => Err(Error::parameter(name, format!("contains {c:?}, which isn't allowed"))),
        None => Ok(()),
    }
}
