//! Sessions from the environment: a child process with chosen variables tells what it gets.
//!
//! The child is this test binary again, told to run one test only. So the variables of the test process itself are never
//! touched.

use std::{
    env, fs,
    process::{Child, Command, Stdio},
    time::Duration,
};

use press_specs::{
    Error, ErrorKind, RetryPolicy, Session, Stage, get_client,
    mock::{Fault, MockPress},
};

use crate::{Outcome, PATIENCE};

/// Set in a child; says what it shall do.
pub(crate) const TASK: &str = "PRESS_SPECS_TEST_TASK";
const CHILD: &str = "environment::child";
pub(crate) const MARK: &str = "the child says: ";

/// A root of trust for nobody.
const CERTIFICATE: &str = include_str!("../fixtures/root.pem");

/// Starts a child with these variables and the few that every process needs.
fn start(test: &str, task: &str, variables: &[(&str, &str)]) -> Outcome<Child> {
    let kept = [
        "PATH",
        "SYSTEMROOT",
        "TMPDIR",
        "TEMP",
        "LD_LIBRARY_PATH",
        "LLVM_PROFILE_FILE",
    ];
    let kept = kept.into_iter().filter_map(|name| Some((name, env::var_os(name)?)));
    Ok(Command::new(env::current_exe()?)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env_clear()
        .envs(kept)
        .env(TASK, task)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?)
}

/// What a child says, once it has ended well.
pub(crate) fn ask(test: &str, task: &str, variables: &[(&str, &str)]) -> Outcome<Vec<String>> {
    let output = start(test, task, variables)?.wait_with_output()?;
    let (told, errors) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    assert!(output.status.success(), "{told}\n{errors}");
    let said: Vec<_> = told
        .lines()
        .filter_map(|line| Some(line.split_once(MARK)?.1.to_owned()))
        .collect();
    assert!(!said.is_empty(), "the child says nothing: {told}\n{errors}");
    Ok(said)
}

fn describe(session: Result<&Session, &Error>) -> String {
    match session {
        Ok(session) => session.base_url().to_owned(),
        Err(error) => format!("{:?}: {error}", error.kind()),
    }
}

/// Runs in the children of the other tests.
#[test]
fn child() -> Outcome {
    let say = |what: String| println!("\n{MARK}{what}");
    match env::var(TASK).as_deref() {
        Ok("sessions") => {
            say(describe(Session::from_env().as_ref()));
            say(describe(Session::default_session().as_ref()));
            say(describe(get_client(None).as_ref().map(|client| client.session())));
            say(describe(
                press_specs::blocking::get_client(None)
                    .as_ref()
                    .map(|client| client.session()),
            ));
            say(describe(Session::builder().auth_token("t").build().as_ref()));
            say(describe(Session::builder().stage(Stage::Test).build().as_ref()));
            say(describe(
                Session::builder()
                    .auth_token("t")
                    .base_url("https://example.com")
                    .build()
                    .as_ref(),
            ));
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
            let blocking = press_specs::blocking::get_client(None)?;
            assert_eq!(address(blocking.session()), address(&default));
            assert_ne!(address(&Session::from_env()?), address(&default));
            say("shared".to_owned());
        }
        Ok("recovers") => {
            // The roots of trust are not there, then they are.
            let missing = Session::default_session().expect_err("no roots of trust");
            let again = get_client(None).expect_err("no roots of trust");
            assert_eq!(
                (missing.kind(), again.kind()),
                (ErrorKind::InvalidConfiguration, ErrorKind::InvalidConfiguration)
            );
            fs::write(env::var("SSL_CERT_FILE")?, CERTIFICATE)?;
            say(describe(Session::default_session().as_ref()));
        }
        Ok("calls") => {
            let session = Session::builder().retry(RetryPolicy::none()).build()?;
            let error = press_specs::blocking::get_client(session)?
                .list_specs()
                .page(1)
                .expect_err("a refused tunnel");
            say(format!("{:?}", error.kind()));
        }
        Ok("plain") => {
            let mock = MockPress::builder().generated_specs(3).start()?;
            let page = press_specs::blocking::get_client(mock.session()?)?
                .list_specs()
                .page(1)?;
            say(format!("{} specs", page.specs.len()));
        }
        Ok("proxied") => {
            let session = Session::builder()
                .base_url("http://press.example")
                .allow_insecure_http(true)
                .build()?;
            let page = press_specs::blocking::get_client(session)?.list_specs().page(1)?;
            say(format!("{} specs", page.specs.len()));
        }
        // Within the suite: the same without an environment.
        _ => {
            let session = Session::builder().auth_token("token").stage(Stage::Beta).build()?;
            assert_eq!(describe(Ok(&session)), "https://press.beta.peak.ai");
            let error = Session::builder().auth_token("").build().expect_err("no token");
            assert!(describe(Err(&error)).starts_with("InvalidConfiguration"), "{error}");
        }
    }
    Ok(())
}

