//! Scenarios of changes to the OpenAPI document, run on a copy of the workspace with the real
//! generator.
//!
//! They build the generator, which takes a minute or two, so they run only on request: `cargo test
//! -p xtask --test scenarios`.

mod codegen;
mod foreign;
mod lists;
mod mistakes;
mod problems;
mod shapes;
#[path = "../workspace/mod.rs"]
mod workspace;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;
use workspace::{Answer, Workspace};

const DOCUMENT: &str = "openapi/press.yaml";
const MAPPING: &str = "openapi/mapping.yaml";
const GENERATED: &str = "press-api-gen/src/generated.rs";

/// The OpenAPI document.
const PRESS: &str = include_str!("../../../openapi/press.yaml");

/// A copy of the workspace and its compiled build script. Scenarios use it one at a time.
struct Bench {
    copy: Workspace,
    generator: PathBuf,
}

/// The result of the build script.
struct Output {
    answer: Answer,
    /// The generated file; empty if the document is rejected.
    code: String,
    /// The notes from `groups`, one per line.
    notes: String,
    /// The file with all notes, one per line.
    all_notes: String,
    /// The printed notes, grouped by kind.
    groups: String,
}

/// Expands groups of notes to one note per line. Groups have at most ten examples.
fn ungrouped(groups: &str) -> String {
    let mut notes = String::new();
    let mut common = "";
    for line in groups.lines() {
        if let Some(example) = line.strip_prefix("    ") {
            let (at, names) = example.split_once(": `").unwrap_or((example, ""));
            let mut note = format!("{at}: {common}");
            for name in names.trim_end_matches('`').split("`, `") {
                note = note.replacen("`…`", &format!("`{name}`"), 1);
            }
            notes += &note;
            notes.push('\n');
        } else if let Some((count, what)) = line.split_once(" times: ")
            && count.parse::<usize>().is_ok()
        {
            common = what;
        } else {
            notes += line;
            notes.push('\n');
        }
    }
    notes
}

fn bench() -> MutexGuard<'static, Bench> {
    static BENCH: LazyLock<Mutex<Bench>> = LazyLock::new(|| Mutex::new(Bench::new()));
    let bench = BENCH.lock().unwrap_or_else(PoisonError::into_inner);
    bench.copy.reset();
    bench
}

impl Bench {
    fn new() -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let copy = Workspace::new("workspace", |copy| {
            let mut list = Command::new("git");
            list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
                .current_dir(source);
            let list = copy.run(&mut list);
            assert!(list.success, "{list:?}");
            for path in list.stdout.split('\0').filter(|path| source.join(path).is_file()) {
                copy.write(path, fs::read(source.join(path)).expect("a file of the workspace"));
            }
        });
        let mut bench = Self { copy, generator: PathBuf::new() };
        let built =
            bench.cargo("check --package press-api-gen --features codegen --message-format=json");
        let messages =
            built.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut generators = messages.filter(|message| {
            let package = message["package_id"].as_str().unwrap_or_default();
            message["target"]["kind"][0] == "custom-build" && package.contains("press-api-gen")
        });
        let generator =
            generators.find_map(|message| message["filenames"][0].as_str().map(PathBuf::from));
        bench.generator = generator.unwrap_or_else(|| panic!("the build step: {}", built.stderr));
        bench
    }

    /// Runs cargo with `arguments` in the copy.
    fn cargo(&self, arguments: &str) -> Answer {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scenarios");
        cargo.env("CARGO_TARGET_DIR", target).env("RUST_BACKTRACE", "1").args(arguments.split(' '));
        self.copy.run(&mut cargo)
    }

    /// Runs cargo, which must succeed, and returns its standard output.
    fn passes(&self, arguments: &str) -> String {
        let answer = self.cargo(arguments);
        assert!(answer.success, "{arguments}: {}{}", answer.stdout, answer.stderr);
        answer.stdout
    }

    /// Runs the compiled build script directly, which is much faster than cargo.
    fn generate(&self, document: impl AsRef<[u8]>, mapping: &str) -> Output {
        self.copy.write(DOCUMENT, document);
        self.copy.write(MAPPING, mapping);
        let out = self.copy.path("out");
        let _ = fs::remove_dir_all(&out);
        fs::create_dir(&out).expect("a directory for the output");
        let mut generator = Command::new(&self.generator);
        generator
            .current_dir(self.copy.path("press-api-gen"))
            .env("OUT_DIR", &out)
            .env("RUST_BACKTRACE", "1");
        let answer = self.copy.run(&mut generator);
        let read = |name| fs::read_to_string(out.join(name)).unwrap_or_default();
        let groups = read("notes.txt");
        Output {
            answer,
            code: read("generated.rs"),
            notes: ungrouped(&groups),
            all_notes: read("all_notes.txt"),
            groups,
        }
    }

    /// Generates code from a document that must be accepted.
    fn accepts(&self, document: impl AsRef<[u8]>, mapping: &str) -> Output {
        let output = self.generate(document, mapping);
        assert!(output.answer.success, "{}", output.answer.stderr);
        output
    }
}
