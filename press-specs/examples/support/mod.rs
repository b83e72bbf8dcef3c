//! What the examples have in common: the service when there is a token for it, a mock of it otherwise.

use std::error::Error;

use press_specs::{
    ErrorKind, Session,
    mock::{MockPress, MockPressBuilder},
};

/// Makes a session from the environment; without a token in it one for a mock, which lives as long as it is kept.
///
/// Which of both it is goes to standard error, so that standard output is the example's.
pub(crate) fn session_or_mock(mock: MockPressBuilder) -> Result<(Session, Option<MockPress>), Box<dyn Error>> {
    match Session::from_env() {
        Ok(session) => {
            eprintln!("Talking to {}.", session.base_url());
            Ok((session, None))
        }
        Err(error) if error.kind() == ErrorKind::MissingEnvironmentVariable => {
            let mock = mock.start()?;
            eprintln!(
                "There is no token in PEAK_AUTH_TOKEN or API_KEY, so this talks to a mock at {}.",
                mock.url()
            );
            Ok((mock.session()?, Some(mock)))
        }
        Err(error) => Err(error.into()),
    }
}
