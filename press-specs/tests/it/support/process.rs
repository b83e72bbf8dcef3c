//! Tests that run in a child process.

use std::{
    env,
    ffi::OsStr,
    process::{self, Command, Stdio},
};

use crate::Outcome;

pub(crate) const NO_VARIABLES: &[(&str, &str)] = &[];

/// Set in the child.
const CASE: &str = "PRESS_SPECS_TEST_CASE";
const DONE: &str = "the child is done";
/// The variables that every process needs.
const INHERITED: [&str; 6] =
    ["PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE"];

/// Runs `body` in a child process with these environment variables. `test` is the full name of the
/// calling test, which the child runs.
pub(crate) fn in_child(
    test: &str,
    variables: &[(&str, impl AsRef<OsStr>)],
    body: impl FnOnce() -> Outcome,
) -> Outcome {
    case_in_child(test, "", variables, body)
}

/// Runs one of several cases of a test in a child process.
pub(crate) fn case_in_child(
    test: &str,
    case: &str,
    variables: &[(&str, impl AsRef<OsStr>)],
    body: impl FnOnce() -> Outcome,
) -> Outcome {
    if let Some(requested) = env::var_os(CASE) {
        if requested == case {
            body()?;
            println!("\n{DONE}");
            process::exit(0);
        }
        return Ok(());
    }
    let mut command = Command::new(env::current_exe()?);
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.stdin(Stdio::null());
    command.env_clear();
    for name in INHERITED {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env(CASE, case);
    for (name, value) in variables {
        command.env(name, value);
    }
    let output = command.output()?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{test} {case}\n{stdout}\n{stderr}");
    assert!(stdout.contains(DONE), "{test} {case}\n{stdout}\n{stderr}");
    Ok(())
}
