//! How long a walk takes when all that counts is waiting for the service.

use std::time::Duration;

use crate::{
    Effort, Outcome,
    server::{Catalogue, Server},
    table::{quantile, table, verdict},
    walk::{Walk, Walker},
};

const PAGES: u32 = 100;
const PAGE_SIZE: u32 = 10;

/// One point of the curve.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) concurrency: u32,
    pub(crate) measured: Duration,
    /// The time of the waiting alone: for the first page, then for the others, so many at once.
    pub(crate) least: Duration,
}

pub(crate) fn measure(effort: Effort) -> Outcome<Vec<Point>> {
    let latency_ms = effort.choose(1, 50, 50);
    let rounds = effort.choose(1, 1, 3);
    let latency = Duration::from_millis(latency_ms);
    let items = u64::from(PAGES * PAGE_SIZE);
    let server = Server::start(Catalogue {
        specs: items,
        latency_ms,
    })?;
    let mut report = table(&["`concurrency(n)`", "wall", "waiting alone", "ratio", "target"]);
    let mut curve = Vec::new();
    for concurrency in [1, 2, 4, 8, 16, 32] {
        let walk = Walk {
            walker: Walker::Stream,
            url: server.url.clone(),
            page_size: PAGE_SIZE,
            items,
            concurrency: concurrency as usize,
        };
        let walls: Outcome<Vec<_>> = (0..rounds).map(|_| Ok(walk.run()?.wall)).collect();
        let point = Point {
            concurrency,
            measured: quantile(&walls?, 0.5)?,
            least: latency * (1 + (PAGES - 1).div_ceil(concurrency)),
        };
        let ratio = point.measured.div_duration_f64(point.least);
        report.add_row([
            concurrency.to_string(),
            format!("{:.3} s", point.measured.as_secs_f64()),
            format!("{:.3} s", point.least.as_secs_f64()),
            format!("{ratio:.3}"),
            match concurrency {
                1 => verdict(ratio, 1.05),
                8 => verdict(ratio, 1.15),
                _ => String::new(),
            },
        ]);
        curve.push(point);
    }
    println!("\nLatency-bound: {PAGES} pages at {latency_ms} ms each, medians of {rounds}\n\n{report}");
    Ok(curve)
}
