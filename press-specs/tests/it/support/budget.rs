//! Retries without a delay or with an endless one, and what they cost.

use std::time::Duration;

use press_specs::{RetryPolicy, Session, get_client, mock::MockPress};

use crate::Outcome;

/// Returns the number of requests of each call, all by clients of their own.
pub(crate) async fn requests_per_call(
    mock: &MockPress,
    session: &Session,
    calls: usize,
) -> Outcome<Vec<usize>> {
    let mut requests = Vec::new();
    for _ in 0..calls {
        mock.clear_requests();
        let _ = get_client(session.clone())?.list_specs().page(1).await;
        requests.push(mock.request_count());
    }
    Ok(requests)
}

pub(crate) fn impatient(mock: &MockPress) -> Outcome<Session> {
    let retry = RetryPolicy::default().max_delay(Duration::ZERO);
    Ok(mock.session_builder().retry(retry).build()?)
}

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A policy whose random delays are practically always longer than an hour.
pub(crate) fn patient() -> RetryPolicy {
    RetryPolicy::default().initial_delay(YEAR).max_delay(YEAR)
}
