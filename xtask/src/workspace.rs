//! Where things are, and what git knows of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, anyhow, bail};

/// The contract, seen from the root of the workspace.
pub const CONTRACT: &str = "openapi/press.yaml";

/// The committed output of the generator, seen from the root of the workspace.
pub const GENERATED: &str = "press-api-gen/src/generated.rs";

/// The workspace that this program belongs to.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Finds the workspace, whatever the working directory is.
    ///
    /// # Errors
    /// When this program runs neither through cargo nor where it was built.
    pub fn find() -> Result<Self> {
        let manifest =
            std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = manifest.parent().map(Path::to_owned).unwrap_or_default();
        if root.join(CONTRACT).exists() || root.join("xtask").is_dir() {
            Ok(Self { root })
        } else {
            bail!(
                "the workspace is not at {}; start this with `cargo xtask`",
                root.display()
            )
        }
    }

    /// The directory of the workspace's `Cargo.toml`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads the file at `path`, seen from the root.
    ///
    /// # Errors
    /// When there is no such file, or it is not UTF-8.
    pub fn read(&self, path: &str) -> Result<String> {
        let bytes = fs::read(self.root.join(path)).with_context(|| path.to_owned())?;
        String::from_utf8(bytes).map_err(|error| {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
            anyhow!("{path}:{line}: not UTF-8; save the file as UTF-8")
        })
    }

    /// Reads the file at `path` as it is in the git revision `revision`.
    ///
    /// # Errors
    /// When git is not there, or knows neither the revision nor the file in it.
    pub fn read_at(&self, revision: &str, path: &str) -> Result<String> {
        let commit = format!("{revision}^{{commit}}");
        self.git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])
            .map_err(|error| match error {
                GitError::Start(error) => anyhow!("git could not be started: {error}"),
                GitError::Failed => anyhow!("git has no commit `{revision}`"),
            })?;
        self.git(&["show", "--end-of-options", &format!("{revision}:./{path}")])
            .map_err(|_| anyhow!("git has no {path} in `{revision}`"))
    }

    fn git(&self, arguments: &[&str]) -> Result<String, GitError> {
        let output = Command::new("git")
            .current_dir(&self.root)
            .args(arguments)
            .output()
            .map_err(GitError::Start)?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(GitError::Failed)
        }
    }
}

enum GitError {
    Start(std::io::Error),
    Failed,
}
