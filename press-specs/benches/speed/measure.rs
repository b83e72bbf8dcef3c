//! The measurements and their targets.

use std::{io, process::Output, thread, time::Duration};

use crate::{
    Effort, Outcome,
    server::{Catalogue, Server},
    table::{quantile, table, verdict},
    walk::{Cost, Walk, Walker},
};

const PAGE_SIZES: [u64; 3] = [25, 100, 1_000];

const WALKERS: [Walker; 3] = [Walker::Ours, Walker::FromSlice, Walker::FromStr];

/// CPU time per item. The ratios are those within a round, since the machine is faster in some than in others.
pub(crate) fn cpu(effort: Effort) -> Outcome<()> {
    let items = effort.choose(1_000, 10_000, 10_000);
    let rounds = effort.choose(1, 9, 51);
    println!("\nMicroseconds of CPU per item, medians of {rounds} rounds");
    let cost = |walk: &Walk| Ok(Some(walk.run()?.cpu.as_secs_f64() * 1e6 / items as f64));
    compare(items, rounds, cost, |catalogue| (!catalogue.unknown).then_some(0.95))
}

/// Instructions per item: figures that repeat, to compare commits by.
pub(crate) fn instructions(effort: Effort) -> Outcome<()> {
    if effort == Effort::Trial {
        // Valgrind takes longer than a trial may.
        return Ok(());
    }
    let items = effort.choose(2_000, 2_000, 6_000);
    println!("\nInstructions per item, under Valgrind");
    // What two walks of different lengths differ by is the cost of the further items.
    let cost = |walk: &Walk| {
        let count = |items| callgrind(&Walk { items, ..walk.clone() });
        let (Some(short), Some(long)) = (count(1_000)?, count(items)?) else {
            return Ok(None);
        };
        Ok(Some((long - short) / (items - 1_000) as f64))
    };
    compare(items, 1, cost, |catalogue| {
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
    cost: impl Fn(&Walk) -> Outcome<Option<f64>>,
    target: impl Fn(Catalogue) -> Option<f64>,
) -> Outcome<()> {
    let mut report = table(&[
        "transport",
        "unknown field",
        "page size",
        "press-specs",
        "`from_slice`",
        "`from_str`",
        "to `from_slice`",
        "to `from_str`",
    ]);
    for (transport, gzip, tls) in [("plain", false, false), ("gzip", true, false), ("TLS, gzip", true, true)] {
        for (unknown, page_size) in [false, true].into_iter().flat_map(|unknown| PAGE_SIZES.map(|size| (unknown, size)))
        {
            let server = Server::start(Catalogue { items, page_size, unknown, gzip, tls, latency_ms: 0 })?;
            let walks = WALKERS.map(|walker| Walk::new(walker, &server));
            let mut costs = [const { Vec::new() }; 3];
            for turn in 0..rounds * walks.len() {
                let at = (turn / walks.len() + turn) % walks.len();
                let Some(cost) = cost(&walks[at])? else {
                    println!("Not measured, because `valgrind` is not installed.");
                    return Ok(());
                };
                costs[at].push(cost);
            }
            let [ours, slice, str] = &costs;
            let ratios =
                |by_hand: &[f64]| ours.iter().zip(by_hand).map(|(ours, by_hand)| ours / by_hand).collect::<Vec<_>>();
            let to_slice = quantile(&ratios(slice), 0.5)?;
            let to_str = quantile(&ratios(str), 0.5)?;
            report.add_row([
                transport.to_owned(),
                if unknown { "one, kept" } else { "none" }.to_owned(),
                page_size.to_string(),
                format!("{:.5}", quantile(ours, 0.5)?).chars().take(6).collect(),
                format!("{:.5}", quantile(slice, 0.5)?).chars().take(6).collect(),
                format!("{:.5}", quantile(str, 0.5)?).chars().take(6).collect(),
                match target(server.catalogue) {
                    Some(target) => verdict(to_slice, to_slice <= target, &format!("≤ {target:.2}")),
                    None => format!("{to_slice:.3}"),
                },
                verdict(to_str, to_str <= 1.1, "≤ 1.10"),
            ]);
        }
    }
    println!("\n{report}");
    Ok(())
}

/// The number of instructions of a walk; `None` without Valgrind.
fn callgrind(walk: &Walk) -> Outcome<Option<f64>> {
    let tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];
    let Output { stderr, .. } = match walk.command(&tool)?.output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        output => output?,
    };
    let text = String::from_utf8_lossy(&stderr);
    let collected = text.lines().find_map(|line| line.split_once("Collected : ")?.1.parse().ok());
    collected.map(Some).ok_or_else(|| format!("valgrind failed:\n{text}").into())
}

