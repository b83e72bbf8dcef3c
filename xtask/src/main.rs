//! `cargo xtask`: the arguments of the maintainers' commands.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{api_diff, codegen, workspace::Workspace};

/// The maintainers' commands of this workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version = None, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Generate press-api-gen/src/generated.rs from openapi/press.yaml, and report what changed in the contract.
    Codegen {
        /// Write nothing; show how the committed file differs from the generated one, and fail if it does.
        #[arg(long)]
        check: bool,
        /// Report the changes since this git revision.
        #[arg(long, value_name = "REV", default_value = "HEAD", conflicts_with = "check")]
        base: String,
    },
    /// Report what the changes of openapi/press.yaml mean for users of the crate and for the hand-written code.
    ApiDiff {
        /// Compare with the contract of this git revision.
        #[arg(long, value_name = "REV", default_value = "HEAD")]
        base: String,
        /// Print the report as JSON.
        #[arg(long)]
        json: bool,
        /// Fail if any change is breaking.
        #[arg(long)]
        deny_breaking: bool,
    },
}

fn main() -> ExitCode {
    let outcome = Workspace::find().and_then(|workspace| match Arguments::parse().command {
        Command::Codegen { check: true, .. } => codegen::check(&workspace),
        Command::Codegen { check: false, base } => codegen::write(&workspace, &base),
        Command::ApiDiff {
            base,
            json,
            deny_breaking,
        } => api_diff::run(&workspace, &base, json, deny_breaking),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
