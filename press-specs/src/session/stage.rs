//! Stages of the platform and their base URLs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, ErrorKind},
    response::shorten,
};

/// A stage of the Peak platform.
///
/// Parses, displays and serializes as its lowercase name:
///
/// ```
/// use press_specs::Stage;
///
/// assert_eq!("beta".parse::<Stage>()?, Stage::Beta);
/// assert_eq!(Stage::Prod.to_string(), "prod");
/// assert_eq!(serde_json::from_str::<Stage>("\"test\"").ok(), Some(Stage::Test));
/// assert!("nowhere".parse::<Stage>().is_err());
/// # Ok::<(), press_specs::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Stage {
    /// `https://press.dev.peak.ai`
    Dev,
    /// `https://press.dev.peak.ai`
    Latest,
    /// `https://press.test.peak.ai`
    Test,
    /// `https://press.beta.peak.ai`
    Beta,
    /// `https://press.peak.ai`. This is the default.
    #[default]
    Prod,
    /// `https://press.parvati.peak.ai`
    Parvati,
}

impl Stage {
    const ALL: [Self; 6] =
        [Self::Dev, Self::Latest, Self::Test, Self::Beta, Self::Prod, Self::Parvati];

    pub(crate) fn base_url(self) -> String {
        match self {
            Self::Prod => "https://press.peak.ai".to_owned(),
            Self::Latest => Self::Dev.base_url(),
            _ => format!("https://press.{self}.peak.ai"),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl FromStr for Stage {
    type Err = Error;

    /// # Errors
    ///
    /// Returns [`InvalidConfiguration`](crate::ErrorKind::InvalidConfiguration) if the stage does
    /// not exist.
    fn from_str(name: &str) -> Result<Self, Error> {
        parse(name, "")
    }
}

/// Parses the name of a stage from an environment variable.
pub(crate) fn from_variable(name: &str, variable: &str) -> Result<Stage, Error> {
    parse(name, &format!(" in the environment variable {variable}"))
}

/// Parses the name of a stage. `place` follows the name in an error.
fn parse(name: &str, place: &str) -> Result<Stage, Error> {
    for stage in Stage::ALL {
        if stage.to_string() == name {
            return Ok(stage);
        }
    }
    let name = shorten(name, 100);
    let known = Stage::ALL.map(|stage| stage.to_string()).join(", ");
    let message = format!("unknown stage {name:?}{place}; use one of {known}");
    Err(Error::new(ErrorKind::InvalidConfiguration, message))
}
