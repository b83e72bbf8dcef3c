//! Sessions from the environment: a child process with chosen variables tells what it gets.
//!
//! The child is this test binary again, told to run one test only. So the variables of the test process itself are never
//! touched.

use std::{
    env, fs,
    process::{Command, Stdio},
};

use press_specs::{
    Error, ErrorKind, RetryPolicy, Session, Stage, blocking, get_client,
    mock::{Fault, MockPress},
};

use crate::{Outcome, PATIENCE};

/// Set in a child; says what it shall do.
pub(crate) const TASK: &str = "PRESS_SPECS_TEST_TASK";
const CHILD: &str = "environment::child";
pub(crate) const MARK: &str = "the child says: ";

/// A root of trust for nobody.
const CERTIFICATE: &str = include_str!("../fixtures/root.pem");

/// Runs a test in a child with these variables and the few that every process needs, and returns what it says.
pub(crate) fn ask(test: &str, task: &str, variables: &[(&str, &str)]) -> Outcome<Vec<String>> {
    let kept = "PATH SYSTEMROOT TMPDIR TEMP LD_LIBRARY_PATH LLVM_PROFILE_FILE".split(' ');
    let kept = kept.filter_map(|name| Some((name, env::var_os(name)?)));
    let output = Command::new(env::current_exe()?)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env_clear()
        .envs(kept)
        .env(TASK, task)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()?;
    let (told, errors) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    assert!(output.status.success(), "{told}\n{errors}");
    let said: Vec<_> = told.lines().filter_map(|line| Some(line.split_once(MARK)?.1.to_owned())).collect();
    assert!(!said.is_empty(), "the child says nothing: {told}\n{errors}");
    Ok(said)
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
    let say = |what: String| println!("\n{MARK}{what}");
    let with_token = || Session::builder().auth_token("t");
    match env::var(TASK).as_deref() {
        Ok("sessions") => {
            let sessions = [
                Session::from_env(),
                Session::default_session(),
                get_client(None).map(|client| client.session().clone()),
                blocking::get_client(None).map(|client| client.session().clone()),
                with_token().build(),
                Session::builder().stage(Stage::Test).build(),
                with_token().base_url("https://example.com").build(),
            ];
            sessions.into_iter().map(describe).for_each(say);
        }
        Ok("shared") => {
            // The same text at the same address is the same session.
            let address = |session: &Session| session.base_url().as_ptr();
            let default = Session::default_session()?;
            let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(|| get_client(None))).collect();
            for thread in threads {
                let client = thread.join().map_err(|_| "a thread panicked")??;
                assert_eq!(address(client.session()), address(&default));
            }
            let client = blocking::get_client(None)?;
            assert_eq!(address(client.session()), address(&default));
            assert_ne!(address(&Session::from_env()?), address(&default));
            say("shared".to_owned());
        }
        Ok("recovers") => {
            // The roots of trust are not there, then they are.
            for missing in [Session::default_session(), get_client(None).map(|client| client.session().clone())] {
                let error = missing.expect_err("no roots of trust");
                assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
            }
            fs::write(env::var("SSL_CERT_FILE")?, CERTIFICATE)?;
            say(describe(Session::default_session()));
        }
        Ok("calls") => {
            let session = Session::builder().retry(RetryPolicy::none()).build()?;
            let call = blocking::get_client(session)?.list_specs().page(1);
            say(format!("{:?}", call.expect_err("a refused tunnel").kind()));
        }
        Ok(task @ ("plain" | "proxied")) => {
            let mock = MockPress::builder().generated_specs(3).start()?;
            let other = Session::builder().base_url("http://press.example").allow_insecure_http(true);
            let session = if task == "plain" { mock.session()? } else { other.build()? };
            let page = blocking::get_client(session)?.list_specs().page(1)?;
            say(format!("{} specs", page.specs.len()));
        }
        // Within the suite: the same without an environment.
        _ => {
            let session = with_token().stage(Stage::Beta).build();
            assert_eq!(describe(session), "https://press.beta.peak.ai");
            let error = describe(Session::builder().auth_token("").build());
            assert!(error.starts_with("InvalidConfiguration"), "{error}");
        }
    }
    Ok(())
}

/// Reads `NAME=value` pairs with a space between two.
fn variables(text: &str) -> Vec<(&str, &str)> {
    text.split(' ').filter_map(|pair| pair.split_once('=')).collect()
}

