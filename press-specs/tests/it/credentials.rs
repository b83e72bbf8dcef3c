//! Tokens that change: set anew, or returned by a function.

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
    ErrorKind, RetryPolicy, Session, blocking, get_client,
    mock::{Fault, Gate, MockPress},
};
use tokio::{sync::Mutex, time::timeout};

use crate::{Outcome, PATIENCE, ids, support::runtime, until};

/// A source of tokens that counts its calls.
#[derive(Clone, Default)]
struct Issuer {
    calls: Arc<AtomicUsize>,
    /// Locked while no call may return.
    gate: Arc<Mutex<()>>,
}

impl Issuer {
    /// A session whose nth call returns the nth token, and the last one from then on.
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

/// The tokens of the requests that the mock received, in their order.
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
    assert_eq!(issuer.calls(), 0, "nothing is asked before a request");
    let held = issuer.gate.lock().await;
    let mut pages: Vec<_> = (0..20).map(|_| tokio::spawn(client.list_specs().page(1))).collect();
    until(|| issuer.calls() == 1).await?;
    // Those that go away lose nothing for the others, and not even the one that came first.
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
    // Not even with a policy that never retries, and in the middle of a stream too.
    let (issuer, renewing) = (Issuer::default(), Issuer::default());
    let specs =
        get_client(issuer.session(&mock, ["a", "b"])?)?.list_specs().retry(RetryPolicy::none());
    let page = specs.page_with_response(1).await?;
    assert_eq!((sent(&mock), page.attempts()), (vec!["a".into(), "b".into()], 2));
    let mut stream =
        get_client(renewing.session(&mock, ["b", "c"])?)?.list_specs().page_size(10).stream();
    stream.try_next().await?.ok_or("an item")?;
    mock.set_token("c");
    assert_eq!((stream.count().await, renewing.calls()), (29, 2));

    // It takes nothing from the attempts of the policy.
    mock.faults([Fault::pass(), Fault::status(503).times(3)]);
    let client = get_client(Issuer::default().session(&mock, ["a", "c"])?)?;
    assert_eq!(client.list_specs().page_with_response(1).await?.attempts(), 5);
    Ok(())
}

#[tokio::test]
async fn a_second_401_is_an_error_and_a_burst_of_them_costs_one_call() -> Outcome {
    let refused = Fault::status(401).html("neither first nor second").times(2);
    let mock = MockPress::builder().fault(refused).start()?;
    let issuer = Issuer::default();
    let client = get_client(issuer.session(&mock, ["first", "second"])?)?;
    let error = client.list_specs().page(1).await.expect_err("no token is right");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthorized, 2));
    assert_eq!((sent(&mock), issuer.calls()), (vec!["first".into(), "second".into()], 2));
    assert!(error.to_string().contains("neither [token] nor [token]"), "{error}");

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
    assert_eq!((issuer.calls(), mock.request_count()), (2, 16));
    Ok(())
}

#[tokio::test]
async fn failures_of_the_function_are_credentials_errors() -> Outcome {
    type Token = Result<String, io::Error>;
    let mock = MockPress::start()?;
    let session = || mock.session_builder();
    let (credentials, soon) = (ErrorKind::Credentials, Duration::from_millis(100));
    let sealed = async || Token::Err(io::Error::other("the vault is sealed"));
    let at_once = || -> future::Ready<Token> { panic!("s3cr3t") };
    let never = future::pending::<Token>;
    let line_break = async || Token::Ok("s3cr3t\nb".into());
    for (session, kind, retryable, says) in [
        (session().auth_token_fn(sealed), credentials, true, "`auth_token_fn` failed"),
        (session().auth_token_fn(line_break), credentials, false, "contains a line break"),
        (
            session().auth_token_fn(async || Token::Ok(String::new())),
            credentials,
            false,
            "is empty",
        ),
        (
            session().auth_token_fn(async || -> Token { panic!("s3cr3t") }),
            credentials,
            false,
            "panicked",
        ),
        (session().auth_token_fn(at_once), credentials, false, "panicked"),
        (
            session().auth_token_fn(never).total_timeout(soon),
            ErrorKind::Timeout,
            true,
            "total timeout",
        ),
    ] {
        let client = get_client(session.build()?)?;
        for _ in 0..2 {
            let error = client.list_specs().page(1).await.expect_err("no token");
            let text = format!("{error:?}");
            assert_eq!(error.kind(), kind, "{text}");
            assert_eq!(error.attempts(), 0, "{text}");
            assert_eq!(error.is_retryable(), retryable, "{text}");
            assert!(text.contains(says) && !text.contains("s3cr3t"), "{text}");
            let own = error.source().is_some_and(|source| source.is::<io::Error>());
            assert_eq!(own, says.ends_with("failed"), "{text}");
        }
    }
    assert_eq!(mock.request_count(), 0);
    Ok(())
}

#[tokio::test]
async fn set_auth_token_affects_running_streams() -> Outcome {
    let gate = Gate::new();
    let refused =
        Fault::status(401).held_by(&gate).when(|request| request.path().ends_with("deployments"));
    let mock = MockPress::builder().token("a").generated_specs(30).fault(refused).start()?;
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
    // A request that was in flight is sent again.
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
    let (first, second) = (runtime()?, runtime()?);
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
async fn a_failed_function_is_called_again() -> Outcome {
    let mock = MockPress::builder().token("a").generated_specs(3).start()?;
    let calls = Arc::new(AtomicUsize::new(0));
    let gate = Arc::new(Mutex::new(()));
    let (counted, held_by) = (Arc::clone(&calls), Arc::clone(&gate));
    let log_in = move || {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        let gate = Arc::clone(&held_by);
        async move {
            drop(gate.lock().await);
            if first { Err(io::Error::other("the vault is sealed")) } else { Ok("a".to_owned()) }
        }
    };
    let client = get_client(mock.session_builder().auth_token_fn(log_in).build()?)?;
    let held = gate.lock().await;
    // This one stays while others call.
    let mut idle = client.list_specs().stream();
    let early = timeout(Duration::from_millis(20), idle.next()).await;
    assert!(early.is_err(), "{early:?}");
    until(|| calls.load(Ordering::SeqCst) == 1).await?;
    let waiting = tokio::spawn(client.list_specs().page(1));
    drop(held);
    let error = idle.next().await.ok_or("an error")?.expect_err("the first call failed");
    assert_eq!(error.kind(), ErrorKind::Credentials);
    // It may have started before the call failed or after.
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
async fn a_401_after_set_auth_token_calls_the_function() -> Outcome {
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
    // The other one is refused now, while there is no token.
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
