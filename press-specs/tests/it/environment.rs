//! Sessions from the environment, each in a child process with chosen variables.

use std::{env, fs, process, thread};
#[cfg(unix)]
use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

use press_specs::{
    ErrorKind, RetryPolicy, Session, Stage, blocking, get_client,
    mock::{Fault, MockPress},
};

use crate::{
    Outcome,
    support::{case_in_child, in_child},
};

#[test]
fn token_and_stage_are_read_from_the_environment() -> Outcome {
    // The variables, how the sessions that need both begin, and what the text of each contains.
    for (given, begins, contains) in [
        ("PEAK_AUTH_TOKEN=t", "https://press.peak.ai", ""),
        ("API_KEY=t PEAK__STAGE=beta STAGE=test", "https://press.beta.peak.ai", ""),
        ("PEAK_AUTH_TOKEN= API_KEY=t PEAK__STAGE= STAGE=latest", "https://press.dev.peak.ai", ""),
        ("API_KEY=t STAGE=parvati", "https://press.parvati.peak.ai", ""),
        // One underscore is another variable.
        ("API_KEY=t PEAK_STAGE=beta", "https://press.peak.ai", ""),
        ("PEAK_AUTH_TOKEN= API_KEY= STAGE=beta", "MissingEnvironmentVariable", "PEAK_AUTH_TOKEN"),
        ("API_KEY=t PEAK__STAGE=mars", "InvalidConfiguration", "PEAK__STAGE"),
        ("API_KEY=t STAGE=PROD", "InvalidConfiguration", "STAGE"),
        ("API_KEY=t PEAK_AUTH_TOKEN=s3cr3t\nline", "InvalidConfiguration", "PEAK_AUTH_TOKEN"),
        ("API_KEY=s3cr3t\nline", "InvalidConfiguration", "API_KEY"),
    ] {
        let variables: Vec<_> = given.split(' ').filter_map(|pair| pair.split_once('=')).collect();
        case_in_child(
            "environment::token_and_stage_are_read_from_the_environment",
            given,
            &variables,
            || {
                for session in [
                    Session::from_env(),
                    Session::default_session(),
                    get_client(None).map(|client| client.session().clone()),
                    blocking::get_client(None).map(|client| client.session().clone()),
                ] {
                    let address = |session: Session| session.base_url().to_owned();
                    let text = session
                        .map_or_else(|error| format!("{:?}: {error}", error.kind()), address);
                    assert!(
                        text.starts_with(begins)
                            && text.contains(contains)
                            && !text.contains("s3cr3t"),
                        "{text}"
                    );
                }
                let with_token = || Session::builder().auth_token("t");
                assert_eq!(
                    with_token().stage(Stage::Test).build()?.base_url(),
                    "https://press.test.peak.ai"
                );
                assert_eq!(
                    with_token().base_url("https://example.com").build()?.base_url(),
                    "https://example.com"
                );
                Ok(())
            },
        )?;
    }
    Ok(())
}

#[cfg(unix)]
#[test]
fn non_unicode_variables_are_errors() -> Outcome {
    let variables = [("PEAK_AUTH_TOKEN", OsStr::from_bytes(b"s3cr3t\xff"))];
    in_child("environment::non_unicode_variables_are_errors", &variables, || {
        let error = Session::from_env().expect_err("no text");
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        let text = format!("{error:?}");
        assert!(text.contains("PEAK_AUTH_TOKEN") && !text.contains("s3cr3t"), "{text}");
        Ok(())
    })
}

#[test]
fn default_session_is_created_once() -> Outcome {
    in_child("environment::default_session_is_created_once", &[("API_KEY", "t")], || {
        // The same text at the same address is the same session.
        let address = |session: &Session| session.base_url().as_ptr();
        let default = Session::default_session()?;
        let other =
            thread::spawn(|| get_client(None)).join().map_err(|_| "a thread panicked")??;
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
    let variables =
        [("API_KEY", "t"), ("SSL_CERT_FILE", roots.to_str().ok_or("a path in Unicode")?)];
    in_child("environment::a_failed_default_session_is_not_cached", &variables, || {
        // There are no root certificates, and then there are.
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
    let nobody = "http://127.0.0.1:1";
    let variables = [
        ("SSL_CERT_FILE", "/nonexistent/roots.pem"),
        ("HTTP_PROXY", nobody),
        ("ALL_PROXY", nobody),
    ];
    in_child(
        "environment::plain_http_on_loopback_uses_no_certificates_or_proxy",
        &variables,
        || {
            let mock = MockPress::builder().generated_specs(3).start()?;
            assert_eq!(blocking::get_client(mock.session()?)?.list_specs().page(1)?.specs.len(), 3);
            Ok(())
        },
    )
}

/// A proxy sees where requests go, and nothing of what they carry.
#[cfg(feature = "rustls")]
#[test]
fn requests_go_to_the_host_of_the_stage() -> Outcome {
    let proxy = MockPress::builder().fault(Fault::status(502).empty().always()).start()?;
    let variables = [("API_KEY", "s3cr3t"), ("PEAK__STAGE", "beta"), ("HTTPS_PROXY", proxy.url())];
    in_child("environment::requests_go_to_the_host_of_the_stage", &variables, || {
        let session = Session::builder().retry(RetryPolicy::none()).build()?;
        let error =
            blocking::get_client(session)?.list_specs().page(1).expect_err("a refused tunnel");
        assert_eq!(error.kind(), ErrorKind::Connection);
        Ok(())
    })?;
    let request = proxy.requests().remove(0);
    assert_eq!(
        (request.method(), request.header("host")),
        ("CONNECT", Some("press.beta.peak.ai:443"))
    );
    assert!(!format!("{:?}", request.headers()).contains("s3cr3t"), "{request:?}");
    Ok(())
}

#[test]
fn proxies_from_the_environment_are_used() -> Outcome {
    let proxy = MockPress::builder().generated_specs(3).start()?;
    // The first token is the one that is sent.
    let (token, url) = (proxy.token(), proxy.url());
    let variables = [
        ("PEAK_AUTH_TOKEN", &*token),
        ("API_KEY", "another"),
        ("HTTP_PROXY", url),
        ("http_proxy", url),
    ];
    in_child("environment::proxies_from_the_environment_are_used", &variables, || {
        let session = Session::builder()
            .base_url("http://press.example")
            .allow_insecure_http(true)
            .build()?;
        assert_eq!(blocking::get_client(session)?.list_specs().page(1)?.specs.len(), 3);
        Ok(())
    })?;
    let request = proxy.requests().remove(0);
    assert_eq!((request.path(), request.header("host")), ("/v1/specs/", Some("press.example")));
    Ok(())
}
