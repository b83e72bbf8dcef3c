//! `cargo xtask codegen`: the committed output of the generator, and the contract that it comes from.

use std::{fs, io::Write as _};

use anyhow::{Context as _, Result, anyhow, bail};
use sha2::{Digest as _, Sha256};
use similar::TextDiff;

use crate::{
    api_diff, contract, generator,
    workspace::{CONTRACT, GENERATED, Workspace},
};

/// Writes the generated file if it differs, and reports what changed in the contract since `base`.
///
/// # Errors
/// When the contract is refused or the generator fails; the committed file is then as it was.
pub fn write(workspace: &Workspace, base: &str) -> Result<()> {
    let (contract, code) = generate(workspace)?;
    if committed(workspace)? == code {
        println!("{GENERATED} is up to date.");
    } else {
        fs::write(workspace.root().join(GENERATED), code).with_context(|| GENERATED.to_owned())?;
        println!("{GENERATED} written.");
    }
    match workspace.read_at(base, CONTRACT) {
        Ok(old) => print!("\n{}", api_diff::Report::new(base, &old, &contract)?),
        Err(error) => println!("\nNo report of what changed in {CONTRACT}: {error}."),
    }
    Ok(())
}

/// Compares the generated file with the committed one, and shows the differences.
///
/// # Errors
/// When they differ, the contract is refused or the generator fails.
pub fn check(workspace: &Workspace) -> Result<()> {
    let (_, code) = generate(workspace)?;
    let committed = committed(workspace)?;
    if committed == code {
        println!("{GENERATED} is up to date.");
        return Ok(());
    }
    let diff = TextDiff::from_lines(&committed, &code);
    let generated = format!("generated from {CONTRACT}");
    // Whoever reads only the first lines closes the pipe.
    let _ = write!(
        std::io::stdout(),
        "{}",
        diff.unified_diff().context_radius(3).header(GENERATED, &generated)
    );
    bail!("{GENERATED} is not what {CONTRACT} generates; run `cargo xtask codegen`")
}

fn generate(workspace: &Workspace) -> Result<(contract::Contract, String)> {
    let text = workspace.read(CONTRACT)?;
    let contract = contract::check(CONTRACT, &text).map_err(|refusal| anyhow!("{refusal}\nNothing was written."))?;
    eprintln!("Running the generator; building it for the first time takes a while …");
    let digest = Sha256::digest(text.replace("\r\n", "\n"));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((contract, generator::run(workspace, &digest)?))
}

fn committed(workspace: &Workspace) -> Result<String> {
    if !workspace.root().join(GENERATED).exists() {
        return Ok(String::new());
    }
    Ok(workspace.read(GENERATED)?.replace("\r\n", "\n"))
}
