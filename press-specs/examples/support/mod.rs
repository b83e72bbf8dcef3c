//! Shared by the examples: the live service when the environment has a token, a mock server
//! otherwise.

use std::error::Error;

use press_specs::{
    ErrorKind, Session,
    mock::{MockPress, MockPressBuilder},
};

/// A session, and its mock server, if any. The server stops when this is dropped.
pub(crate) type Service = (Session, Option<MockPress>);

/// Creates a session from the environment, or for a mock server if no token is set.
pub(crate) fn session_or_mock(mock: MockPressBuilder) -> Result<Service, Box<dyn Error>> {
    match Session::from_env() {
        Err(error) if error.kind() == ErrorKind::MissingEnvironmentVariable => {
            start_mock(mock, "no PEAK_AUTH_TOKEN or API_KEY")
        }
        session => Ok(live(session?, "PEAK_AUTH_TOKEN or API_KEY is set")),
    }
}

/// Starts a mock server. Reports it on standard error, since standard output belongs to the
/// example.
pub(crate) fn start_mock(mock: MockPressBuilder, reason: &str) -> Result<Service, Box<dyn Error>> {
    let mock = mock.start()?;
    eprintln!("Service: mock server at {} ({reason})", mock.url());
    Ok((mock.session()?, Some(mock)))
}

/// Reports on standard error that the session is for the live service.
pub(crate) fn live(session: Session, reason: &str) -> Service {
    eprintln!("Service: {} ({reason})", session.base_url());
    (session, None)
}
