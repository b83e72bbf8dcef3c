//! A copy of the workspace that scenarios can change.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The files at the root of the workspace that are none of its sources.
const LEFT_OUT: [&str; 2] = ["target", ".git"];

/// A copy of the workspace, committed to a git repository of its own.
pub(crate) struct Copy {
    root: PathBuf,
    target: PathBuf,
}

impl Copy {
    pub(crate) fn new() -> Self {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let copy = Self { root: place.join("workspace"), target: place.join("scenarios") };
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let _ = fs::remove_dir_all(&copy.root);
        copy_directory(source, &copy.root, &LEFT_OUT).expect("a copy of the workspace");
        copy.git(&["init", "--quiet"]);
        copy.git(&["add", "--all"]);
        copy.git(&["commit", "--quiet", "--message", "As it is"]);
        copy
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Replaces `anchor`, which has to be in the file once.
    pub(crate) fn edit(&self, path: &str, anchor: &str, replacement: &str) {
        let text = self.read(path);
        assert_eq!(text.matches(anchor).count(), 1, "{path} has to hold the anchor once: {anchor}");
        self.write(path, &text.replace(anchor, replacement));
    }

    /// Makes everything as it was.
    pub(crate) fn reset(&self) {
        self.git(&["reset", "--quiet", "--hard"]);
        self.git(&["clean", "--quiet", "--force", "-d"]);
    }

    /// Runs `cargo` in a directory of the copy.
    pub(crate) fn cargo(&self, directory: &str, arguments: &[&str]) -> Answer {
        self.cargo_in(&self.path(directory), arguments)
    }

    /// Runs `cargo` in any directory.
    pub(crate) fn cargo_in(&self, directory: &Path, arguments: &[&str]) -> Answer {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.env("CARGO_TARGET_DIR", &self.target).env("RUST_BACKTRACE", "1").args(arguments);
        run(command, directory)
    }

    fn git(&self, arguments: &[&str]) {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Scenario", "-c", "user.email=scenario@example.com"]);
        command.args(["-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false"]);
        command.args(arguments);
        let answer = run(command, &self.root);
        assert_eq!(answer.code, Some(0), "git {arguments:?}: {}", answer.stderr);
    }
}

/// The exit status and the output of a command.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn run(mut command: Command, directory: &Path) -> Answer {
    // These would lead cargo and git to the workspace that is tested.
    for variable in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
        command.env_remove(variable);
    }
    let Output { status, stdout, stderr } =
        command.current_dir(directory).output().expect("a command that can be started");
    Answer {
        code: status.code(),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

fn copy_directory(from: &Path, to: &Path, left_out: &[&str]) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if left_out.iter().any(|left_out| name == *left_out) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy_directory(&entry.path(), &to.join(name), &[])?;
        } else {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}
