//! The measurements and their targets.

use std::{fmt::Display, process::Command, thread};

use comfy_table::{Table, presets::ASCII_MARKDOWN};

use crate::{
    Outcome,
    server::{Catalogue, Server},
    walk::{Walk, Walker},
};

const PAGE_SIZES: [u64; 3] = [25, 100, 1_000];

/// CPU time per item. The ratios are those within a round, since the machine is faster in some than
/// in others.
pub(crate) fn cpu(quick: bool) -> Outcome<()> {
    let rounds = if quick { 9 } else { 51 };
    println!("\nMicroseconds of CPU per item, medians of {rounds} rounds");
    let cost = |walk: &Walk| Ok(walk.run()?.cpu * 1e6 / walk.items as f64);
    compare(10_000, rounds, cost, |catalogue| (!catalogue.unknown).then_some(0.95))
}

/// Instructions per item: figures that repeat, to compare commits by.
pub(crate) fn instructions(quick: bool) -> Outcome<()> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("Not measured, because `valgrind` is not installed.");
        return Ok(());
    }
    println!("\nInstructions per item, under Valgrind");
    // What two walks of different lengths differ by is the cost of the further items.
    let cost = |walk: &Walk| {
        let short = Walk { items: 1_000, ..walk.clone() };
        Ok((walk.instructions()? - short.instructions()?) / (walk.items - short.items) as f64)
    };
    compare(if quick { 2_000 } else { 6_000 }, 1, cost, |catalogue| {
        Some(match (catalogue.unknown, catalogue.gzip, catalogue.page_size) {
            (true, ..) => 1.0,
            (_, true, _) => 0.95,
            (.., 25) => 0.92,
            _ => 0.90,
        })
    })
}

/// Compares the walkers by turns, so that whatever else the machine does befalls all of them.
fn compare(
    items: u64,
    rounds: usize,
    cost: impl Fn(&Walk) -> Outcome<f64>,
    target: impl Fn(Catalogue) -> Option<f64>,
) -> Outcome<()> {
    let mut report = table(
        "transport, unknown field, page size, press-specs, `from_slice`, `from_str`, to `from_slice`, to `from_str`",
    );
    for (transport, gzip, tls) in
        [("plain", false, false), ("gzip", true, false), ("TLS, gzip", true, true)]
    {
        for (unknown, fields) in [(false, "none"), (true, "one, kept")] {
            for page_size in PAGE_SIZES {
                let server = Server::start(Catalogue {
                    items,
                    page_size,
                    unknown,
                    gzip,
                    tls,
                    latency_ms: 0,
                })?;
                let walks = [Walker::Ours, Walker::FromSlice, Walker::FromStr]
                    .map(|walker| Walk { walker, ..server.walk.clone() });
                let [ours, slice, str, to_slice, to_str] = medians(rounds, |round| {
                    let mut costs = [0.0; 3];
                    for turn in 0..walks.len() {
                        let at = (round + turn) % walks.len();
                        costs[at] = cost(&walks[at])?;
                    }
                    let [ours, slice, str] = costs;
                    Ok([ours, slice, str, ours / slice, ours / str])
                })?;
                let [ours, slice, str] = [ours, slice, str]
                    .map(|cost| format!("{cost:.*}", if cost < 100.0 { 2 } else { 0 }));
                let (to_slice, to_str) =
                    (at_most(target(server.walk.catalogue), to_slice), at_most(Some(1.1), to_str));
                report.add_row([
                    transport,
                    fields,
                    &page_size.to_string(),
                    &ours,
                    &slice,
                    &str,
                    &to_slice,
                    &to_str,
                ]);
            }
        }
    }
    println!("\n{report}");
    Ok(())
}

/// The peak of the client's memory, which must not grow with the number of items.
pub(crate) fn memory(quick: bool) -> Outcome<()> {
    let (few, many) = if quick { (20_000, 40_000) } else { (40_000, 100_000) };
    let mut report = table("page size, concurrency, few items, many items, ratio");
    for page_size in PAGE_SIZES {
        let server = Server::start(Catalogue { items: many, page_size, ..Catalogue::default() })?;
        for concurrency in [1, 8, 32] {
            let walk = Walk { concurrency, ..server.walk.clone() };
            let peak = |items| -> Outcome<_> { Ok(Walk { items, ..walk.clone() }.run()?.peak) };
            if peak(few)?.is_none() {
                println!("\nMemory: not measured, because this system doesn't tell it.");
                return Ok(());
            }
            // It differs from run to run by how the pages in flight meet.
            let [less, more] = medians(5, |_| {
                Ok([peak(few)?.unwrap_or_default(), peak(many)?.unwrap_or_default()])
            })?;
            let [few, many] = [less, more].map(|peak| format!("{:.1} MiB", peak / 1024.0));
            let row: [&dyn Display; 5] =
                [&page_size, &concurrency, &few, &many, &at_most(Some(1.1), more / less)];
            report.add_row(row);
        }
    }
    println!("\nPeak of the resident memory, {few} and {many} items\n\n{report}");
    Ok(())
}

