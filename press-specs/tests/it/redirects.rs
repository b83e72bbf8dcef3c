//! Redirects within the origin of the session and to other ones.

use press_specs::{
    ErrorKind::UnexpectedStatus,
    get_client,
    mock::{Fault, MockPress},
};

use crate::{Outcome, client};

#[tokio::test]
async fn redirects_within_the_origin_are_followed() -> Outcome {
    for status in [301, 302, 303, 307, 308] {
        let mock = MockPress::builder()
            .generated_specs(3)
            .fault(Fault::redirect("/elsewhere/", status).header("set-cookie", "session=1; Path=/"))
            .start()?;
        mock.fault(Fault::redirect(format!("{}/v1/specs/?pageNumber=1", mock.url()), status));
        let page = client(&mock)?.list_specs().page(1).await?;
        assert_eq!((page.specs.len(), mock.request_count()), (3, 3), "{status}");
        for request in mock.requests() {
            assert_eq!(request.header("authorization"), Some(mock.token().as_str()));
            assert_eq!((request.header("referer"), request.header("cookie")), (None, None));
        }
    }
    Ok(())
}

#[tokio::test]
async fn redirects_to_another_origin_are_not_followed() -> Outcome {
    let other = MockPress::builder().generated_specs(3).start()?;
    let mock = MockPress::builder().generated_specs(3).start()?;
    let client = client(&mock)?;
    let port = mock.url().rsplit(':').next().ok_or("a port")?;
    let elsewhere = format!("{}/v1/specs/", other.url());
    let places = format!(
        // The same port by another name or another scheme, too.
        "{elsewhere} {} http://localhost:{port}/v1/specs/ https://127.0.0.1:{port}/v1/specs/ http://example.invalid/ \
         http://1.2.3.999/ http://[::bad]/ ftp://127.0.0.1/ file:///etc/hosts data:text/plain,x javascript:alert(1) http://",
        elsewhere.trim_start_matches("http:")
    );
    for place in places.split(' ') {
        for status in [301, 302, 303, 307, 308] {
            mock.clear_requests();
            mock.fault(Fault::redirect(place, status));
            let error = client.list_specs().page(1).await.expect_err("a redirect");
            assert_eq!(
                (error.kind(), error.status()),
                (UnexpectedStatus, Some(status)),
                "{place}: {error:?}"
            );
            assert_eq!((error.attempts(), mock.request_count()), (1, 1), "{place}: {error:?}");
            let sent_to = error.response().and_then(|response| response.headers().get("location"));
            assert_eq!((sent_to, error.is_retryable()), (Some(place), false));
        }
    }
    // Nor after a redirect within the origin.
    mock.faults([Fault::redirect("/elsewhere", 302), Fault::redirect(&elsewhere, 302)]);
    let error = client.list_specs().page(1).await.expect_err("a redirect");
    assert_eq!((error.kind(), error.status()), (UnexpectedStatus, Some(302)));
    assert_eq!((other.connections(), other.request_count()), (0, 0), "the token must not travel");
    Ok(())
}

#[tokio::test]
async fn redirect_loops_are_an_unexpected_status() -> Outcome {
    let circle = || Fault::redirect("/v1/specs/", 302).always();
    let custom = reqwest::redirect::Policy::custom(|attempt| attempt.error("no redirects here"));
    let custom =
        reqwest::Client::builder().retry(reqwest::retry::never()).redirect(custom).build()?;
    for (fault, http_client) in
        [(circle(), None), (Fault::status(302).empty(), None), (circle(), Some(custom))]
    {
        let mock = MockPress::builder().fault(fault).start()?;
        let session = match http_client {
            Some(http_client) => mock.session_builder().http_client(http_client),
            None => mock.session_builder(),
        };
        let error =
            get_client(session.build()?)?.list_specs().page(1).await.expect_err("a redirect");
        assert_eq!((error.kind(), error.attempts()), (UnexpectedStatus, 1), "{error:?}");
        assert!(!error.is_retryable() && mock.request_count() <= 11, "{}", mock.request_count());
    }
    Ok(())
}
