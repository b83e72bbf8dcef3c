//! The files of the workspace, and their versions in git.

use std::{env, fs, io::ErrorKind, path::Path, process::Command};

use anyhow::{Context as _, Result, bail};

/// The API's document, relative to the root of the workspace.
pub(crate) const DOCUMENT: &str = "openapi/press.yaml";

/// The names that the crate gives to parts of the document; the file is optional.
pub(crate) const MAPPING: &str = "openapi/mapping.yaml";

/// The committed output of the generator.
pub(crate) const GENERATED: &str = "press-api-gen/src/generated.rs";

/// Makes the root of the workspace the working directory, wherever the program was started.
///
/// # Errors
/// Returns an error if this program runs neither through cargo nor where it was built.
pub(crate) fn enter() -> Result<()> {
    let manifest =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = Path::new(&manifest).parent().unwrap_or(Path::new("."));
    if !root.join("press-api-gen").is_dir() {
        bail!("the workspace is not at {}; start this with `cargo xtask`", root.display());
    }
    env::set_current_dir(root).context("the workspace")
}

/// Reads a file with its line ends as `\n`; `None` if it does not exist.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub(crate) fn read(path: &str) -> Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(text(&bytes))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context(path.to_owned()),
    }
}

/// Reads a file of a git revision.
///
/// # Errors
/// Returns an error if git is missing, or if it has no such revision or no such file in it.
pub(crate) fn read_at(revision: &str, path: &str) -> Result<String> {
    let file = format!("{revision}:./{path}");
    let git = Command::new("git")
        .args(["show", "--end-of-options", &file])
        .output()
        .context("git could not be started")?;
    if !git.status.success() {
        bail!("git has no {path} in the revision `{revision}`");
    }
    Ok(text(&git.stdout))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}
