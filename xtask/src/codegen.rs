//! `cargo xtask codegen`: runs the build script of `press-api-gen`, and copies its output to the
//! source tree.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::Write as _,
    process::Command,
};

use anyhow::{Context as _, Result, anyhow, bail};
use cargo_metadata::{
    Message,
    camino::{Utf8Path, Utf8PathBuf},
};
use similar::TextDiff;

use crate::{
    api_diff::Report,
    workspace::{self, DOCUMENT, GENERATED, MAPPING},
};

const PACKAGE: &str = "press-api-gen";

/// Writes the generated file if it differs, and reports the changes since `base`.
///
/// # Errors
/// Returns an error if the generator fails; the committed file is then unchanged.
pub(crate) fn write(base: &str) -> Result<()> {
    let code = generate()?;
    if workspace::read(GENERATED)?.as_deref() == Some(&code) {
        println!("{GENERATED} is up to date.");
    } else {
        fs::write(GENERATED, &code).context(GENERATED)?;
        println!("{GENERATED} written.");
    }
    match workspace::read_at(base, GENERATED).and_then(|old| Report::new(base, &old, &code)) {
        Ok(report) => print!("\n{report}"),
        Err(error) => println!("\nCannot report the changes: {error:#}."),
    }
    Ok(())
}

/// Compares the generated file with the committed one, and shows a diff.
///
/// # Errors
/// Returns an error if they differ or the generator fails.
pub(crate) fn check() -> Result<()> {
    let code = generate()?;
    let committed = workspace::read(GENERATED)?.unwrap_or_default();
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

/// Runs the build script, prints its notes and returns the generated code.
///
/// `cargo check` runs the build script before it compiles the crate, so this works even if the
/// committed file doesn't compile.
fn generate() -> Result<String> {
    let document = workspace::read(DOCUMENT)?.with_context(|| format!("{DOCUMENT} is missing"))?;
    // Cargo compares modification times, and a file that was moved or restored may look older than
    // the last build. The hash forces the build script to run.
    let mut contents = DefaultHasher::new();
    (document, workspace::read(MAPPING)?).hash(&mut contents);
    eprintln!("Running the generator; the first build takes a while …");
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["check", "--package", PACKAGE, "--lib", "--features", "codegen"])
        .args(["--color", "never", "--message-format=json-render-diagnostics"])
        .env("OPENAPI_CONTENTS", contents.finish().to_string())
        .env("RUST_BACKTRACE", "0")
        .output()
        .context("failed to run cargo")?;
    let directory = output_directory(&output.stdout).ok_or_else(|| failure(&output.stderr))?;
    print_notes(&directory);
    fs::read_to_string(directory.join("generated.rs"))
        .with_context(|| format!("{PACKAGE}'s build script produced no generated.rs"))
}

/// Prints the notes of the build script, grouped by kind.
fn print_notes(directory: &Utf8Path) {
    let notes = fs::read_to_string(directory.join("notes.txt")).unwrap_or_default();
    for line in notes.lines() {
        // The places of a group are indented.
        let start = if line.starts_with(' ') { "  " } else { "note: " };
        eprintln!("{start}{line}");
    }
    if notes.lines().any(|line| line.starts_with("    and ")) {
        eprintln!("note: all notes are in {}", directory.join("all_notes.txt"));
    }
}

/// Returns the output directory of the build script from cargo's messages.
fn output_directory(messages: &[u8]) -> Option<Utf8PathBuf> {
    let scripts = Message::parse_stream(messages).filter_map(|message| match message {
        Ok(Message::BuildScriptExecuted(script)) => Some(script),
        _ => None,
    });
    let mut own = scripts.filter(|script| script.package_id.repr.contains(PACKAGE));
    own.next().map(|script| script.out_dir)
}

/// Extracts the error message of the build script from cargo's output.
fn failure(stderr: &[u8]) -> anyhow::Error {
    let stderr = String::from_utf8_lossy(stderr);
    let Some((_, message)) = stderr.split_once("--- stderr\n") else {
        return anyhow!("failed to build the generator\n\n{}", stderr.trim());
    };
    let message =
        message.split("\nwarning: build failed").next().unwrap_or_default().replace("\n  ", "\n");
    anyhow!("failed to generate code\n\n{}\n\nNothing was written.", message.trim())
}
