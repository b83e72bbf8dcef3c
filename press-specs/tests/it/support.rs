//! Child processes with an environment of their own, and runtimes.

use std::{
    env,
    fmt::Display,
    process::{Command, Stdio},
};

use tokio::runtime::{Builder, Runtime};

use crate::Outcome;

const TASK: &str = "PRESS_SPECS_TEST_TASK";
const MARK: &str = "the child says: ";

/// Runs a test of this binary in a child that has only these variables and those that every process needs. Returns what it
/// says.
pub(crate) fn ask(test: &str, task: &str, variables: &[(&str, &str)]) -> Outcome<Vec<String>> {
    let kept = ["PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE"];
    let kept = kept.into_iter().filter_map(|name| Some((name, env::var_os(name)?)));
    let output = Command::new(env::current_exe()?)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env_clear()
        .envs(kept)
        .env(TASK, task)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()?;
    let (told, errors) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    assert!(output.status.success(), "{told}\n{errors}");
    let said: Vec<_> = told.lines().filter_map(|line| Some(line.split_once(MARK)?.1.to_owned())).collect();
    assert!(!said.is_empty(), "the child says nothing: {told}\n{errors}");
    Ok(said)
}

/// The task of this process if it is such a child; empty otherwise.
pub(crate) fn task() -> String {
    env::var(TASK).unwrap_or_default()
}

/// Answers the test that asked.
pub(crate) fn say(what: impl Display) {
    println!("\n{MARK}{what}");
}

pub(crate) fn runtime() -> Outcome<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}