#[test]
fn token_and_stage_come_from_the_environment() -> Outcome {
    for (variables, url) in [
        (&[("PEAK_AUTH_TOKEN", "t")][..], "https://press.peak.ai"),
        (&[("API_KEY", "t")], "https://press.peak.ai"),
        (
            &[("PEAK_AUTH_TOKEN", ""), ("API_KEY", "t"), ("PEAK__STAGE", "")],
            "https://press.peak.ai",
        ),
        (
            &[("API_KEY", "t"), ("PEAK__STAGE", "beta"), ("STAGE", "test")],
            "https://press.beta.peak.ai",
        ),
        (&[("API_KEY", "t"), ("STAGE", "latest")], "https://press.dev.peak.ai"),
        (
            &[("API_KEY", "t"), ("PEAK__STAGE", "prod"), ("STAGE", "mars")],
            "https://press.peak.ai",
        ),
        // One underscore is another variable.
        (&[("API_KEY", "t"), ("PEAK_STAGE", "beta")], "https://press.peak.ai"),
    ] {
        let said = ask(CHILD, "sessions", variables)?;
        assert_eq!(said[..5], vec![url; 5], "{variables:?}");
        assert_eq!(said[5..], ["https://press.test.peak.ai", "https://example.com"]);
    }
    Ok(())
}

#[test]
fn a_missing_token_is_named() -> Outcome {
    for variables in [
        &[][..],
        &[("PEAK_AUTH_TOKEN", ""), ("API_KEY", "")],
        &[("STAGE", "beta")],
    ] {
        let said = ask(CHILD, "sessions", variables)?;
        for (said, without_token) in said.iter().zip([true, true, true, true, false, true, false]) {
            let missing = said.starts_with("MissingEnvironmentVariable: ") && said.contains("PEAK_AUTH_TOKEN");
            assert_eq!(missing, without_token, "{variables:?}: {said}");
        }
    }
    Ok(())
}

#[test]
fn a_bad_variable_is_named() -> Outcome {
    for (variables, name) in [
        ([("API_KEY", "t"), ("PEAK__STAGE", "mars")], "PEAK__STAGE"),
        ([("API_KEY", "t"), ("STAGE", "Beta")], "STAGE"),
        (
            [("API_KEY", "t"), ("PEAK_AUTH_TOKEN", "s3cr3t\nline")],
            "PEAK_AUTH_TOKEN",
        ),
    ] {
        let said = ask(CHILD, "sessions", &variables)?;
        assert!(
            said[0].starts_with("InvalidConfiguration: ") && said[0].contains(name),
            "{}",
            said[0]
        );
        assert!(!said.concat().contains("s3cr3t"), "{said:?}");
        // An address of one's own needs no stage.
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
    let said = ask(
        CHILD,
        "recovers",
        &[("API_KEY", "t"), ("STAGE", "test"), ("SSL_CERT_FILE", path)],
    );
    fs::remove_dir_all(&directory)?;
    assert_eq!(said?, ["https://press.test.peak.ai"]);
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn plain_http_on_loopback_needs_no_roots_of_trust_and_no_proxy() -> Outcome {
    let said = ask(
        CHILD,
        "plain",
        &[
            ("SSL_CERT_FILE", "/nonexistent/roots.pem"),
            ("HTTP_PROXY", "http://127.0.0.1:1"),
            ("http_proxy", "http://127.0.0.1:1"),
            ("ALL_PROXY", "http://127.0.0.1:1"),
        ],
    )?;
    assert_eq!(said, ["3 specs"]);
    Ok(())
}

/// A proxy sees where requests go, and nothing of what they carry.
#[cfg(feature = "rustls")]
#[test]
fn requests_go_to_the_host_of_the_stage() -> Outcome {
    let proxy = MockPress::builder()
        .fault(Fault::status(502).empty().always())
        .start()?;
    let said = ask(
        CHILD,
        "calls",
        &[
            ("API_KEY", "s3cr3t"),
            ("PEAK__STAGE", "beta"),
            ("HTTPS_PROXY", proxy.url()),
        ],
    )?;
    assert_eq!(said, ["Connection"]);
    proxy.wait_for_requests_blocking(1, PATIENCE)?;
    let request = proxy.requests().remove(0);
    assert_eq!(
        (request.method(), request.header("host")),
        ("CONNECT", Some("press.beta.peak.ai:443"))
    );
    assert!(!format!("{:?}", request.headers()).contains("s3cr3t"), "{request:?}");
    Ok(())
}

#[test]
fn proxies_of_the_environment_lead_to_other_machines() -> Outcome {
    let proxy = MockPress::builder().generated_specs(3).start()?;
    let said = ask(
        CHILD,
        "proxied",
        &[
            ("API_KEY", &proxy.token()),
            ("HTTP_PROXY", proxy.url()),
            ("http_proxy", proxy.url()),
        ],
    )?;
    assert_eq!(said, ["3 specs"]);
    let request = proxy.requests().remove(0);
    assert_eq!(
        (request.path(), request.header("host")),
        ("/v1/specs/", Some("press.example"))
    );
    Ok(())
}

#[test]
fn processes_that_used_the_blocking_client_end_cleanly() -> Outcome {
    let mut child = start(CHILD, "plain", &[])?;
    // A process that does not end would be waited for in vain.
    let begin = std::time::Instant::now();
    while child.try_wait()?.is_none() {
        if begin.elapsed() > PATIENCE {
            child.kill()?;
            return Err("the process does not end".into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(child.wait()?.success());
    Ok(())
}
