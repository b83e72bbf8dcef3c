//! Sessions from the environment, each in a child process with its own variables.

use std::{env, fs, process, thread};
#[cfg(unix)]
use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

use press_specs::{
    Error, ErrorKind, RetryPolicy, Session, Stage, blocking, get_client,
    mock::{Fault, MockPress},
};

use crate::{
    Outcome,
    support::{case_in_child, in_child},
};

struct Environment {
    variables: &'static [(&'static str, &'static str)],
    expected: Expected,
}

#[derive(Clone, Copy)]
enum Expected {
    BaseUrl(&'static str),
    Error {
        kind: ErrorKind,
        /// The variable in the error's text.
        variable: &'static str,
    },
}

const ENVIRONMENTS: &[Environment] = &[
    Environment {
        variables: &[("PEAK_AUTH_TOKEN", "t")],
        expected: Expected::BaseUrl("https://press.peak.ai"),
    },
    Environment {
        variables: &[("API_KEY", "t"), ("PEAK__STAGE", "beta"), ("STAGE", "test")],
        expected: Expected::BaseUrl("https://press.beta.peak.ai"),
    },
    Environment {
        variables: &[
            ("PEAK_AUTH_TOKEN", ""),
            ("API_KEY", "t"),
            ("PEAK__STAGE", ""),
            ("STAGE", "latest"),
        ],
        expected: Expected::BaseUrl("https://press.dev.peak.ai"),
    },
    Environment {
        variables: &[("API_KEY", "t"), ("STAGE", "parvati")],
        expected: Expected::BaseUrl("https://press.parvati.peak.ai"),
    },
    Environment {
        // With a single underscore, it's a different variable.
        variables: &[("API_KEY", "t"), ("PEAK_STAGE", "beta")],
        expected: Expected::BaseUrl("https://press.peak.ai"),
    },
    Environment {
        variables: &[("PEAK_AUTH_TOKEN", ""), ("API_KEY", ""), ("STAGE", "beta")],
        expected: Expected::Error {
            kind: ErrorKind::MissingEnvironmentVariable,
            variable: "PEAK_AUTH_TOKEN",
        },
    },
    Environment {
        variables: &[("API_KEY", "t"), ("PEAK__STAGE", "mars")],
        expected: Expected::Error {
            kind: ErrorKind::InvalidConfiguration,
            variable: "PEAK__STAGE",
        },
    },
    Environment {
        variables: &[("API_KEY", "t"), ("STAGE", "PROD")],
        expected: Expected::Error { kind: ErrorKind::InvalidConfiguration, variable: "STAGE" },
    },
    Environment {
        variables: &[("API_KEY", "t"), ("PEAK_AUTH_TOKEN", "s3cr3t\nline")],
        expected: Expected::Error {
            kind: ErrorKind::InvalidConfiguration,
            variable: "PEAK_AUTH_TOKEN",
        },
    },
    Environment {
        variables: &[("API_KEY", "s3cr3t\nline")],
        expected: Expected::Error { kind: ErrorKind::InvalidConfiguration, variable: "API_KEY" },
    },
];

fn assert_session(session: Result<Session, Error>, expected: Expected) {
    match (session, expected) {
        (Ok(session), Expected::BaseUrl(url)) => assert_eq!(session.base_url(), url),
        (Err(error), Expected::Error { kind, variable }) => {
            let text = error.to_string();
            assert_eq!(error.kind(), kind, "{text}");
            assert!(text.contains(variable), "{text}");
            assert!(!text.contains("s3cr3t"), "{text}");
        }
        (session, _) => panic!("unexpected: {session:?}"),
    }
}

#[test]
fn token_and_stage_are_read_from_the_environment() -> Outcome {
    const TEST: &str = "environment::token_and_stage_are_read_from_the_environment";
    for (index, Environment { variables, expected }) in ENVIRONMENTS.iter().enumerate() {
        case_in_child(TEST, &index.to_string(), variables, || {
            let client = get_client(None);
            let blocking_client = blocking::get_client(None);
            assert_session(Session::from_env(), *expected);
            assert_session(Session::default_session(), *expected);
            assert_session(client.map(|client| client.session().clone()), *expected);
            assert_session(blocking_client.map(|client| client.session().clone()), *expected);
            Ok(())
        })?;
    }
    Ok(())
}

#[test]
fn the_builder_takes_precedence_over_the_environment() -> Outcome {
    const TEST: &str = "environment::the_builder_takes_precedence_over_the_environment";
    let variables = [("API_KEY", "t"), ("PEAK__STAGE", "mars")];
    in_child(TEST, &variables, || {
        let session = Session::builder().auth_token("t").stage(Stage::Test).build()?;
        assert_eq!(session.base_url(), "https://press.test.peak.ai");
        let session = Session::builder().auth_token("t").base_url("https://example.com").build()?;
        assert_eq!(session.base_url(), "https://example.com");
        Ok(())
    })
}

#[cfg(unix)]
#[test]
fn non_unicode_variables_are_errors() -> Outcome {
    let variables = [("PEAK_AUTH_TOKEN", OsStr::from_bytes(b"s3cr3t\xff"))];
    in_child("environment::non_unicode_variables_are_errors", &variables, || {
        let error = Session::from_env().expect_err("a variable that isn't Unicode");
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        let text = format!("{error:?}");
        assert!(text.contains("PEAK_AUTH_TOKEN"), "{text}");
        assert!(!text.contains("s3cr3t"), "{text}");
        Ok(())
    })
}

#[test]
fn default_session_is_created_once() -> Outcome {
    in_child("environment::default_session_is_created_once", &[("API_KEY", "t")], || {
        // Clones of a session share their base URL.
        let address = |session: &Session| session.base_url().as_ptr();
        let default = Session::default_session()?;
        let other = thread::spawn(|| get_client(None)).join();
        let other = other.map_err(|_| "a thread panicked")??;
        for session in [other.session(), blocking::get_client(None)?.session()] {
            assert_eq!(address(session), address(&default));
        }
        assert_ne!(address(&Session::from_env()?), address(&default));
        Ok(())
    })
}

#[cfg(all(target_os = "linux", feature = "rustls"))]
#[test]
fn a_failed_default_session_is_not_cached() -> Outcome {
    let roots = env::temp_dir().join(format!("press-specs-roots-{}.pem", process::id()));
    let path = roots.to_str().ok_or("a path in Unicode")?;
    let variables = [("API_KEY", "t"), ("SSL_CERT_FILE", path)];
    in_child("environment::a_failed_default_session_is_not_cached", &variables, || {
        let error = Session::default_session().expect_err("no root certificates");
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        fs::write(env::var("SSL_CERT_FILE")?, include_str!("../fixtures/root.pem"))?;
        Session::default_session()?;
        Ok(())
    })?;
    Ok(fs::remove_file(&roots)?)
}

#[cfg(target_os = "linux")]
#[test]
fn plain_http_on_loopback_uses_no_certificates_or_proxy() -> Outcome {
    const TEST: &str = "environment::plain_http_on_loopback_uses_no_certificates_or_proxy";
    let variables = [
        ("SSL_CERT_FILE", "/nonexistent/roots.pem"),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
        ("ALL_PROXY", "http://127.0.0.1:1"),
    ];
    in_child(TEST, &variables, || {
        let mock = MockPress::builder().generated_specs(3).start()?;
        let page = blocking::get_client(mock.session()?)?.list_specs().page(1)?;
        assert_eq!(page.specs.len(), 3);
        Ok(())
    })
}

/// The proxy sees the host of a request, but not its content.
#[cfg(feature = "rustls")]
#[test]
fn requests_go_to_the_host_of_the_stage() -> Outcome {
    let proxy = MockPress::builder().fault(Fault::status(502).empty().always()).start()?;
    let variables = [("API_KEY", "s3cr3t"), ("PEAK__STAGE", "beta"), ("HTTPS_PROXY", proxy.url())];
    in_child("environment::requests_go_to_the_host_of_the_stage", &variables, || {
        let session = Session::builder().retry(RetryPolicy::none()).build()?;
        let result = blocking::get_client(session)?.list_specs().page(1);
        let error = result.expect_err("no connection through the proxy");
        assert_eq!(error.kind(), ErrorKind::Connection);
        Ok(())
    })?;
    let request = proxy.requests().remove(0);
    assert_eq!(request.method(), "CONNECT");
    assert_eq!(request.header("host"), Some("press.beta.peak.ai:443"));
    assert!(!format!("{:?}", request.headers()).contains("s3cr3t"), "{request:?}");
    Ok(())
}

#[test]
fn proxies_from_the_environment_are_used() -> Outcome {
    let proxy = MockPress::builder().generated_specs(3).start()?;
    let variables = [
        ("PEAK_AUTH_TOKEN", &*proxy.token()),
        ("API_KEY", "another"),
        ("HTTP_PROXY", proxy.url()),
        ("http_proxy", proxy.url()),
    ];
    in_child("environment::proxies_from_the_environment_are_used", &variables, || {
        let session = Session::builder()
            .base_url("http://press.example")
            .allow_insecure_http(true)
            .build()?;
        let page = blocking::get_client(session)?.list_specs().page(1)?;
        assert_eq!(page.specs.len(), 3);
        Ok(())
    })?;
    let request = proxy.requests().remove(0);
    assert_eq!(request.path(), "/v1/specs/");
    assert_eq!(request.header("host"), Some("press.example"));
    Ok(())
}
