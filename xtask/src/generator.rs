//! Runs the generator, which is the build step of `press-api-gen` under its feature `codegen`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::Value;

use crate::workspace::{CONTRACT, Workspace};

const PACKAGE: &str = "press-api-gen";

/// Returns what the generator makes of the contract, whose SHA-256 digest is `digest`.
pub(crate) fn run(workspace: &Workspace, digest: &str) -> Result<String> {
    let code = build(workspace)?;
    if code.contains(digest) {
        return Ok(code);
    }
    // Cargo goes by modification times, and a file that was moved or restored may look older than the last build.
    let contract = workspace.root().join(CONTRACT);
    fs::File::options()
        .append(true)
        .open(contract)
        .and_then(|file| file.set_modified(std::time::SystemTime::now()))
        .with_context(|| format!("{CONTRACT}: cannot mark it as changed"))?;
    let code = build(workspace)?;
    if code.contains(digest) {
        Ok(code)
    } else {
        bail!("the output of {PACKAGE}'s build step does not carry the digest of {CONTRACT}; was it edited meanwhile?")
    }
}

/// Runs the build step and reads its output.
///
/// `cargo check` is enough: it compiles and runs the build step, and compiles nothing else to machine code. That the
/// crate itself may not compile with its present `generated.rs` does not matter.
fn build(workspace: &Workspace) -> Result<String> {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(workspace.root())
        .args([
            "check",
            "--package",
            PACKAGE,
            "--lib",
            "--features",
            "codegen",
            "--color",
            "never",
        ])
        .arg("--message-format=json-render-diagnostics")
        .env("RUST_BACKTRACE", "0")
        .output()
        .context("cargo could not be started")?;
    let messages = String::from_utf8_lossy(&output.stdout);
    match output_directory(&messages) {
        Some(directory) => {
            let file = Path::new(&directory).join("generated.rs");
            fs::read_to_string(&file).with_context(|| format!("{PACKAGE}'s build step left no generated.rs"))
        }
        None => Err(failure(&String::from_utf8_lossy(&output.stderr))),
    }
}

/// The directory that the last run of the build step wrote to, from cargo's messages.
fn output_directory(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .rev()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "build-script-executed")
        .filter(|message| message["package_id"].as_str().is_some_and(is_the_package))
        .find_map(|message| message["out_dir"].as_str().map(PathBuf::from))
}

/// Whether `id` is the package id of `press-api-gen`, such as `path+file:///…/press-api-gen#0.1.0`.
fn is_the_package(id: &str) -> bool {
    let (source, name_and_version) = id.rsplit_once('#').unwrap_or((id, ""));
    match name_and_version.split_once('@') {
        Some((name, _)) => name == PACKAGE,
        None => source.rsplit(['/', '\\']).next() == Some(PACKAGE),
    }
}

/// Says in a few lines why cargo has failed.
fn failure(stderr: &str) -> anyhow::Error {
    let noise = [
        "Compiling ",
        "Checking ",
        "Blocking ",
        "Downloading ",
        "Downloaded ",
        "Locking ",
        "Updating ",
        "Adding ",
    ];
    let Some((_, own)) = stderr.split_once("--- stderr\n") else {
        let said: Vec<_> = stderr
            .lines()
            .filter(|line| !noise.iter().any(|word| line.trim_start().starts_with(word)))
            .filter(|line| !line.trim_start().starts_with("warning: build failed"))
            .collect();
        return anyhow!("the generator could not be built\n\n{}", said.join("\n").trim());
    };
    let mut said = String::new();
    let mut panicked = false;
    for line in own.lines() {
        let text = line.trim();
        if text == "stack backtrace:" {
            break;
        }
        panicked |= text.starts_with("thread '") && text.contains("panicked at");
        let boring = text.is_empty()
            || text.starts_with("thread '")
            || text.starts_with("note: ")
            || text.starts_with("warning: build failed");
        if !boring {
            said.push_str("    ");
            said.push_str(line);
            said.push('\n');
        }
    }
    let advice = if panicked {
        "The generator met a shape that it cannot take. Look at what changed with `cargo xtask api-diff`, and write it \
         like the schemas and operations that are there already."
    } else {
        "Nothing was written."
    };
    anyhow!("the generator refused {CONTRACT}:\n\n{said}\n{advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_message_of_the_package_counts() {
        let message = |id: &str, out: &str| {
            format!(r#"{{"reason":"build-script-executed","package_id":"{id}","out_dir":"{out}"}}"#)
        };
        let messages = [
            message("path+file:///w/press-api-gen#0.1.0", "/old"),
            message("registry+https://index#serde@1.0.0", "/serde"),
            message("path+file:///w/press-api-gen#0.1.0", "/new"),
            message("path+file:///w/other#press-api-gen-too@0.1.0", "/other"),
            r#"{"reason":"build-finished","success":false}"#.to_owned(),
            "not json".to_owned(),
        ];
        assert_eq!(output_directory(&messages.join("\n")), Some("/new".into()));
        assert_eq!(output_directory(""), None);
        assert!(is_the_package("path+file:///w/moved#press-api-gen@0.1.0"));
    }

    #[test]
    fn a_panic_becomes_one_message() {
        let stderr = "   Compiling press-api-gen v0.1.0\nerror: failed to run custom build command for `press-api-gen`\n\n\
            Caused by:\n  process didn't exit successfully: `…` (exit status: 101)\n  --- stdout\n  cargo::rerun-if-changed=x\n\n  \
            --- stderr\n\n  thread 'main' (7) panicked at /r/progenitor/method.rs:1220:9:\n  assertion failed: response_types.len() <= 1\n  \
            note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n  stack backtrace:\n     0: main\n";
        let text = failure(stderr).to_string();
        assert!(text.contains("assertion failed: response_types.len() <= 1"), "{text}");
        assert!(text.contains("cargo xtask api-diff"), "{text}");
        for noise in ["thread", "RUST_BACKTRACE", "backtrace", "Compiling", "0: main"] {
            assert!(!text.contains(noise), "{noise} in {text}");
        }
    }

    #[test]
    fn other_failures_keep_what_cargo_says() {
        let text = failure("    Updating index\nerror: no matching package named `x` found\n").to_string();
        assert!(text.contains("no matching package"), "{text}");
        assert!(!text.contains("Updating"), "{text}");
    }
}
