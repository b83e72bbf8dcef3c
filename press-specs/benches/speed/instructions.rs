//! Instructions and allocations per item: figures that another run repeats, to compare commits by.
//!
//! Two walks of different lengths run under Valgrind; what they differ by is what the further items took.

use std::{io, process::Output};

use crate::{
    Effort, Outcome,
    server::{Catalogue, Server},
    table::table,
    walk::{Walk, Walker},
};

const TITLE: &str = "Instructions and allocations per item, under Valgrind";

pub(crate) fn measure(effort: Effort) -> Outcome<()> {
    let (short, long) = effort.choose((1_000, 2_000), (1_000, 2_000), (2_000, 6_000));
    let server = Server::start(Catalogue {
        specs: long,
        latency_ms: 0,
    })?;
    let mut report = table(&[
        "walk",
        "page size",
        "instructions",
        "to by hand",
        "allocations",
        "to by hand",
    ]);
    for page_size in [100, 1_000] {
        let mut limit = None;
        for walker in Walker::ALL {
            let walk = |items| Walk {
                walker,
                url: server.url.clone(),
                page_size,
                items,
                concurrency: 1,
            };
            let per_item = |count: fn(&Walk) -> Outcome<Option<u64>>| {
                let (Some(less), Some(more)) = (count(&walk(short))?, count(&walk(long))?) else {
                    return Ok(None);
                };
                Outcome::Ok(Some((more as f64 - less as f64) / (long - short) as f64))
            };
            let (Some(instructions), Some(allocations)) = (per_item(instructions)?, per_item(allocations)?) else {
                println!("\n{TITLE}: not measured, because `valgrind` is not installed");
                return Ok(());
            };
            let (least_instructions, least_allocations) = *limit.get_or_insert((instructions, allocations));
            report.add_row([
                walker.to_string(),
                page_size.to_string(),
                format!("{instructions:.0}"),
                format!("{:.3}", instructions / least_instructions),
                format!("{allocations:.2}"),
                format!("{:.3}", allocations / least_allocations),
            ]);
        }
    }
    println!("\n{TITLE}\n\n{report}");
    Ok(())
}

/// How many instructions a walk takes, from its process's beginning to its end.
fn instructions(walk: &Walk) -> Outcome<Option<u64>> {
    let tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];
    number(walk, &tool, "Collected : ", "")
}

/// How many blocks of memory a walk allocates.
fn allocations(walk: &Walk) -> Outcome<Option<u64>> {
    let tool = ["valgrind", "--tool=dhat", "--dhat-out-file=/dev/null"];
    number(walk, &tool, " in ", " blocks")
}

/// The first number that the tool says between `before` and `after`; `None` when there is no such tool.
fn number(walk: &Walk, tool: &[&str], before: &str, after: &str) -> Outcome<Option<u64>> {
    let Output { stderr, .. } = match walk.command(tool)?.output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        output => output?,
    };
    let said = String::from_utf8_lossy(&stderr);
    let number = said.lines().find_map(|line| {
        let number = line.split_once(before)?.1.strip_suffix(after)?;
        number.replace(',', "").parse().ok()
    });
    number
        .map(Some)
        .ok_or_else(|| format!("valgrind failed:\n{said}").into())
}
