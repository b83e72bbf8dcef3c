//! Retry policies, and the number of requests that calls send.

use std::time::Duration;

use press_specs::{RetryPolicy, Session, get_client, mock::MockPress};

use crate::Outcome;

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Returns a session that retries without delays.
pub(crate) fn session_without_delays(mock: &MockPress) -> Outcome<Session> {
    let retry = RetryPolicy::default().max_delay(Duration::ZERO);
    Ok(mock.session_builder().retry(retry).build()?)
}

/// A policy whose random delays are practically always longer than an hour.
pub(crate) fn long_delays() -> RetryPolicy {
    RetryPolicy::default().initial_delay(YEAR).max_delay(YEAR)
}

/// Returns the number of requests of each call. Each call has its own client.
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
