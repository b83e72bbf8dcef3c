//! `cargo xtask`: commands for maintainers.

mod api_diff;
mod codegen;
mod surface;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Commands for maintainers of this workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version = None, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Generate press-api-gen/src/generated.rs from openapi/, and report the changes for users.
    Codegen {
        /// Write nothing. Fail and show a diff if the committed file is out of date.
        #[arg(long)]
        check: bool,
        /// Report the changes since this git revision.
        #[arg(long, value_name = "REV", default_value = "HEAD", conflicts_with = "check")]
        base: String,
    },
    /// Report the changes in press-api-gen/src/generated.rs, and the edits that hand-written code
    /// needs.
    ApiDiff {
        /// Compare with the file at this git revision.
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
    let arguments = Arguments::parse();
    let outcome = workspace::enter().and_then(|()| match arguments.command {
        Command::Codegen { check: true, .. } => codegen::check(),
        Command::Codegen { check: false, base } => codegen::write(&base),
        Command::ApiDiff { base, json, deny_breaking } => api_diff::run(&base, json, deny_breaking),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
