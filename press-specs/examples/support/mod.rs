//! Shared by the examples: the live service when the environment has a token, a mock server
//! otherwise.

use std::error::Error;

use press_specs::{
    ErrorKind, Session,
    mock::{MockPress, MockPressBuilder},
};

/// A session, and the mock server if it is for one. The server runs as long as this lives.
pub(crate) type Service = (Session, Option<MockPress>);

/// Creates a session from the environment, or for a mock server when no token is set there.
pub(crate) fn session_or_mock(mock: MockPressBuilder) -> Result<Service, Box<dyn Error>> {
    match Session::from_env() {
        Err(error) if error.kind() == ErrorKind::MissingEnvironmentVariable => {
            start_mock(mock, "no PEAK_AUTH_TOKEN or API_KEY")
        }
        session => Ok(live(session?, "PEAK_AUTH_TOKEN or API_KEY is set")),
    }
}

/// Starts a mock server. Says so on standard error; standard output belongs to the example.
pub(crate) fn start_mock(mock: MockPressBuilder, reason: &str) -> Result<Service, Box<dyn Error>> {
    let mock = mock.start()?;
    eprintln!("Service: mock server at {} ({reason})", mock.url());
    Ok((mock.session()?, Some(mock)))
}

/// Says on standard error that the session is for the live service.
pub(crate) fn live(session: Session, reason: &str) -> Service {
    eprintln!("Service: {} ({reason})", session.base_url());
    (session, None)
}
