//! Tokens that change: set anew, or returned by a function.

use std::{
    future, io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, TryStreamExt, future::join_all};
use press_specs::{
    ErrorKind, RetryPolicy, Session, blocking, get_client,
    mock::{Fault, Gate, MockPress},
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::Semaphore,
};

use crate::{Outcome, PATIENCE, ids};

/// A source of tokens that counts its calls: the nth call returns the nth token, and the last one from then on.
#[derive(Clone)]
struct Issuer {
    calls: Arc<AtomicUsize>,
    tokens: Arc<[&'static str]>,
    /// A permit for each call that may return.
    released: Arc<Semaphore>,
}

impl Issuer {
    fn of<const N: usize>(tokens: [&'static str; N]) -> Self {
        Self {
            calls: Arc::default(),
            tokens: tokens.into(),
            released: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        }
    }

    fn held(self) -> Self {
        Self { released: Arc::new(Semaphore::new(0)), ..self }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// A session of `mock` with this source.
    fn session(&self, mock: &MockPress) -> Outcome<Session> {
        let this = self.clone();
        let issue = move || {
            let this = this.clone();
            async move {
                let call = this.calls.fetch_add(1, Ordering::SeqCst);
                this.released.acquire().await?.forget();
                Ok::<_, tokio::sync::AcquireError>(this.tokens[call.min(this.tokens.len() - 1)].to_owned())
            }
        };
        Ok(mock.session_builder().auth_token_fn(issue).build()?)
    }
}

/// The tokens of the requests that the mock received, in their order.
fn sent(mock: &MockPress) -> Vec<String> {
    let token =
        |request: &press_specs::mock::ReceivedRequest| request.header("authorization").unwrap_or_default().to_owned();
    mock.requests().iter().map(token).collect()
}

fn runtime() -> Outcome<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

#[tokio::test]
async fn a_function_is_called_once_for_all_that_wait() -> Outcome {
    let mock = MockPress::builder().token("a").generated_specs(3).start()?;
    let issuer = Issuer::of(["a"]).held();
    let client = get_client(issuer.session(&mock)?)?;
    assert_eq!(issuer.calls(), 0, "nothing is asked before a request");
    let pages: Vec<_> = (0..20).map(|_| tokio::spawn(client.list_specs().page(1))).collect();
    crate::until(|| issuer.calls() == 1).await?;
    // Those that go away lose nothing for the others, and not even the one that came first.
    pages[..10].iter().for_each(|page| page.abort());
    issuer.released.add_permits(1);
    for page in join_all(pages.into_iter().skip(10)).await {
        assert_eq!(page??.specs.len(), 3);
    }
    client.list_specs().page(1).await?;
    assert_eq!(issuer.calls(), 1, "the token is kept");
    Ok(())
}

#[tokio::test]
async fn a_function_is_called_once_more_after_a_401() -> Outcome {
    let mock = MockPress::builder().token("b").generated_specs(30).start()?;
    let issuer = Issuer::of(["a", "b"]);
    let session = issuer.session(&mock)?;
    // Not even with a policy that never retries.
    let specs = get_client(session)?.list_specs().retry(RetryPolicy::none());
    let page = specs.clone().page_with_response(1).await?;
    assert_eq!((sent(&mock), page.attempts()), (vec!["a".into(), "b".into()], 2));

    // A token that ends in the middle of a stream is renewed in its middle.
    let renewing = Issuer::of(["b", "c"]);
    let specs = get_client(renewing.session(&mock)?)?.list_specs().page_size(10);
    let mut stream = specs.stream();
    for _ in 0..10 {
        stream.try_next().await?.ok_or("an item")?;
    }
    mock.set_token("c");
    assert_eq!((stream.count().await, renewing.calls()), (20, 2));
    Ok(())
}

#[tokio::test]
async fn a_second_401_is_an_error_and_a_burst_of_them_costs_one_call() -> Outcome {
    let mock = MockPress::builder().token("never").start()?;
    let issuer = Issuer::of(["a", "b"]);
    let client = get_client(issuer.session(&mock)?)?;
    let error = client.list_specs().page(1).await.expect_err("no token is right");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthorized, 2));
    assert_eq!((sent(&mock), issuer.calls()), (vec!["a".into(), "b".into()], 2));

