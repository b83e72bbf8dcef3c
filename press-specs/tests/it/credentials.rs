//! Tokens that change: set by the program, or returned by `auth_token_fn`.

use std::{
    convert::Infallible,
    error::Error as StdError,
    future, io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use futures::{
    StreamExt,
    future::{select_all, try_join_all},
};
use press_specs::{
    ErrorKind, RetryPolicy, Session, SessionBuilder, blocking, get_client,
    mock::{Fault, Gate, MockPress},
};
use tokio::{sync::Mutex, time::timeout};

use crate::{Outcome, PATIENCE, ids, support::runtime, until};

/// An `auth_token_fn` that counts its calls.
#[derive(Clone, Default)]
struct Issuer {
    calls: Arc<AtomicUsize>,
    /// Locked to keep calls from returning.
    gate: Arc<Mutex<()>>,
}

impl Issuer {
    /// Returns a session whose function returns these tokens in turn, then repeats the last one.
    fn session<const N: usize>(
        &self,
        mock: &MockPress,
        tokens: [&'static str; N],
    ) -> Outcome<Session> {
        let this = self.clone();
        let issue = move || {
            let this = this.clone();
            async move {
                let call = this.calls.fetch_add(1, Ordering::SeqCst);
                drop(this.gate.lock().await);
                Ok::<_, Infallible>(tokens[call.min(N - 1)].to_owned())
            }
        };
        Ok(mock.session_builder().auth_token_fn(issue).build()?)
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

/// The tokens of the requests that the mock received, in order.
fn sent(mock: &MockPress) -> Vec<String> {
    mock.requests()
        .iter()
        .filter_map(|request| request.header("authorization").map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn waiting_calls_share_one_token() -> Outcome {
    let mock = MockPress::builder().token("a").generated_specs(3).start()?;
    let issuer = Issuer::default();
    let client = get_client(issuer.session(&mock, ["a"])?)?;
    assert_eq!(issuer.calls(), 0, "calls before the first request");
    let held = issuer.gate.lock().await;
    let mut pages: Vec<_> = (0..20).map(|_| tokio::spawn(client.list_specs().page(1))).collect();
    until(|| issuer.calls() == 1).await?;
    // Dropping calls doesn't affect the others, even if the first one is dropped.
    pages.drain(..10).for_each(|page| page.abort());
    drop(held);
    for page in pages {
        assert_eq!(page.await??.specs.len(), 3);
    }
    client.list_specs().page(1).await?;
    assert_eq!(issuer.calls(), 1, "the token is kept");
    Ok(())
}

#[tokio::test]
async fn a_401_renews_the_token() -> Outcome {
    let mock = MockPress::builder().token("b").generated_specs(30).start()?;
    let client = get_client(Issuer::default().session(&mock, ["a", "b"])?)?;
    // The retry policy doesn't matter.
    let specs = client.list_specs().retry(RetryPolicy::none());
    let page = specs.page_with_response(1).await?;
    assert_eq!(sent(&mock), ["a", "b"]);
    assert_eq!(page.attempts(), 2);
    Ok(())
}

#[tokio::test]
async fn a_401_in_a_stream_renews_the_token() -> Outcome {
    let mock = MockPress::builder().token("b").generated_specs(30).start()?;
    let issuer = Issuer::default();
    let client = get_client(issuer.session(&mock, ["b", "c"])?)?;
    let mut stream = client.list_specs().page_size(10).stream();
    stream.try_next().await?.ok_or("an item")?;
    mock.set_token("c");
    assert_eq!(stream.count().await, 29);
    assert_eq!(issuer.calls(), 2);
    Ok(())
}

#[tokio::test]
async fn token_renewal_does_not_count_as_an_attempt() -> Outcome {
    let mock = MockPress::builder().token("c").generated_specs(30).start()?;
    mock.faults([Fault::pass(), Fault::status(503).times(3)]);
    let client = get_client(Issuer::default().session(&mock, ["a", "c"])?)?;
    assert_eq!(client.list_specs().page_with_response(1).await?.attempts(), 5);
    Ok(())
}

#[tokio::test]
async fn a_second_401_is_an_error() -> Outcome {
    let unauthorized = Fault::status(401).html("neither first nor second").times(2);
    let mock = MockPress::builder().fault(unauthorized).start()?;
    let issuer = Issuer::default();
    let client = get_client(issuer.session(&mock, ["first", "second"])?)?;
    let error = client.list_specs().page(1).await.expect_err("two invalid tokens");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(error.attempts(), 2);
    assert_eq!(sent(&mock), ["first", "second"]);
    assert_eq!(issuer.calls(), 2);
    assert!(error.to_string().contains("neither [token] nor [token]"), "{error}");
    Ok(())
}

#[tokio::test]
async fn concurrent_401s_renew_the_token_once() -> Outcome {
    let gate = Gate::new();
    let held = Fault::pass().held_by(&gate).times(8);
    let mock = MockPress::builder().token("b").generated_specs(1).fault(held).start()?;
    let issuer = Issuer::default();
    let client = get_client(issuer.session(&mock, ["a", "b", "c"])?)?;
    let pages: Vec<_> = (0..8).map(|_| tokio::spawn(client.list_specs().page(1))).collect();
    mock.wait_for_requests(8, PATIENCE).await?;
    gate.open();
    for page in pages {
        page.await??;
    }
    assert_eq!(issuer.calls(), 2);
    assert_eq!(mock.request_count(), 16);
    Ok(())
}

async fn assert_no_token(
    session: SessionBuilder,
    kind: ErrorKind,
    is_retryable: bool,
    message: &str,
) -> Outcome {
    let client = get_client(session.build()?)?;
    for _ in 0..2 {
        let error = client.list_specs().page(1).await.expect_err("no token");
        let text = format!("{error:?}");
        assert_eq!(error.kind(), kind, "{text}");
        assert_eq!(error.attempts(), 0, "{text}");
        assert_eq!(error.is_retryable(), is_retryable, "{text}");
        assert!(text.contains(message), "{text}");
        assert!(!text.contains("s3cr3t"), "{text}");
        // The error of the function is the source.
        let has_source = error.source().is_some_and(|source| source.is::<io::Error>());
        assert_eq!(has_source, message.ends_with("failed"), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn auth_token_fn_failures_are_credentials_errors() -> Outcome {
    type Token = Result<String, io::Error>;
    let mock = MockPress::start()?;
    let session = || mock.session_builder();
    let kind = ErrorKind::Credentials;

    let fails = session().auth_token_fn(async || Token::Err(io::Error::other("sealed")));
    assert_no_token(fails, kind, true, "`auth_token_fn` failed").await?;
    let line_break = session().auth_token_fn(async || Token::Ok("s3cr3t\nb".into()));
    assert_no_token(line_break, kind, false, "contains a line break").await?;
    let empty = session().auth_token_fn(async || Token::Ok(String::new()));
    assert_no_token(empty, kind, false, "is empty").await?;
    let panics = session().auth_token_fn(async || -> Token { panic!("s3cr3t") });
    assert_no_token(panics, kind, false, "panicked").await?;
    let panics_at_once = session().auth_token_fn(|| -> future::Ready<Token> { panic!("s3cr3t") });
    assert_no_token(panics_at_once, kind, false, "panicked").await?;

    let never = session().auth_token_fn(future::pending::<Token>);
    let never = never.total_timeout(Duration::from_millis(100));
    assert_no_token(never, ErrorKind::Timeout, true, "total timeout").await?;
    assert_eq!(mock.request_count(), 0);
    Ok(())
}

#[tokio::test]
async fn set_auth_token_affects_running_streams() -> Outcome {
    let gate = Gate::new();
    let unauthorized = Fault::status(401).held_by(&gate);
    let unauthorized = unauthorized.when(|request| request.path().ends_with("deployments"));
    let mock = MockPress::builder().token("a").generated_specs(30).fault(unauthorized).start()?;
    let session = mock.session()?;
    let client = get_client(session.clone())?;
    let mut stream = client.list_specs().page_size(10).stream();
    stream.try_next().await?.ok_or("an item")?;
    let in_flight = tokio::spawn(client.list_spec_release_deployments(&mock.spec_ids()[0]).page(1));
    mock.wait_for_requests(2, PATIENCE).await?;
    mock.set_token("b");
    session.set_auth_token("b")?;
    assert_eq!(ids(stream).await?.len(), 29);
    get_client(session)?.list_specs().page(1).await?;
    assert_eq!(sent(&mock), ["a", "a", "b", "b", "b"]);
    // The request that was in flight is sent again.
    gate.open();
    in_flight.await??;
    assert_eq!(sent(&mock)[5..], ["b"]);
    Ok(())
}

#[test]
fn blocking_clients_share_one_token() -> Outcome {
    let mock = MockPress::builder().token("a").generated_specs(3).start()?;
    let issuer = Issuer::default();
    let session = issuer.session(&mock, ["a"])?;
    let held = issuer.gate.blocking_lock();
    let page = || -> Outcome<usize> {
        Ok(blocking::get_client(session.clone())?.list_specs().page(1)?.specs.len())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(page)).collect();
        runtime()?.block_on(until(|| issuer.calls() == 1))?;
        drop(held);
        for thread in threads {
            assert_eq!(thread.join().map_err(|_| "a thread panicked")??, 3);
        }
        Outcome::Ok(())
    })?;
    assert_eq!(issuer.calls(), 1);
    Ok(())
}

#[test]
fn ending_a_runtime_does_not_affect_others() -> Outcome {
    let mock = MockPress::builder().token("a").generated_specs(3).start()?;
    let issuer = Issuer::default();
    let client = get_client(issuer.session(&mock, ["a"])?)?;
    let first = runtime()?;
    let second = runtime()?;
    let held = issuer.gate.blocking_lock();
    let page = first.spawn(client.list_specs().page(1));
    first.block_on(until(|| issuer.calls() == 1))?;
    // Each runtime calls the function itself.
    let other = second.spawn(client.list_specs().page(1));
    second.block_on(until(|| issuer.calls() == 2))?;
    drop(first);
    drop(held);
    assert_eq!(second.block_on(other)??.specs.len(), 3);
    assert_eq!(runtime()?.block_on(client.list_specs().page(1))?.specs.len(), 3);
    assert_eq!(issuer.calls(), 2);
    drop(page);
    Ok(())
}

#[tokio::test]
async fn an_idle_stream_does_not_keep_an_expired_token() -> Outcome {
    let mock = MockPress::builder().token("a").generated_specs(3).start()?;
    let issuer = Issuer::default();
    let client = get_client(issuer.session(&mock, ["a", "b"])?)?;
    let mut stream = client.list_specs().stream();
    let held = issuer.gate.lock().await;
    let early = timeout(Duration::from_millis(20), stream.next()).await;
    assert!(early.is_err(), "{early:?}");
    until(|| issuer.calls() == 1).await?;
    drop(held);
    client.list_specs().page(1).await?;
    mock.set_token("b");
    client.list_specs().page(1).await?;
    assert_eq!(issuer.calls(), 2);
    assert_eq!(ids(stream).await?, mock.spec_ids());
    Ok(())
}

#[tokio::test]
async fn failed_auth_token_fn_is_called_again() -> Outcome {
    let mock = MockPress::builder().token("a").generated_specs(3).start()?;
    let calls = Arc::new(AtomicUsize::new(0));
    let gate = Arc::new(Mutex::new(()));
    let log_in = {
        let calls = Arc::clone(&calls);
        let gate = Arc::clone(&gate);
        move || {
            let is_first = calls.fetch_add(1, Ordering::SeqCst) == 0;
            let gate = Arc::clone(&gate);
            async move {
                drop(gate.lock().await);
                if is_first {
                    return Err(io::Error::other("the vault is sealed"));
                }
                Ok("a".to_owned())
            }
        }
    };
    let client = get_client(mock.session_builder().auth_token_fn(log_in).build()?)?;
    let held = gate.lock().await;
    // This stream is idle while others call the function.
    let mut idle = client.list_specs().stream();
    let early = timeout(Duration::from_millis(20), idle.next()).await;
    assert!(early.is_err(), "{early:?}");
    until(|| calls.load(Ordering::SeqCst) == 1).await?;
    let waiting = tokio::spawn(client.list_specs().page(1));
    drop(held);
    let error = idle.next().await.ok_or("an error")?.expect_err("the first call failed");
    assert_eq!(error.kind(), ErrorKind::Credentials);
    // This call may share the failure or start after it.
    let _ = waiting.await?;
    client.list_specs().page(1).await?;
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    Ok(())
}

#[tokio::test]
async fn concurrent_calls_with_a_rejected_token_all_succeed() -> Outcome {
    let mock = MockPress::builder().token("b").generated_specs(3).start()?;
    let issuer = Issuer::default();
    let client = get_client(issuer.session(&mock, ["a", "b"])?)?;
    let pages = try_join_all((0..100).map(|_| client.list_specs().page(1))).await?;
    assert_eq!(pages.len(), 100);
    assert_eq!(issuer.calls(), 2);
    Ok(())
}

#[tokio::test]
async fn a_login_longer_than_the_total_timeout_completes() -> Outcome {
    let mock = MockPress::builder().token("a").generated_specs(3).start()?;
    let issuer = Issuer::default();
    let specs = get_client(issuer.session(&mock, ["a"])?)?.list_specs();
    let held = issuer.gate.lock().await;
    for _ in 0..3 {
        let call = specs.clone().total_timeout(Duration::from_millis(50)).page(1);
        let error = call.await.expect_err("a timeout");
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
    drop(held);
    specs.page(1).await?;
    assert_eq!(issuer.calls(), 1);
    Ok(())
}

#[tokio::test]
async fn a_401_after_set_auth_token_calls_auth_token_fn() -> Outcome {
    let mock = MockPress::builder().token("b").generated_specs(3).start()?;
    let issuer = Issuer::default();
    let session = issuer.session(&mock, ["b"])?;
    session.set_auth_token("a")?;
    get_client(session)?.list_specs().page(1).await?;
    assert_eq!(sent(&mock), ["a", "b"]);
    assert_eq!(issuer.calls(), 1);
    Ok(())
}

#[tokio::test]
async fn set_auth_token_during_a_renewal_wins() -> Outcome {
    let gates = [Gate::new(), Gate::new()];
    let held = gates.each_ref().map(|gate| Fault::pass().held_by(gate));
    let mock = MockPress::builder().token("set").generated_specs(1).faults(held).start()?;
    let issuer = Issuer::default();
    let session = issuer.session(&mock, ["expired", "returned"])?;
    let client = get_client(session.clone())?;
    let mut pages = [(); 2].map(|()| tokio::spawn(client.list_specs().page(1)));
    mock.wait_for_requests(2, PATIENCE).await?;
    let held = issuer.gate.lock().await;
    gates[0].open();
    until(|| issuer.calls() == 2).await?;
    // The other call is rejected while there is no token.
    gates[1].open();
    let early = timeout(Duration::from_millis(500), select_all(&mut pages)).await;
    assert!(early.is_err(), "{early:?}");
    session.set_auth_token("set")?;
    drop(held);
    for page in pages {
        page.await??;
    }
    assert_eq!(sent(&mock), ["expired", "expired", "set", "set"]);
    Ok(())
}
