//! Tables of faults and what the client makes of them.

use std::time::Duration;

use futures::future::try_join_all;
use press_specs::{
    Error,
    ErrorKind::{self, Connection, InvalidResponse},
    RetryPolicy, SessionBuilder, get_client,
    mock::{Fault, MockPress},
    types::SpecPage,
};
use tokio::time::timeout;

use crate::{Outcome, PATIENCE};

/// Longer than a limit that only expires, since the requests before and after have to succeed
/// within it.
pub(crate) const LONG_LIMIT: Duration = Duration::from_secs(6);

/// A fault, and what is expected of it.
pub(crate) struct Row {
    told: String,
    faults: Vec<Fault>,
    settings: fn(SessionBuilder) -> SessionBuilder,
    requests: u32,
    /// The error's kind, if no other test tells it, and its status; and a part of its text.
    error: Option<(Option<ErrorKind>, Option<u16>)>,
    says: String,
    body: Option<Vec<u8>>,
    page_check: fn(&SpecPage) -> bool,
    error_check: fn(&Error) -> bool,
}

/// A row that expects page 1 of the catalogue after this many requests.
pub(crate) fn gives_page(told: impl Into<String>, requests: u32, fault: Fault) -> Row {
    Row {
        told: told.into(),
        faults: vec![fault],
        settings: |session| session,
        requests,
        error: None,
        says: String::new(),
        body: None,
        page_check: |page| page.specs.len() == 3,
        error_check: |_| true,
    }
}

/// A row that expects an error after one request.
pub(crate) fn fails(
    told: impl Into<String>,
    kind: impl Into<Option<ErrorKind>>,
    status: impl Into<Option<u16>>,
    fault: Fault,
) -> Row {
    Row { error: Some((kind.into(), status.into())), ..gives_page(told, 1, fault.always()) }
}

/// A row that expects an invalid response at once.
pub(crate) fn invalid(told: impl Into<String>, fault: Fault) -> Row {
    fails(told, InvalidResponse, 200, fault)
}

/// Rows that expect a fault to break the connection: once, with a page from the next request, and
/// always.
pub(crate) fn breaks(told: &str, status: impl Into<Option<u16>>, fault: Fault) -> [Row; 2] {
    let once = gives_page(format!("{told}, once"), 2, fault.clone());
    [once, fails(format!("{told}, always"), Connection, status, fault).after(4)]
}

impl Row {
    pub(crate) fn meeting(self, faults: impl Into<Vec<Fault>>) -> Self {
        Self { faults: faults.into(), ..self }
    }

    pub(crate) fn after(self, requests: u32) -> Self {
        Self { requests, ..self }
    }

    pub(crate) fn with(self, settings: fn(SessionBuilder) -> SessionBuilder) -> Self {
        Self { settings, ..self }
    }

    pub(crate) fn saying(self, says: impl Into<String>) -> Self {
        Self { says: says.into(), ..self }
    }

    pub(crate) fn keeping(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), ..self }
    }

    pub(crate) fn giving(self, page_check: fn(&SpecPage) -> bool) -> Self {
        Self { page_check, ..self }
    }

    pub(crate) fn checking(self, error_check: fn(&Error) -> bool) -> Self {
        Self { error_check, ..self }
    }

    fn compare(&self, result: Result<SpecPage, Error>) {
        let (told, attempts) = (&self.told, self.requests);
        let (error, (kind, status)) = match (result, self.error) {
            (Ok(page), None) => return assert!((self.page_check)(&page), "{told}: {page:?}"),
            (Err(error), Some(expected)) => (error, expected),
            (result, expected) => panic!("{told}: {expected:?} expected, {result:?} came"),
        };
        let found = (error.kind(), error.status(), error.attempts(), error.page_number());
        assert_eq!(
            found,
            (kind.unwrap_or(error.kind()), status, attempts, Some(1)),
            "{told}: {error:?}"
        );
        let text = error.to_string();
        assert!(
            text.starts_with("list_specs, page 1") && text.contains(&self.says),
            "{told}: {text}"
        );
        assert_eq!(
            text.contains(&format!("after {attempts} attempts")),
            attempts > 1,
            "{told}: {text}"
        );
        assert!(text.len() < 1500 && !text.contains('\n'), "{told}: {text}");
        let body = error.response().map(|response| response.body());
        assert!(self.body.is_none() || body == self.body.as_deref(), "{told}: {error:?}");
        assert!((self.error_check)(&error), "{told}: {error:?}");
        if error.kind() == InvalidResponse {
            assert!(!error.is_retryable(), "{told}: {error:?}");
        }
    }
}

/// Runs all rows at once, each with a mock of its own.
pub(crate) async fn run(rows: impl IntoIterator<Item = Row>) -> Outcome {
    let mut calls = Vec::new();
    for mut row in rows {
        // What takes time is made first, so that none of it counts for a limit: the HTTP client at
        // the first request.
        let first = Fault::status(404).header("connection", "close");
        let mock = MockPress::builder().generated_specs(3).fault(first).start()?;
        let specs = get_client((row.settings)(mock.session_builder()).build()?)?.list_specs();
        specs.clone().page(1).await.expect_err("a refusal");
        mock.clear_requests();
        mock.clear_faults();
        mock.faults(std::mem::take(&mut row.faults));
        calls.push(async move {
            let result = timeout(PATIENCE, specs.page(1))
                .await
                .map_err(|_| format!("{}: hangs", row.told))?;
            row.compare(result);
            assert_eq!(mock.request_count(), row.requests as usize, "requests for {}", row.told);
            Outcome::Ok(())
        });
    }
    try_join_all(calls).await?;
    Ok(())
}

pub(crate) fn none(session: SessionBuilder) -> SessionBuilder {
    session.retry(RetryPolicy::none())
}