    let gate = Gate::new();
    let mock =
        MockPress::builder().token("b").generated_specs(1).fault(Fault::pass().held_by(&gate).times(8)).start()?;
    let issuer = Issuer::of(["a", "b", "c"]);
    let client = get_client(issuer.session(&mock)?)?;
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
async fn renewing_costs_neither_attempts_nor_budget() -> Outcome {
    let mock = MockPress::builder().token("b").generated_specs(1).start()?;
    mock.faults([Fault::pass(), Fault::status(503).times(3)]);
    let issuer = Issuer::of(["a", "b"]);
    let page = get_client(issuer.session(&mock)?)?.list_specs().page_with_response(1).await?;
    assert_eq!(page.attempts(), 5, "a 401, and the four attempts of the policy");
    Ok(())
}

#[tokio::test]
async fn a_function_that_fails_is_an_error_of_credentials() -> Outcome {
    let mock = MockPress::start()?;
    let builder = || mock.session_builder();
    let never = future::pending::<Result<String, io::Error>>;
    let line_break = || async { Ok::<_, io::Error>("s3cr3t\nb".to_owned()) };
    let panics = || async { panic!("s3cr3t") as Result<String, io::Error> };
    let at_once = || -> future::Ready<Result<String, io::Error>> { panic!("s3cr3t") };
    for (session, kind, says) in [
        (
            builder().auth_token_fn(|| async { Err::<String, _>(io::Error::other("the vault is sealed")) }),
            ErrorKind::Credentials,
            "`auth_token_fn` failed",
        ),
        (builder().auth_token_fn(line_break), ErrorKind::Credentials, "cannot be sent"),
        (
            builder().auth_token_fn(|| async { Ok::<_, io::Error>(String::new()) }),
            ErrorKind::Credentials,
            "cannot be sent",
        ),
        (builder().auth_token_fn(panics), ErrorKind::Credentials, "panicked"),
        (builder().auth_token_fn(at_once), ErrorKind::Credentials, "panicked"),
        (builder().auth_token_fn(never).total_timeout(Duration::from_millis(100)), ErrorKind::Timeout, "total timeout"),
    ] {
        let client = get_client(session.build()?)?;
        for _ in 0..2 {
            let error = client.list_specs().page(1).await.expect_err("no token");
            assert_eq!((error.kind(), error.attempts(), error.is_retryable()), (kind, 0, kind == ErrorKind::Timeout));
            let text = format!("{error:?}");
            assert!(text.contains(says) && !text.contains("s3cr3t"), "{text}");
            if says == "`auth_token_fn` failed" {
                let source = std::error::Error::source(&error);
                assert!(source.is_some_and(|source| source.is::<io::Error>()), "{text}");
            }
        }
    }
    assert_eq!(mock.request_count(), 0);
    Ok(())
}

#[tokio::test]
async fn a_token_that_is_set_anew_holds_for_running_streams_and_all_clients() -> Outcome {
    let mock = MockPress::builder().token("a").generated_specs(30).start()?;
    let session = mock.session()?;
    let client = get_client(session.clone())?;
    let mut stream = client.list_specs().page_size(10).stream();
    stream.try_next().await?.ok_or("an item")?;
    mock.set_token("b");
    session.set_auth_token("b")?;
    assert_eq!(ids(stream).await?.len(), 29);
    get_client(session.clone())?.list_specs().page(1).await?;
    assert_eq!(sent(&mock), ["a", "b", "b", "b"]);

    for bad in ["", " ", "line\nbreak"] {
        let error = session.set_auth_token(bad).expect_err("no token");
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert!(error.to_string().contains("auth_token"), "{error}");
    }
    client.list_specs().page(1).await?;
    Ok(())
}

#[tokio::test]
async fn a_request_in_flight_is_sent_again_if_the_token_was_set_anew() -> Outcome {
    let gate = Gate::new();
    let mock = MockPress::builder().token("a").generated_specs(1).fault(Fault::status(401).held_by(&gate)).start()?;
    let session = mock.session()?;
    let page = tokio::spawn(get_client(session.clone())?.list_specs().page(1));
    mock.wait_for_requests(1, PATIENCE).await?;
    mock.set_token("b");
    session.set_auth_token("b")?;
    gate.open();
    assert_eq!(page.await??.specs.len(), 1);
    assert_eq!(sent(&mock), ["a", "b"]);
    Ok(())
}

#[tokio::test]
async fn the_token_in_use_and_the_one_before_are_not_shown() -> Outcome {
    let mock = MockPress::builder().token("first-s3cr3t").start()?;
    let session = mock.session()?;
    session.set_auth_token("second-s3cr3t")?;
    let echo = "first-s3cr3t and second-s3cr3t";
    for fault in [Fault::status(403).html(echo), Fault::raw_body(echo), Fault::status(400).header("x-request-id", echo)]
    {
        mock.fault(fault);
        let error = get_client(session.clone())?.list_specs().page(1).await.expect_err("no page");
        let shown = format!("{error} {error:?} {error:#?}");
        assert!(!shown.contains("s3cr3t") && shown.contains("[token]"), "{shown}");
    }
    Ok(())
}

#[test]
fn blocking_clients_and_several_runtimes_share_one_call() -> Outcome {
    let mock = MockPress::builder().token("a").generated_specs(3).start()?;
    let issuer = Issuer::of(["a"]).held();
    let session = issuer.session(&mock)?;
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for number in 0..6 {
            let (session, results) = (session.clone(), &results);
            scope.spawn(move || {
                let page = || -> Outcome<usize> {
                    if number % 2 == 0 {
                        return Ok(blocking::get_client(session)?.list_specs().page(1)?.specs.len());
                    }
                    let client = get_client(session)?;
                    Ok(runtime()?.block_on(client.list_specs().page(1))?.specs.len())
                };
                results.lock().expect("nobody panicked").push(page());
            });
        }
        while issuer.calls() == 0 {
            std::thread::yield_now();
        }
        issuer.released.add_permits(6);
    });
    for result in results.into_inner()? {
        assert_eq!(result?, 3);
    }
    assert_eq!(issuer.calls(), 1);
    Ok(())
}

#[test]
fn a_runtime_that_ends_while_it_asks_does_not_take_the_token_from_others() -> Outcome {
    let mock = MockPress::builder().token("a").generated_specs(3).start()?;
    let issuer = Issuer::of(["a"]).held();
    let client = get_client(issuer.session(&mock)?)?;
    let first = runtime()?;
    let page = first.spawn(client.list_specs().page(1));
    first.block_on(async {
        while issuer.calls() == 0 {
            tokio::task::yield_now().await;
        }
    });
    drop(first);
    issuer.released.add_permits(2);
    assert_eq!(runtime()?.block_on(client.list_specs().page(1))?.specs.len(), 3);
    drop(page);
    Ok(())
}
