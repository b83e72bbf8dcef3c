//! The files of the workspace and their versions in git.

use std::{env, fs, io::ErrorKind, path::Path, process::Command};

use anyhow::{Context as _, Result, bail};

/// The OpenAPI document, relative to the workspace root.
pub(crate) const DOCUMENT: &str = "openapi/press.yaml";

/// The optional mapping of names.
pub(crate) const MAPPING: &str = "openapi/mapping.yaml";

/// The committed output of the generator.
pub(crate) const GENERATED: &str = "press-api-gen/src/generated.rs";

/// Changes the working directory to the workspace root.
///
/// # Errors
/// Returns an error if the workspace root cannot be found.
pub(crate) fn enter() -> Result<()> {
    let manifest =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = Path::new(&manifest).parent().unwrap_or(Path::new("."));
    if !root.join("press-api-gen").is_dir() {
        bail!("no workspace at {}; run this with `cargo xtask`", root.display());
    }
    env::set_current_dir(root).context("the workspace")
}

/// Reads a file, with `\n` as the line ending. Returns `None` if it does not exist.
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

/// Reads a file at a git revision.
///
/// # Errors
/// Returns an error if git is missing, or if the revision or the file does not exist.
pub(crate) fn read_at(revision: &str, path: &str) -> Result<String> {
    let file = format!("{revision}:./{path}");
    let git = Command::new("git")
        .args(["show", "--end-of-options", &file])
        .output()
        .context("failed to run git")?;
    if !git.status.success() {
        bail!("git revision `{revision}` has no {path}");
    }
    Ok(text(&git.stdout))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}
