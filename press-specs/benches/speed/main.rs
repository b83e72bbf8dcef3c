//! Measures the client against a hand-written loop. Each reading runs in a new process.
//!
//! `cargo bench -p press-specs` measures everything, `-- instructions`, `-- memory`, `-- latency`
//! and `-- concurrent` a part, `-- --quick` less of it.

mod by_hand;
mod reading;
mod server;

use std::{env, error::Error, process::Command, thread};

use clap::{Parser, builder::PossibleValuesParser};
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use reading::{Reader, Reading};
use server::{Catalogue, Server};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const PAGE_SIZES: [u64; 3] = [25, 100, 1_000];
const PARTS: [&str; 4] = ["instructions", "memory", "latency", "concurrent"];

#[derive(Parser)]
struct Arguments {
    /// Parts to measure; all by default.
    #[arg(value_parser = PossibleValuesParser::new(PARTS))]
    parts: Vec<String>,
    /// Makes fewer and shorter measurements.
    #[arg(long)]
    quick: bool,
    /// Passed by `cargo bench` but not by `cargo test`, where this would take too long.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Outcome<()> {
    // In a child process, the argument is a reading.
    if let Some(argument) = env::args().nth(1)
        && let Ok(reading) = serde_json::from_str::<Reading>(&argument)
    {
        return reading.report();
    }
    let arguments = Arguments::parse();
    if !arguments.bench {
        println!("Not measured; use `cargo bench`.");
        return Ok(());
    }
    let selected =
        |part: &str| arguments.parts.is_empty() || arguments.parts.iter().any(|it| it == part);
    if selected("instructions") {
        instructions(arguments.quick)?;
    }
    if selected("memory") {
        memory(arguments.quick)?;
    }
    if selected("latency") {
        latency(arguments.quick)?;
    }
    if selected("concurrent") {
        concurrent(arguments.quick)?;
    }
    Ok(())
}

/// Instructions per item. They are reproducible, so commits can be compared.
fn instructions(quick: bool) -> Outcome<()> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("Instructions: not measured, because `valgrind` is not installed.");
        return Ok(());
    }
    let items = if quick { 2_000 } else { 6_000 };
    let mut report = table(["page size", "press-specs", "`from_slice`", "ratio"]);
    for page_size in PAGE_SIZES {
        let server = Server::start(Catalogue { items, page_size, latency_ms: 0 })?;
        // Subtracting a short run leaves only the cost of the items.
        let cost = |reader| -> Outcome<f64> {
            let long = Reading { reader, ..server.reading.clone() };
            let short = Reading { items: 1_000, ..long.clone() };
            Ok((long.instructions()? - short.instructions()?) / (items - 1_000) as f64)
        };
        let ours = cost(Reader::Client)?;
        let by_hand = cost(Reader::ByHand)?;
        let target = if page_size == 25 { 0.92 } else { 0.90 };
        let ratio = ratio(ours / by_hand, target);
        report.add_row([
            page_size.to_string(),
            format!("{ours:.0}"),
            format!("{by_hand:.0}"),
            ratio,
        ]);
    }
    println!("\nInstructions per item, under Valgrind\n\n{report}");
    Ok(())
}

/// The peak of the client's memory, which must not grow with the number of items.
fn memory(quick: bool) -> Outcome<()> {
    let (few, many) = if quick { (20_000, 40_000) } else { (40_000, 100_000) };
    let mut report = table(["page size", "concurrency", "few items", "many items", "ratio"]);
    for page_size in PAGE_SIZES {
        let server = Server::start(Catalogue { items: many, page_size, latency_ms: 0 })?;
        for concurrency in [1, 8, 32] {
            // The peak varies with the timing of the requests.
            let peak = |items| {
                let reading = Reading { items, concurrency, ..server.reading.clone() };
                median(5, || Ok(reading.run()?.peak_kib / 1024.0))
            };
            let less = peak(few)?;
            let more = peak(many)?;
            report.add_row([
                page_size.to_string(),
                concurrency.to_string(),
                format!("{less:.1} MiB"),
                format!("{more:.1} MiB"),
                ratio(more / less, 1.1),
            ]);
        }
    }
    println!("\nPeak of the resident memory, {few} and {many} items\n\n{report}");
    Ok(())
}

/// The time to read pages that are slow to arrive, compared with waiting alone.
fn latency(quick: bool) -> Outcome<()> {
    let pages = 100;
    let latency_ms = 50;
    let server = Server::start(Catalogue { items: pages * 10, page_size: 10, latency_ms })?;
    let mut report = table(["concurrency", "wall", "waiting alone", "ratio"]);
    for (concurrency, target) in [(1, 1.05), (8, 1.15)] {
        let reading = Reading { concurrency, ..server.reading.clone() };
        let wall = median(if quick { 1 } else { 3 }, || Ok(reading.run()?.wall))?;
        // The first page comes first, then the others concurrently.
        let waits = 1 + (pages - 1).div_ceil(concurrency as u64);
        let alone = (latency_ms * waits) as f64 / 1e3;
        report.add_row([
            concurrency.to_string(),
            format!("{wall:.3} s"),
            format!("{alone:.3} s"),
            ratio(wall / alone, target),
        ]);
    }
    println!("\n{pages} pages at {latency_ms} ms each\n\n{report}");
    Ok(())
}

/// The time without latency, with decoding on all cores.
fn concurrent(quick: bool) -> Outcome<()> {
    let (items, rounds) = if quick { (20_000, 5) } else { (40_000, 15) };
    let threads = thread::available_parallelism()?.get();
    let mut report = table(["page size", "`concurrency(8)`", "`buffered(8)` by hand", "speedup"]);
    for page_size in PAGE_SIZES {
        let server = Server::start(Catalogue { items, page_size, latency_ms: 0 })?;
        let wall = |reader| {
            let reading = Reading { reader, concurrency: 8, threads, ..server.reading.clone() };
            median(rounds, || Ok(reading.run()?.wall))
        };
        let ours = wall(Reader::Client)?;
        let by_hand = wall(Reader::ByHand)?;
        let speedup = format!("{:.3}", by_hand / ours);
        report.add_row([
            page_size.to_string(),
            format!("{ours:.3} s"),
            format!("{by_hand:.3} s"),
            speedup,
        ]);
    }
    println!("\n{items} items on {threads} cores, medians of {rounds} rounds\n\n{report}");
    Ok(())
}

fn median(rounds: usize, measure: impl Fn() -> Outcome<f64>) -> Outcome<f64> {
    let mut values = Vec::new();
    for _ in 0..rounds {
        values.push(measure()?);
    }
    values.sort_by(f64::total_cmp);
    Ok(values[rounds / 2])
}

/// A table in Markdown.
fn table<const N: usize>(columns: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(columns);
    table
}

fn ratio(ratio: f64, target: f64) -> String {
    let missed = if ratio <= target { "" } else { ": missed" };
    format!("{ratio:.3} (≤ {target:.2}{missed})")
}
