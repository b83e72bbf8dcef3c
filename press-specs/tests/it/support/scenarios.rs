//! Scenarios: a fault and the expected result of a call.

use std::{mem, time::Duration};

use futures::future::try_join_all;
use press_specs::{
    Error, ErrorKind, RetryPolicy, SessionBuilder, get_client,
    mock::{Fault, MockPress},
    types::SpecPage,
};
use tokio::time::timeout;

use crate::{Outcome, PATIENCE};

/// A timeout that expires in some of the requests. The others have to succeed within it.
pub(crate) const LONG_LIMIT: Duration = Duration::from_secs(6);

/// A call that meets faults, and the expected result.
pub(crate) struct Scenario {
    name: String,
    faults: Vec<Fault>,
    session: fn(SessionBuilder) -> SessionBuilder,
    requests: u32,
    outcome: Expected,
    /// A part of the error's text.
    message: String,
    body: Option<Vec<u8>>,
    check_page: fn(&SpecPage) -> bool,
    check_error: fn(&Error) -> bool,
}

#[derive(Debug)]
enum Expected {
    Page,
    Error {
        /// `None` if another test checks it.
        kind: Option<ErrorKind>,
        status: Option<u16>,
    },
}

/// Expects the page after this many requests.
pub(crate) fn returns_page(name: impl Into<String>, requests: u32, fault: Fault) -> Scenario {
    Scenario {
        name: name.into(),
        faults: vec![fault],
        session: |session| session,
        requests,
        outcome: Expected::Page,
        message: String::new(),
        body: None,
        check_page: |page| page.specs.len() == 3,
        check_error: |_| true,
    }
}

/// Expects an error after one request.
pub(crate) fn returns_error(
    name: impl Into<String>,
    kind: impl Into<Option<ErrorKind>>,
    status: impl Into<Option<u16>>,
    fault: Fault,
) -> Scenario {
    let outcome = Expected::Error { kind: kind.into(), status: status.into() };
    Scenario { outcome, ..returns_page(name, 1, fault.always()) }
}

/// Expects an invalid response after one request.
pub(crate) fn invalid_response(name: impl Into<String>, fault: Fault) -> Scenario {
    returns_error(name, ErrorKind::InvalidResponse, 200, fault)
}

/// Expects a page if the fault breaks the connection once, and an error if it always does.
pub(crate) fn breaks_connection(
    name: &str,
    status: impl Into<Option<u16>>,
    fault: Fault,
) -> [Scenario; 2] {
    let once = returns_page(format!("{name}, once"), 2, fault.clone());
    let always = returns_error(format!("{name}, always"), ErrorKind::Connection, status, fault);
    [once, always.requests(4)]
}

/// Overrides the constructor's defaults.
impl Scenario {
    pub(crate) fn faults(self, faults: impl Into<Vec<Fault>>) -> Self {
        Self { faults: faults.into(), ..self }
    }

    pub(crate) fn session(self, session: fn(SessionBuilder) -> SessionBuilder) -> Self {
        Self { session, ..self }
    }

    pub(crate) fn requests(self, requests: u32) -> Self {
        Self { requests, ..self }
    }

    pub(crate) fn message(self, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..self }
    }

    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), ..self }
    }

    pub(crate) fn check_page(self, check_page: fn(&SpecPage) -> bool) -> Self {
        Self { check_page, ..self }
    }

    pub(crate) fn check_error(self, check_error: fn(&Error) -> bool) -> Self {
        Self { check_error, ..self }
    }
}

impl Scenario {
    fn assert_result(&self, result: Result<SpecPage, Error>) {
        let name = &self.name;
        match (&self.outcome, result) {
            (Expected::Page, Ok(page)) => assert!((self.check_page)(&page), "{name}: {page:?}"),
            (Expected::Error { kind, status }, Err(error)) => {
                if let Some(kind) = kind {
                    assert_eq!(error.kind(), *kind, "{name}: {error:?}");
                }
                assert_eq!(error.status(), *status, "{name}: {error:?}");
                self.assert_error(&error);
            }
            (expected, result) => panic!("{name}: expected {expected:?}, got {result:?}"),
        }
    }

    fn assert_error(&self, error: &Error) {
        let name = &self.name;
        assert_eq!(error.attempts(), self.requests, "{name}: {error:?}");
        assert_eq!(error.page_number(), Some(1), "{name}: {error:?}");
        if error.kind() == ErrorKind::InvalidResponse {
            assert!(!error.is_retryable(), "{name}: {error:?}");
        }
        if let Some(body) = &self.body {
            let kept = error.response().map(|response| response.body());
            assert_eq!(kept, Some(body.as_slice()), "{name}: {error:?}");
        }
        assert!((self.check_error)(error), "{name}: {error:?}");

        let text = error.to_string();
        assert!(text.starts_with("list_specs, page 1"), "{name}: {text}");
        assert!(text.contains(&self.message), "{name}: {text}");
        let attempts = format!("after {} attempts", self.requests);
        assert_eq!(text.contains(&attempts), self.requests > 1, "{name}: {text}");
        assert!(text.len() < 1500, "{name}: {text}");
        assert!(!text.contains('\n'), "{name}: {text}");
    }
}

/// Runs all scenarios concurrently, each with its own mock.
pub(crate) async fn run_scenarios(scenarios: impl IntoIterator<Item = Scenario>) -> Outcome {
    let mut calls = Vec::new();
    for mut scenario in scenarios {
        let mock = MockPress::builder().generated_specs(3).start()?;
        let session = (scenario.session)(mock.session_builder()).build()?;
        let specs = get_client(session)?.list_specs();
        // The first request builds the HTTP client, whose time must not count for a timeout.
        mock.fault(Fault::status(404).header("connection", "close"));
        specs.clone().page(1).await.expect_err("an error status");
        mock.clear_requests();
        mock.faults(mem::take(&mut scenario.faults));
        calls.push(async move {
            let name = &scenario.name;
            let result = timeout(PATIENCE, specs.page(1)).await;
            let result = result.map_err(|_| format!("{name}: the call hangs"))?;
            scenario.assert_result(result);
            assert_eq!(mock.request_count(), scenario.requests as usize, "requests: {name}");
            Outcome::Ok(())
        });
    }
    try_join_all(calls).await?;
    Ok(())
}

pub(crate) fn no_retries(session: SessionBuilder) -> SessionBuilder {
    session.retry(RetryPolicy::none())
}
