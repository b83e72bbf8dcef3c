//! A temporary workspace for tests.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A directory with the files of a workspace, committed to its own git repository.
pub(crate) struct Workspace {
    root: PathBuf,
}

/// The result of a command.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Workspace {
    /// Creates a workspace with the files that `fill` writes.
    pub(crate) fn new(name: &str, fill: impl FnOnce(&Self)) -> Self {
        let workspace = Self { root: Path::new(env!("CARGO_TARGET_TMPDIR")).join(name) };
        let _ = fs::remove_dir_all(&workspace.root);
        fs::create_dir_all(&workspace.root).expect("the workspace");
        fill(&workspace);
        workspace.git(&["init", "--quiet"]);
        workspace.git(&["add", "--all"]);
        workspace.git(&["commit", "--quiet", "--message", "As it is"]);
        workspace
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("the directory");
        fs::write(path, text).expect("the file");
    }

    /// Replaces `anchor`, which must occur exactly once.
    pub(crate) fn edit(&self, path: &str, anchor: &str, replacement: &str) {
        let text = self.read(path);
        assert_eq!(
            text.matches(anchor).count(),
            1,
            "{path} must contain the anchor exactly once: {anchor}"
        );
        self.write(path, text.replace(anchor, replacement));
    }

    /// Restores the committed state.
    pub(crate) fn reset(&self) {
        self.git(&["reset", "--quiet", "--hard"]);
        self.git(&["clean", "--quiet", "--force", "-d"]);
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=Test", "-c", "user.email=test@example.com"]);
        git.args([
            "-c",
            "commit.gpgsign=false",
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "core.autocrlf=false",
        ]);
        let answer = self.run(git.args(arguments));
        assert!(answer.success, "git {arguments:?}: {}", answer.stderr);
    }

    /// Runs a command, by default in this workspace.
    pub(crate) fn run(&self, command: &mut Command) -> Answer {
        // These variables would redirect cargo and git to the workspace under test.
        for variable in ["CARGO_MANIFEST_PATH", "GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
            command.env_remove(variable);
        }
        if command.get_current_dir().is_none() {
            command.current_dir(&self.root);
        }
        let output = command.env("CARGO_MANIFEST_DIR", self.path("xtask")).output();
        let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Answer {
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
