//! What an item costs the client, beside what it costs at least.

use std::time::Duration;

use crate::{
    Effort, Outcome,
    server::{Catalogue, Server},
    table::{per_item, quantile, table, verdict},
    walk::{Cost, Walk, Walker},
};

pub(crate) fn measure(effort: Effort) -> Outcome<()> {
    let items = effort.choose(200, 10_000, 10_000);
    let rounds = effort.choose(1, 9, 99);
    let server = Server::start(Catalogue {
        specs: items,
        latency_ms: 0,
    })?;
    let mut report = table(&[
        "walk",
        "page size",
        "CPU per item",
        "CPU to by hand (quartiles)",
        "target",
        "wall per item",
        "wall to by hand",
    ]);
    for page_size in [100, 1_000] {
        let walks = Walker::ALL.map(|walker| Walk {
            walker,
            url: server.url.clone(),
            page_size,
            items,
            concurrency: 1,
        });
        // By turns, so that what else the machine does befalls all of them.
        let mut costs = Walker::ALL.map(|_| Vec::with_capacity(rounds));
        for turn in 0..rounds * walks.len() {
            let (round, place) = (turn / walks.len(), turn % walks.len());
            let at = (round + place) % walks.len();
            costs[at].push(walks[at].run()?);
        }
        let limit = &costs[0];
        for (walker, costs) in Walker::ALL.iter().zip(&costs) {
            let cpu_ratios = ratios(costs, limit, |cost| cost.cpu);
            let ratio = quantile(&cpu_ratios, 0.5)?;
            report.add_row([
                walker.to_string(),
                page_size.to_string(),
                per_item(median(costs, |cost| cost.cpu)?, items),
                format!(
                    "{ratio:.2} ({:.2}–{:.2})",
                    quantile(&cpu_ratios, 0.25)?,
                    quantile(&cpu_ratios, 0.75)?
                ),
                match walker {
                    Walker::Stream => verdict(ratio, 1.15),
                    _ => String::new(),
                },
                per_item(median(costs, |cost| cost.wall)?, items),
                format!("{:.2}", quantile(&ratios(costs, limit, |cost| cost.wall), 0.5)?),
            ]);
        }
    }
    println!("\nTime per item: {items} specs of about 900 bytes, medians of {rounds} rounds\n\n{report}");
    Ok(())
}

fn median(costs: &[Cost], time: fn(&Cost) -> Duration) -> Outcome<Duration> {
    let times: Vec<_> = costs.iter().map(time).collect();
    quantile(&times, 0.5)
}

/// The ratio in each round: the machine is faster in some than in others, but not within one.
fn ratios(costs: &[Cost], limit: &[Cost], time: fn(&Cost) -> Duration) -> Vec<f64> {
    let pairs = costs.iter().zip(limit);
    pairs
        .map(|(cost, limit)| time(cost).div_duration_f64(time(limit)))
        .collect()
}
