//! Retries: delays, rate limits and the retry budget.

use std::time::Duration;

use futures::future::join_all;
use press_specs::{
    Session, get_client,
    mock::{Fault, MockPress},
};

use crate::{
    Outcome, PATIENCE,
    support::{impatient, patient, requests_per_call},
    until,
};

/// Uses up the budget of a session whose retries have no delay.
async fn exhaust_budget(mock: &MockPress, session: &Session) -> Outcome {
    mock.fault(Fault::status(503).always());
    requests_per_call(mock, session, 34).await?;
    assert_eq!(requests_per_call(mock, session, 1).await?, [1]);
    mock.clear_faults();
    Ok(())
}

#[tokio::test]
async fn calls_dropped_before_their_retry_cost_no_budget() -> Outcome {
    // The budget pays for 100 retries.
    const CALLS: usize = 110;
    let mock = MockPress::builder().fault(Fault::status(503).always()).start()?;
    let session = impatient(&mock)?;
    let specs = get_client(session.clone())?.list_specs();
    let specs = specs.retry(patient()).total_timeout(Duration::MAX);
    let calls: Vec<_> = (0..CALLS).map(|_| tokio::spawn(specs.clone().page(1))).collect();
    mock.wait_for_requests(CALLS, PATIENCE).await?;
    until(|| mock.in_flight() == 0).await?;
    calls.iter().for_each(|call| call.abort());
    for result in join_all(calls).await {
        assert!(result.is_err_and(|error| error.is_cancelled()));
    }
    assert_eq!(requests_per_call(&mock, &session, 33).await?, [4; 33]);
    Ok(())
}

#[tokio::test]
async fn retries_that_cost_nothing_return_nothing() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).start()?;
    let session = impatient(&mock)?;
    exhaust_budget(&mock, &session).await?;
    mock.fault(Fault::status(503).header("retry-after", "1"));
    assert_eq!(requests_per_call(&mock, &session, 1).await?, [2]);
    // That success alone pays for no retry.
    mock.fault(Fault::status(503));
    assert_eq!(requests_per_call(&mock, &session, 1).await?, [1]);
    Ok(())
}
