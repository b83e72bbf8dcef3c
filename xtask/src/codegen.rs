//! `cargo xtask codegen`: runs the build step of `press-api-gen` and keeps its output in the repository.

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use anyhow::{Context as _, Result, anyhow, bail};
use cargo_metadata::Message;
use sha2::{Digest as _, Sha256};
use similar::TextDiff;

use crate::{
    api_diff::Report,
    workspace::{DOCUMENT, GENERATED, MAPPING, Workspace},
};

const PACKAGE: &str = "press-api-gen";

/// Writes the generated file if it differs, and reports the changes since `base`.
///
/// # Errors
/// Returns an error if the generator fails; the committed file is then unchanged.
pub(crate) fn write(workspace: &Workspace, base: &str) -> Result<()> {
    let code = generate(workspace)?;
    if workspace.read(GENERATED)?.as_deref() == Some(&code) {
        println!("{GENERATED} is up to date.");
    } else {
        fs::write(workspace.root().join(GENERATED), &code).with_context(|| GENERATED.to_owned())?;
        println!("{GENERATED} written.");
    }
    match workspace.read_at(base, GENERATED).and_then(|old| Report::new(base, &old, &code)) {
        Ok(report) => print!("\n{report}"),
        Err(error) => println!("\nNo report of the changes: {error:#}."),
    }
    Ok(())
}

/// Compares the generated file with the committed one, and shows a diff.
///
/// # Errors
/// Returns an error if they differ or the generator fails.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let code = generate(workspace)?;
    let committed = workspace.read(GENERATED)?.unwrap_or_default();
    if committed == code {
        println!("{GENERATED} is up to date.");
        return Ok(());
    }
    let diff = TextDiff::from_lines(&committed, &code);
    let diff = diff.unified_diff().context_radius(3).header(GENERATED, "generated").to_string();
    // The pipe may be closed, for example by `head`.
    let _ = std::io::stdout().write_all(diff.as_bytes());
    bail!("{GENERATED} is out of date; run `cargo xtask codegen`")
}

fn generate(workspace: &Workspace) -> Result<String> {
    eprintln!("Running the generator; its first build takes a while …");
    let digest = digest(workspace)?;
    let mut output = build(workspace)?;
    if !output.0.contains(&digest) {
        // Cargo compares modification times, and a file that was moved or restored can look older than the last build.
        for path in [DOCUMENT, MAPPING].map(|path| workspace.root().join(path)) {
            if let Ok(file) = fs::File::options().append(true).open(path) {
                file.set_modified(SystemTime::now())?;
            }
        }
        output = build(workspace)?;
    }
    let (code, notes) = output;
    if !code.contains(&digest) {
        bail!("the output of {PACKAGE}'s build step is not that of {DOCUMENT}; was the document edited meanwhile?");
    }
    for note in notes.lines() {
        eprintln!("note: {note}");
    }
    Ok(code)
}

/// Returns the digest that the generated file carries: of the document, followed by the mapping if there is one.
fn digest(workspace: &Workspace) -> Result<String> {
    let document = workspace.read(DOCUMENT)?.with_context(|| format!("{DOCUMENT} is missing"))?;
    let mapping = workspace.read(MAPPING)?.unwrap_or_default();
    let digest = Sha256::digest(document + &mapping);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Runs the build step, and returns the generated code and the notes about it.
///
/// `cargo check` runs the build step before it compiles the crate, so it does not matter if the committed file is broken.
fn build(workspace: &Workspace) -> Result<(String, String)> {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(workspace.root())
        .args(["check", "--package", PACKAGE, "--lib", "--features", "codegen"])
        .args(["--color", "never", "--message-format=json-render-diagnostics"])
        .env("RUST_BACKTRACE", "0")
        .output()
        .context("cargo could not be started")?;
    let Some(directory) = output_directory(&output.stdout) else {
        return Err(failure(&String::from_utf8_lossy(&output.stderr)));
    };
    let code = fs::read_to_string(directory.join("generated.rs"))
        .with_context(|| format!("{PACKAGE}'s build step left no generated.rs"))?;
    Ok((code, fs::read_to_string(directory.join("notes.txt")).unwrap_or_default()))
}

/// Finds the directory of the build step's output in cargo's messages.
fn output_directory(messages: &[u8]) -> Option<PathBuf> {
    Message::parse_stream(messages)
        .filter_map(Result::ok)
        .filter_map(|message| match message {
            Message::BuildScriptExecuted(script) if script.package_id.repr.contains(PACKAGE) => Some(script.out_dir),
            _ => None,
        })
        .last()
        .map(|directory| Path::new(&directory).to_owned())
}

/// Reduces cargo's output to the reason of the failure.
fn failure(stderr: &str) -> anyhow::Error {
    let Some((_, message)) = stderr.split_once("--- stderr\n") else {
        return anyhow!("the generator could not be built\n\n{}", stderr.trim());
    };
    let panicked = message.contains("panicked at");
    let message: Vec<_> = message
        .lines()
        .map(|line| line.strip_prefix("  ").unwrap_or(line))
        .take_while(|line| !line.starts_with("stack backtrace:"))
        .filter(|line| {
            let noise = ["thread '", "note: run with", "warning: build failed"];
            !noise.iter().any(|noise| line.starts_with(noise))
        })
        .collect();
    let message = message.join("\n");
    let advice = if panicked {
        format!(
            "The generator cannot take something in {DOCUMENT}. Undo its last edits one by one to find it, and leave \
             the operation out in {MAPPING} or write the schema as the others are.\n"
        )
    } else {
        String::new()
    };
    anyhow!("the generator refused {DOCUMENT}\n\n{}\n\n{advice}Nothing was written.", message.trim())
}