/// The peak of the client's memory, which must not grow with the number of items.
pub(crate) fn memory(effort: Effort) -> Outcome<()> {
    let (few, many) = effort.choose((1_000, 2_000), (20_000, 40_000), (40_000, 100_000));
    let mut report = table(&["page size", "concurrency", "few items", "many items", "ratio"]);
    for page_size in PAGE_SIZES {
        let server = Server::start(Catalogue { items: many, page_size, ..Catalogue::default() })?;
        for concurrency in [1, 8, 32] {
            let walk = Walk { concurrency, ..Walk::new(Walker::Ours, &server) };
            let (Some(less), Some(more)) = (Walk { items: few, ..walk.clone() }.run()?.peak, walk.run()?.peak) else {
                println!("\nMemory: not measured, because this system doesn't tell it.");
                return Ok(());
            };
            report.add_row([
                page_size.to_string(),
                concurrency.to_string(),
                format!("{:.1} MiB", less / 1024.0),
                format!("{:.1} MiB", more / 1024.0),
                verdict(more / less, more / less <= 1.1, "≤ 1.10"),
            ]);
        }
    }
    println!("\nPeak of the resident memory, {few} and {many} items\n\n{report}");
    Ok(())
}

/// The time of a walk whose pages take their time, beside that of the waiting alone.
pub(crate) fn latency(effort: Effort) -> Outcome<()> {
    const PAGES: u32 = 100;
    let latency_ms = effort.choose(1, 50, 50);
    let catalogue = Catalogue { items: u64::from(PAGES) * 10, page_size: 10, latency_ms, ..Catalogue::default() };
    let server = Server::start(catalogue)?;
    let mut report = table(&["concurrency", "wall", "waiting alone", "ratio"]);
    for concurrency in [1, 2, 4, 8, 16, 32] {
        let walk = Walk { concurrency, ..Walk::new(Walker::Ours, &server) };
        let walls: Outcome<Vec<_>> = (0..effort.choose(1, 1, 3)).map(|_| Ok(walk.run()?.wall.as_secs_f64())).collect();
        let wall = quantile(&walls?, 0.5)?;
        // The first page alone, then the others side by side.
        let waits = 1 + u64::from(PAGES - 1).div_ceil(concurrency as u64);
        let alone = Duration::from_millis(latency_ms * waits).as_secs_f64();
        let ratio = wall / alone;
        report.add_row([
            concurrency.to_string(),
            format!("{wall:.3} s"),
            format!("{alone:.3} s"),
            match concurrency {
                1 => verdict(ratio, ratio <= 1.05, "≤ 1.05"),
                8 => verdict(ratio, ratio <= 1.15, "≤ 1.15"),
                _ => format!("{ratio:.3}"),
            },
        ]);
    }
    println!("\n{PAGES} pages at {latency_ms} ms each\n\n{report}");
    Ok(())
}

/// Items per second without latency, with decoding on all cores.
pub(crate) fn concurrent(effort: Effort) -> Outcome<()> {
    let items = effort.choose(2_000, 20_000, 40_000);
    let rounds = effort.choose(1, 5, 15);
    let cores = thread::available_parallelism()?.get();
    let mut report = table(&["page size", "walk", "CPU", "CPU of the server", "wall", "items/s", "to `buffered(8)`"]);
    for page_size in PAGE_SIZES {
        let server = Server::start(Catalogue { items, page_size, ..Catalogue::default() })?;
        let mut by_hand = None;
        for (name, walker, concurrency, parallel) in [
            ("`buffered(8)` by hand", Walker::FromSlice, 8, 1),
            ("`concurrency(1)`", Walker::Ours, 1, 1),
            ("`concurrency(8)`", Walker::Ours, 8, cores),
        ] {
            let walk = Walk { concurrency, threads: cores, ..Walk::new(walker, &server) };
            let (mut cpus, mut servers, mut walls, mut rates) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for _ in 0..rounds {
                let before = server.cpu().unwrap_or_default();
                let Cost { cpu, wall, .. } = walk.run()?;
                let share = server.cpu().unwrap_or_default().saturating_sub(before).as_secs_f64();
                let (cpu, wall) = (cpu.as_secs_f64(), wall.as_secs_f64());
                // With the server elsewhere, its share of the cores would be the client's, as far as it has use for it.
                rates.push(items as f64 / (wall - share / cores as f64).max(cpu / parallel as f64));
                cpus.push(cpu);
                servers.push(share);
                walls.push(wall);
            }
            let rate = quantile(&rates, 0.5)?;
            let ratio = rate / *by_hand.get_or_insert(rate);
            report.add_row([
                page_size.to_string(),
                name.to_owned(),
                format!("{:.3} s", quantile(&cpus, 0.5)?),
                format!("{:.3} s", quantile(&servers, 0.5)?),
                format!("{:.3} s", quantile(&walls, 0.5)?),
                format!("{rate:.0}"),
                match concurrency {
                    8 if walker == Walker::Ours => verdict(ratio, ratio >= 1.4, "≥ 1.40"),
                    _ => format!("{ratio:.3}"),
                },
            ]);
        }
    }
    println!(
        "\n{items} items on {cores} cores, medians of {rounds} rounds; items/s without the server's share of the cores\n\n{report}"
    );
    Ok(())
}
