//! The build step of `press-api-gen`, run on documents of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::copy::{Answer, Copy, run};

/// The compiled build step. One run takes milliseconds, where cargo would take seconds.
pub(crate) struct Generator {
    program: PathBuf,
    place: PathBuf,
    lock: PathBuf,
}

/// The result of one run.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) answer: Answer,
    /// The generated file; empty when the document is refused.
    pub(crate) code: String,
    /// Everything that was left out, one line each.
    pub(crate) notes: String,
}

impl Generator {
    pub(crate) fn build(copy: &Copy) -> Self {
        let arguments = ["check", "--package", "press-api-gen", "--features", "codegen", "--message-format=json"];
        let answer = copy.cargo(".", &arguments);
        let program = answer
            .stdout
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|message| message["target"]["kind"][0] == "custom-build")
            .filter(|message| message["package_id"].as_str().is_some_and(|id| id.contains("press-api-gen")))
            .find_map(|message| message["filenames"][0].as_str().map(PathBuf::from));
        Self {
            program: program.unwrap_or_else(|| panic!("the build step: {}", answer.stderr)),
            place: Path::new(env!("CARGO_TARGET_TMPDIR")).join("generator"),
            lock: copy.path("Cargo.lock"),
        }
    }

    /// Generates from `document`, and from `mapping` unless it is empty.
    pub(crate) fn run(&self, document: &str, mapping: &str) -> Output {
        let _ = fs::remove_dir_all(&self.place);
        let (package, out) = (self.place.join("press-api-gen"), self.place.join("out"));
        for directory in [&package, &out, &self.place.join("openapi")] {
            fs::create_dir_all(directory).expect("a directory");
        }
        fs::copy(&self.lock, self.place.join("Cargo.lock")).expect("the lock file");
        fs::write(self.place.join("openapi/press.yaml"), document).expect("the document");
        if !mapping.is_empty() {
            fs::write(self.place.join("openapi/mapping.yaml"), mapping).expect("the mapping");
        }
        let mut command = Command::new(&self.program);
        command.env("OUT_DIR", &out).env("RUST_BACKTRACE", "1");
        Output {
            answer: run(command, &package),
            code: fs::read_to_string(out.join("generated.rs")).unwrap_or_default(),
            notes: fs::read_to_string(out.join("notes.txt")).unwrap_or_default(),
        }
    }
}
