//! Headers that the user adds to requests.

use press_specs::{ErrorKind, get_client, mock::MockPress};

use crate::{Outcome, client};

const CONNECTION_HEADERS: [&str; 7] =
    ["Connection", "Content-Length", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade"];

#[tokio::test]
async fn connection_headers_are_invalid_arguments() -> Outcome {
    let mock = MockPress::start()?;
    let client = client(&mock)?;
    for name in CONNECTION_HEADERS {
        let error = client.list_specs().header(name, "40").page(1).await.expect_err(name);
        assert_eq!(error.kind(), ErrorKind::InvalidParameter);
        assert!(error.to_string().contains("manages connection headers"), "{error}");
        let error = mock.session_builder().header(name, "40").build().expect_err(name);
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert!(error.to_string().contains("manages connection headers"), "{error}");
    }
    assert_eq!(mock.connections(), 0);
    Ok(())
}

#[tokio::test]
async fn connection_headers_from_on_request_are_not_sent() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).start()?;
    let session = mock.session_builder().on_request(|headers| {
        for name in CONNECTION_HEADERS {
            let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.insert(name, http::HeaderValue::from_static("40"));
        }
    });
    let specs = get_client(session.build()?)?.list_specs();
    specs.clone().page(1).await?;
    specs.page(1).await?;
    // The server didn't read the second request as the body of the first one.
    assert_eq!(mock.request_count(), 2);
    assert_eq!(mock.connections(), 1);
    for request in mock.requests() {
        for name in CONNECTION_HEADERS {
            assert_eq!(request.header(name), None, "{name}");
        }
    }
    Ok(())
}