#[test]
fn token_and_stage_come_from_the_environment() -> Outcome {
    for (given, url) in [
        ("PEAK_AUTH_TOKEN=t", "https://press.peak.ai"),
        ("API_KEY=t", "https://press.peak.ai"),
        ("PEAK_AUTH_TOKEN= API_KEY=t PEAK__STAGE=", "https://press.peak.ai"),
        ("API_KEY=t PEAK__STAGE=beta STAGE=test", "https://press.beta.peak.ai"),
        ("API_KEY=t STAGE=latest", "https://press.dev.peak.ai"),
        ("API_KEY=t PEAK__STAGE=prod STAGE=mars", "https://press.peak.ai"),
        // One underscore is another variable.
        ("API_KEY=t PEAK_STAGE=beta", "https://press.peak.ai"),
    ] {
        let said = ask(CHILD, "sessions", &variables(given))?;
        assert_eq!(said[..5], vec![url; 5], "{given}");
        assert_eq!(said[5..], ["https://press.test.peak.ai", "https://example.com"]);
    }
    Ok(())
}

#[test]
fn a_missing_token_is_named() -> Outcome {
    for given in ["", "PEAK_AUTH_TOKEN= API_KEY=", "STAGE=beta"] {
        let said = ask(CHILD, "sessions", &variables(given))?;
        for (said, without_token) in said.iter().zip([true, true, true, true, false, true, false]) {
            let missing = said.starts_with("MissingEnvironmentVariable: ") && said.contains("PEAK_AUTH_TOKEN");
            assert_eq!(missing, without_token, "{given}: {said}");
        }
    }
    Ok(())
}

#[test]
fn a_bad_variable_is_named() -> Outcome {
    for (given, name) in [
        ("API_KEY=t PEAK__STAGE=mars", "PEAK__STAGE"),
        ("API_KEY=t STAGE=Beta", "STAGE"),
        ("API_KEY=t PEAK_AUTH_TOKEN=s3cr3t\nline", "PEAK_AUTH_TOKEN"),
    ] {
        let said = ask(CHILD, "sessions", &variables(given))?;
        let named = said[0].starts_with("InvalidConfiguration: ") && said[0].contains(name);
        assert!(named && !said.concat().contains("s3cr3t"), "{said:?}");
        // A custom address needs no stage.
        assert_eq!(said[6], "https://example.com");
    }
    Ok(())
}

#[test]
fn the_default_session_is_made_once_and_shared() -> Outcome {
    assert_eq!(ask(CHILD, "shared", &[("API_KEY", "t")])?, ["shared"]);
    Ok(())
}

#[cfg(all(target_os = "linux", feature = "rustls"))]
#[test]
fn a_failure_to_make_the_default_session_is_not_remembered() -> Outcome {
    let directory = env::temp_dir().join(format!("press-specs-{}", std::process::id()));
    fs::create_dir_all(&directory)?;
    let roots = directory.join("roots.pem");
    let path = roots.to_str().ok_or("a path")?;
    let given = format!("API_KEY=t STAGE=test SSL_CERT_FILE={path}");
    let said = ask(CHILD, "recovers", &variables(&given));
    fs::remove_dir_all(&directory)?;
    assert_eq!(said?, ["https://press.test.peak.ai"]);
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn plain_http_on_loopback_needs_no_roots_of_trust_and_no_proxy() -> Outcome {
    let nowhere = "SSL_CERT_FILE=/nonexistent/roots.pem HTTP_PROXY=http://127.0.0.1:1 http_proxy=http://127.0.0.1:1 \
                   ALL_PROXY=http://127.0.0.1:1";
    let said = ask(CHILD, "plain", &variables(nowhere))?;
    assert_eq!(said, ["3 specs"]);
    Ok(())
}

/// A proxy sees where requests go, and nothing of what they carry.
#[cfg(feature = "rustls")]
#[test]
fn requests_go_to_the_host_of_the_stage() -> Outcome {
    let proxy = MockPress::builder().fault(Fault::status(502).empty().always()).start()?;
    let given = format!("API_KEY=s3cr3t PEAK__STAGE=beta HTTPS_PROXY={}", proxy.url());
    let said = ask(CHILD, "calls", &variables(&given))?;
    assert_eq!(said, ["Connection"]);
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
    let given = format!("API_KEY={token} HTTP_PROXY={url} http_proxy={url}");
    let said = ask(CHILD, "proxied", &variables(&given))?;
    assert_eq!(said, ["3 specs"]);
    let request = proxy.requests().remove(0);
    assert_eq!((request.path(), request.header("host")), ("/v1/specs/", Some("press.example")));
    Ok(())
}
