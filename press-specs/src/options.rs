//! The options of one request, which override the session's settings.

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
    /// The session's settings with the request's overrides.
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

    pub(crate) fn add_query<O: Operation>(&mut self, name: String, value: String) {
        if let Some(setter) = setter::<O>(&name) {
            let reason = format!("cannot set `{name}`: use {setter}");
            self.invalid.get_or_insert(("query", reason));
            return;
        }
        let mut query = self.query.to_vec();
        query.push((name, value));
        self.query = query.into();
    }

    /// Rejects arguments that must not be sent.
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

/// Returns the setter of a query parameter, if it has one.
fn setter<O: Operation>(parameter: &str) -> Option<String> {
    let setters: &[_] = match O::NAME {
        "list_specs" => &["featured", "kind", "scope", "sort", "status", "term"],
        "list_spec_release_deployments" => &["name", "sort", "status", "title", "version"],
        _ => &[],
    };
    match parameter {
        "pageNumber" => Some("`page` or `start_page`".to_owned()),
        "pageSize" => Some("`page_size`".to_owned()),
        // The other setters have the names of their parameters.
        _ => setters.contains(&parameter).then(|| format!("`{parameter}`")),
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