/// The time of a walk whose pages take their time, beside that of the waiting alone.
pub(crate) fn latency(quick: bool) -> Outcome<()> {
    let (pages, latency_ms) = (100, 50);
    let server = Server::start(Catalogue {
        items: pages * 10,
        page_size: 10,
        latency_ms,
        ..Catalogue::default()
    })?;
    let mut report = table("concurrency, wall, waiting alone, ratio");
    for (concurrency, target) in
        [(1, Some(1.05)), (2, None), (4, None), (8, Some(1.15)), (16, None), (32, None)]
    {
        let walk = Walk { concurrency, ..server.walk.clone() };
        let [wall] = medians(if quick { 1 } else { 3 }, |_| Ok([walk.run()?.wall]))?;
        // The first page alone, then the others side by side.
        let waits = 1 + (pages - 1).div_ceil(concurrency as u64);
        let alone = (latency_ms * waits) as f64 / 1e3;
        let row: [&dyn Display; 4] =
            [&concurrency, &seconds(wall), &seconds(alone), &at_most(target, wall / alone)];
        report.add_row(row);
    }
    println!("\n{pages} pages at {latency_ms} ms each\n\n{report}");
    Ok(())
}

/// Items per second without latency, with decoding on all cores.
pub(crate) fn concurrent(quick: bool) -> Outcome<()> {
    let (items, rounds) = if quick { (20_000, 5) } else { (40_000, 15) };
    let cores = thread::available_parallelism()?.get();
    let mut report =
        table("page size, walk, CPU, CPU of the server, wall, items/s, to `buffered(8)`");
    for page_size in PAGE_SIZES {
        let server = Server::start(Catalogue { items, page_size, ..Catalogue::default() })?;
        let mut by_hand = None;
        for (name, walker, concurrency, parallel) in [
            ("`buffered(8)` by hand", Walker::FromSlice, 8, 1),
            ("`concurrency(1)`", Walker::Ours, 1, 1),
            ("`concurrency(8)`", Walker::Ours, 8, cores),
        ] {
            let walk = Walk { walker, concurrency, threads: cores, ..server.walk.clone() };
            let [cpu, share, wall, rate] = medians(rounds, |_| {
                let before = server.cpu();
                let cost = walk.run()?;
                let share = (server.cpu() - before).max(0.0);
                // With the server elsewhere, its share of the cores would be the client's, as far
                // as it has use for it.
                let alone = (cost.wall - share / cores as f64).max(cost.cpu / parallel as f64);
                Ok([cost.cpu, share, cost.wall, items as f64 / alone])
            })?;
            let ratio = rate / *by_hand.get_or_insert(rate);
            let [cpu, share, wall] = [cpu, share, wall].map(seconds);
            let ratio = if parallel > 1 {
                verdict(ratio, ratio >= 1.4, "≥ 1.40")
            } else {
                format!("{ratio:.3}")
            };
            let row: [&dyn Display; 7] =
                [&page_size, &name, &cpu, &share, &wall, &format!("{rate:.0}"), &ratio];
            report.add_row(row);
        }
    }
    println!(
        "\n{items} items on {cores} cores, medians of {rounds} rounds; items/s without the server's share of the cores"
    );
    println!("\n{report}");
    Ok(())
}

/// The median of each value over several rounds.
fn medians<const N: usize>(
    rounds: usize,
    measure: impl Fn(usize) -> Outcome<[f64; N]>,
) -> Outcome<[f64; N]> {
    let rounds = (0..rounds).map(measure).collect::<Outcome<Vec<_>>>()?;
    Ok(std::array::from_fn(|column| {
        let mut values: Vec<_> = rounds.iter().map(|round| round[column]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }))
}

/// A table in Markdown.
fn table(columns: &str) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(columns.split(", "));
    table
}

fn seconds(time: f64) -> String {
    format!("{time:.3} s")
}

/// A ratio, and its target if there is one.
fn at_most(target: Option<f64>, ratio: f64) -> String {
    target.map_or(format!("{ratio:.3}"), |target| {
        verdict(ratio, ratio <= target, &format!("≤ {target:.2}"))
    })
}

fn verdict(ratio: f64, holds: bool, target: &str) -> String {
    format!("{ratio:.3} ({target}{})", if holds { "" } else { ": missed" })
}
