//! The files of the workspace, and their versions in git.

use std::{
    env, fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

/// The API's document, relative to the root of the workspace.
pub(crate) const DOCUMENT: &str = "openapi/press.yaml";

/// The names that the crate gives to parts of the document; the file is optional.
pub(crate) const MAPPING: &str = "openapi/mapping.yaml";

/// The committed output of the generator.
pub(crate) const GENERATED: &str = "press-api-gen/src/generated.rs";

/// The workspace that this program belongs to.
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Finds the workspace, independent of the working directory.
    ///
    /// # Errors
    /// Returns an error if this program runs neither through cargo nor where it was built.
    pub(crate) fn find() -> Result<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest).parent().map(Path::to_owned).unwrap_or_default();
        if !root.join("press-api-gen").is_dir() {
            bail!("the workspace is not at {}; start this with `cargo xtask`", root.display());
        }
        Ok(Self { root })
    }

    /// Returns the directory of the workspace's `Cargo.toml`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Reads a file with its line ends as `\n`; `None` if it does not exist.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read.
    pub(crate) fn read(&self, path: &str) -> Result<Option<String>> {
        match fs::read(self.root.join(path)) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context(path.to_owned()),
        }
    }

    /// Reads a file of a git revision.
    ///
    /// # Errors
    /// Returns an error if git is missing, or if it has no such revision or no such file in it.
    pub(crate) fn read_at(&self, revision: &str, path: &str) -> Result<String> {
        let commit = format!("{revision}^{{commit}}");
        if self.git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?.is_none() {
            bail!("git has no commit `{revision}`");
        }
        self.git(&["show", "--end-of-options", &format!("{revision}:./{path}")])?
            .with_context(|| format!("git has no {path} in `{revision}`"))
    }

    /// Returns the output of a git command; `None` if the command failed.
    fn git(&self, arguments: &[&str]) -> Result<Option<String>> {
        let output =
            Command::new("git").current_dir(&self.root).args(arguments).output().context("git could not be started")?;
        let text = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
        Ok(output.status.success().then_some(text))
    }
}
