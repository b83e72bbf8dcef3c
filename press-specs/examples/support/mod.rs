//! Shared by the examples: the live service when the environment has a token, a mock server otherwise.

use std::{env, error::Error};

use press_specs::{
    Session,
    mock::{MockPress, MockPressBuilder},
};

/// Creates a session from the environment, or for a mock server when no token is set there.
///
/// The server runs as long as the returned [`MockPress`] lives. Standard error says which service is used and why;
/// standard output belongs to the example.
pub(crate) fn session_or_mock(mock: MockPressBuilder) -> Result<(Session, Option<MockPress>), Box<dyn Error>> {
    match token_variable() {
        Some(variable) => {
            let session = Session::from_env()?;
            eprintln!("Service: {} ({variable} is set)", session.base_url());
            Ok((session, None))
        }
        None => start_mock(mock, "no PEAK_AUTH_TOKEN or API_KEY"),
    }
}

/// Starts the mock server, and says on standard error that it is used and why.
pub(crate) fn start_mock(mock: MockPressBuilder, reason: &str) -> Result<(Session, Option<MockPress>), Box<dyn Error>> {
    let mock = mock.start()?;
    eprintln!("Service: mock server at {} ({reason})", mock.url());
    Ok((mock.session()?, Some(mock)))
}

/// Returns the environment variable that the session takes its token from.
fn token_variable() -> Option<&'static str> {
    ["PEAK_AUTH_TOKEN", "API_KEY"].into_iter().find(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}
