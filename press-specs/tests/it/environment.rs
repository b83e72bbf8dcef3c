//! Sessions from the environment, each in a child process with chosen variables.

use std::{env, fs, thread};

use press_specs::{
    Error, ErrorKind, RetryPolicy, Session, Stage, blocking, get_client,
    mock::{Fault, MockPress},
};

use crate::{
    Outcome, PATIENCE,
    support::{ask, say, task},
};

/// Trusted by nobody.
const CERTIFICATE: &str = include_str!("../fixtures/root.pem");

/// Asks the child of this module; `given` are pairs such as `API_KEY=t`, with a space between two.
fn ask_child(task: &str, given: &str) -> Outcome<Vec<String>> {
    let variables: Vec<_> = given.split(' ').filter_map(|pair| pair.split_once('=')).collect();
    ask("environment::child", task, &variables)
}

fn describe(session: Result<Session, Error>) -> String {
    match session {
        Ok(session) => session.base_url().to_owned(),
        Err(error) => format!("{:?}: {error}", error.kind()),
    }
}

/// Runs in the children of the other tests.
#[test]
fn child() -> Outcome {
    match &*task() {
        "sessions" => {
            let with_token = || Session::builder().auth_token("t");
            let sessions = [
                Session::from_env(),
                Session::default_session(),
                get_client(None).map(|client| client.session().clone()),
                blocking::get_client(None).map(|client| client.session().clone()),
                with_token().stage(Stage::Test).build(),
                with_token().base_url("https://example.com").build(),
            ];
            sessions.into_iter().map(describe).for_each(say);
        }
        "shared" => {
            // The same text at the same address is the same session.
            let address = |session: &Session| session.base_url().as_ptr();
            let default = Session::default_session()?;
            let other = thread::spawn(|| get_client(None)).join().map_err(|_| "a thread panicked")??;
            for session in [other.session(), blocking::get_client(None)?.session()] {
                assert_eq!(address(session), address(&default));
            }
            assert_ne!(address(&Session::from_env()?), address(&default));
            say("shared");
        }
        "recovers" => {
            // There are no root certificates, and then there are.
            let error = Session::default_session().expect_err("no root certificates");
            assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
            fs::write(env::var("SSL_CERT_FILE")?, CERTIFICATE)?;
            say(describe(Session::default_session()));
        }
        "tunnel" => {
            let session = Session::builder().retry(RetryPolicy::none()).build()?;
            let call = blocking::get_client(session)?.list_specs().page(1);
            say(call.expect_err("a refused tunnel").kind());
        }
        task @ ("loopback" | "other machine") => {
            let mock = MockPress::builder().generated_specs(3).start()?;
            let other = Session::builder().base_url("http://press.example").allow_insecure_http(true);
            let session = if task == "loopback" { mock.session()? } else { other.build()? };
            say(blocking::get_client(session)?.list_specs().page(1)?.specs.len());
        }
        _ => {}
    }
    Ok(())
}

#[test]
fn token_and_stage_come_from_the_environment() -> Outcome {
    // The variables, how the sessions that need both begin, and what the text of each contains.
    for (given, begins, contains) in [
        ("PEAK_AUTH_TOKEN=t", "https://press.peak.ai", ""),
        ("API_KEY=t PEAK__STAGE=beta STAGE=test", "https://press.beta.peak.ai", ""),
        // One underscore is another variable.
        ("API_KEY=t PEAK_STAGE=beta", "https://press.peak.ai", ""),
        ("STAGE=beta", "MissingEnvironmentVariable", "PEAK_AUTH_TOKEN"),
        ("API_KEY=t PEAK__STAGE=mars", "InvalidConfiguration", "PEAK__STAGE"),
        ("API_KEY=t PEAK_AUTH_TOKEN=s3cr3t\nline", "InvalidConfiguration", "PEAK_AUTH_TOKEN"),
    ] {
        let said = ask_child("sessions", given)?;
        assert_eq!(said[4..], ["https://press.test.peak.ai", "https://example.com"]);
        for text in &said[..4] {
            assert!(text.starts_with(begins) && text.contains(contains) && !text.contains("s3cr3t"), "{given}: {text}");
        }
    }
    Ok(())
}

#[test]
fn the_default_session_is_made_once_and_shared() -> Outcome {
    assert_eq!(ask_child("shared", "API_KEY=t")?, ["shared"]);
    Ok(())
}

#[cfg(all(target_os = "linux", feature = "rustls"))]
#[test]
fn a_failure_to_make_the_default_session_is_not_remembered() -> Outcome {
    let roots = env::temp_dir().join(format!("press-specs-roots-{}.pem", std::process::id()));
    let path = roots.to_str().ok_or("a path in Unicode")?;
    let said = ask("environment::child", "recovers", &[("API_KEY", "t"), ("SSL_CERT_FILE", path)]);
    fs::remove_file(&roots)?;
    assert_eq!(said?, ["https://press.peak.ai"]);
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn plain_http_on_loopback_needs_no_root_certificates_and_no_proxy() -> Outcome {
    let nowhere = "SSL_CERT_FILE=/nonexistent/roots.pem HTTP_PROXY=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1";
    assert_eq!(ask_child("loopback", nowhere)?, ["3"]);
    Ok(())
}

/// A proxy sees where requests go, and nothing of what they carry.
#[cfg(feature = "rustls")]
#[test]
fn requests_go_to_the_host_of_the_stage() -> Outcome {
    let proxy = MockPress::builder().fault(Fault::status(502).empty().always()).start()?;
    let said = ask_child("tunnel", &format!("API_KEY=s3cr3t PEAK__STAGE=beta HTTPS_PROXY={}", proxy.url()))?;
    assert_eq!(said, ["connection"]);
    proxy.wait_for_requests_blocking(1, PATIENCE)?;
    let request = proxy.requests().remove(0);
    assert_eq!((request.method(), request.header("host")), ("CONNECT", Some("press.beta.peak.ai:443")));
    assert!(!format!("{:?}", request.headers()).contains("s3cr3t"), "{request:?}");
    Ok(())
}

#[test]
fn proxies_of_the_environment_lead_to_other_machines() -> Outcome {
    let proxy = MockPress::builder().generated_specs(3).start()?;
    let (token, url) = (proxy.token(), proxy.url());
    let said = ask_child("other machine", &format!("API_KEY={token} HTTP_PROXY={url} http_proxy={url}"))?;
    assert_eq!(said, ["3"]);
    let request = proxy.requests().remove(0);
    assert_eq!((request.path(), request.header("host")), ("/v1/specs/", Some("press.example")));
    Ok(())
}
