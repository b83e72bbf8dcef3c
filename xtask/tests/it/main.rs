//! The commands on workspaces that hold nothing but the files that they read.

mod api_diff;
#[cfg(unix)]
mod codegen;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const GENERATED: &str = "press-api-gen/src/generated.rs";

/// A directory with the files of a workspace, in git.
struct Workspace(PathBuf);

/// The end of a command.
#[derive(Debug)]
struct Outcome {
    success: bool,
    stdout: String,
    stderr: String,
}

impl Workspace {
    /// Makes a workspace with a generated file, and commits it.
    fn new(name: &str, generated: &str) -> Self {
        let workspace = Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
        let _ = fs::remove_dir_all(&workspace.0);
        workspace.write(GENERATED, generated);
        workspace.git(&["init", "--quiet"]);
        workspace.git(&["add", "."]);
        let user = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
        workspace.git(&[&user[..], &["commit", "--quiet", "--no-gpg-sign", "--message=base"]].concat());
        workspace
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("the directory");
        fs::write(path, text).expect("the file");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect(path)
    }

    fn git(&self, arguments: &[&str]) {
        let status = Command::new("git").current_dir(&self.0).args(arguments).status();
        assert!(status.expect("git").success(), "git {arguments:?}");
    }

    /// Runs `cargo xtask` here, with a cargo of its own if there is one.
    fn xtask(&self, arguments: &[&str]) -> Outcome {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments)
            .env("CARGO_MANIFEST_DIR", self.path("xtask"))
            .env("CARGO", self.path("cargo"))
            .output()
            .expect("xtask");
        Outcome {
            success: output.status.success(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}
