//! Child processes with their own environment.

use std::{
    env,
    ffi::OsStr,
    process::{self, Command, Stdio},
};

use crate::Outcome;

/// Set in a child.
const CASE: &str = "PRESS_SPECS_TEST_CASE";
const DONE: &str = "the child is done";

/// Runs `body` in a child process: this test of that name again, with these variables and those
/// that every process needs. `case` tells the cases of one test apart.
pub(crate) fn in_child(
    test: &str,
    case: &str,
    variables: &[(&str, impl AsRef<OsStr>)],
    body: impl FnOnce() -> Outcome,
) -> Outcome {
    if let Some(asked) = env::var_os(CASE) {
        if asked == case {
            body()?;
            println!("\n{DONE}");
            process::exit(0);
        }
        return Ok(());
    }
    let kept = ["PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE"];
    let kept = kept.into_iter().filter_map(|name| Some((name, env::var_os(name)?)));
    let output = Command::new(env::current_exe()?)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env_clear()
        .envs(kept)
        .env(CASE, case)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .output()?;
    let (told, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains(DONE), "{test} {case}\n{told}\n{errors}");
    Ok(())
}
