//! The command around the generator, with a script in the place of cargo. The generator itself runs in `scenarios`.

use std::os::unix::fs::PermissionsExt as _;

use sha2::{Digest as _, Sha256};

use crate::{GENERATED, Workspace};

const DOCUMENT: &str = "openapi/press.yaml";
const MAPPING: &str = "openapi/mapping.yaml";

/// Makes a workspace whose cargo says that the build step wrote the files of `out`.
fn workspace(name: &str) -> Workspace {
    let workspace = Workspace::new(name, &code("openapi: 3.0.3\n"));
    workspace.write(DOCUMENT, "openapi: 3.0.3\n");
    let message = |id: &str, directory: &str| {
        format!(
            r#"{{"reason":"build-script-executed","package_id":"{id}","linked_libs":[],"linked_paths":[],"cfgs":[],"env":[],"out_dir":"{directory}"}}"#
        )
    };
    let out = workspace.path("out").display().to_string();
    let messages = [
        message("registry+https://index#serde@1.0.0", "/serde"),
        message("path+file:///w/press-api-gen#0.1.0", &out),
        message("registry+https://index#syn@1.0.0", "/syn"),
        r#"{"reason":"build-finished","success":false}"#.to_owned(),
    ];
    workspace.write("messages", &messages.join("\n"));
    cargo(&workspace, "cat messages; echo 'error: could not compile' >&2; exit 101");
    workspace
}

fn cargo(workspace: &Workspace, script: &str) {
    workspace.write("cargo", &format!("#!/bin/sh\n{script}\n"));
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(workspace.path("cargo"), mode).expect("executable");
}

/// A generated file with the digest of its sources.
fn code(sources: &str) -> String {
    let digest: String = Sha256::digest(sources).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("pub const CONTRACT_SHA256: &str = \"{digest}\";\npub mod types {{}}\n")
}

#[test]
fn the_file_is_written_and_the_notes_and_changes_are_printed() {
    let workspace = workspace("write");
    workspace.write(DOCUMENT, "openapi: 3.0.3\r\npaths: {}\r\n");
    workspace.write(MAPPING, "operations: {}\n");
    let new = code("openapi: 3.0.3\npaths: {}\noperations: {}\n").replace("types {", "types { pub struct Thing;");
    workspace.write("out/generated.rs", &new);
    workspace.write("out/notes.txt", "GET /x left out: not JSON\n");
    let check = workspace.xtask(&["codegen", "--check"]);
    assert!(!check.success && check.stderr.contains("run `cargo xtask codegen`"), "{check:?}");
    assert!(check.stdout.contains("\n+pub mod types { pub struct Thing;}\n"), "{check:?}");
    assert_ne!(workspace.read(GENERATED), new);

    let write = workspace.xtask(&["codegen"]);
    assert!(write.success, "{write:?}");
    assert_eq!(workspace.read(GENERATED), new);
    assert!(write.stderr.contains("note: GET /x left out: not JSON\n"), "{write:?}");
    assert!(
        write.stdout.contains("written.\n\nChanges since HEAD:\n\ncompatible  types::Thing: new type"),
        "{write:?}"
    );

    let again = workspace.xtask(&["codegen", "--base", "v9"]);
    assert!(again.success && again.stdout.contains("is up to date."), "{again:?}");
    assert!(again.stdout.contains("No report of the changes: git has no commit `v9`."), "{again:?}");
    assert!(workspace.xtask(&["codegen", "--check"]).success);
}

#[test]
fn output_of_an_older_document_is_generated_anew() {
    let workspace = workspace("stale");
    workspace.write("out/generated.rs", &code("openapi: 3.0.2\n"));
    workspace.write("new.rs", &code("openapi: 3.0.3\n"));
    let file = std::fs::File::options().append(true).open(workspace.path(DOCUMENT)).expect("the document");
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).expect("another time");
    // As cargo, it goes by modification times.
    cargo(&workspace, "test openapi/press.yaml -nt new.rs && cp new.rs out/generated.rs; cat messages");
    let check = workspace.xtask(&["codegen", "--check"]);
    assert!(check.success, "{check:?}");

    workspace.write("out/generated.rs", "");
    cargo(&workspace, "cat messages");
    let check = workspace.xtask(&["codegen"]);
    assert!(!check.success && check.stderr.contains("was the document edited meanwhile?"), "{check:?}");
}

#[test]
fn failures_are_one_message_and_nothing_is_written() {
    let before = code("openapi: 3.0.3\n");
    let panic = "   Compiling press-api-gen v0.1.0\nerror: failed to run custom build command\n\nCaused by:\n  --- stdout\n  \
        cargo::rerun-if-changed=x\n\n  --- stderr\n\n  thread 'main' (7) panicked at /r/method.rs:1220:9:\n  assertion failed: \
        types.len() <= 1\n  note: run with `RUST_BACKTRACE=1` environment variable\n  stack backtrace:\n     0: main\n";
    let refusal = "error: failed to run custom build command\n  --- stderr\n  openapi/press.yaml:3: not YAML\n    close it\n\
        warning: build failed, waiting for other jobs\n";
    let unbuilt = "error: no matching package named `x` found\n";
    let noise = ["thread", "BACKTRACE", "backtrace", "Compiling", "0: main", "build failed"];
    for (name, stderr, says) in [
        ("panic", panic, &["assertion failed: types.len() <= 1\n", "Undo its last edits", "Nothing was written"][..]),
        ("refusal", refusal, &["\nopenapi/press.yaml:3: not YAML\n  close it\n", "Nothing was written"]),
        ("unbuilt", unbuilt, &["could not be built\n\nerror: no matching package"]),
    ] {
        let workspace = workspace(name);
        workspace.write("stderr", stderr);
        cargo(&workspace, "cat stderr >&2; exit 101");
        for arguments in [&["codegen"][..], &["codegen", "--check"]] {
            let outcome = workspace.xtask(arguments);
            assert!(!outcome.success, "{name}: {outcome:?}");
            for part in says {
                assert!(outcome.stderr.contains(part), "{name}: {part:?} in {outcome:?}");
            }
            assert!(!noise.iter().any(|noise| outcome.stderr.contains(noise)), "{name}: {outcome:?}");
            assert_eq!(workspace.read(GENERATED), before);
        }
    }
    let workspace = workspace("missing");
    std::fs::remove_file(workspace.path(DOCUMENT)).expect("removed");
    let outcome = workspace.xtask(&["codegen"]);
    assert!(!outcome.success && outcome.stderr.contains("openapi/press.yaml is missing"), "{outcome:?}");
}
