//! How much memory a walk holds at its peak, whatever its length.

use crate::{
    Effort, Outcome,
    server::{Catalogue, Server},
    table::{table, verdict},
    walk::{Walk, Walker},
};

const PAGE_SIZE: u32 = 100;
const PAGE_KIB: f64 = 900.0 * PAGE_SIZE as f64 / 1024.0;

pub(crate) fn measure(effort: Effort) -> Outcome<()> {
    let title = format!("Peak memory of the client process, pages of {PAGE_SIZE}");
    let mut report = table(&["items", "peak, resident", "to the first row", "target"]);
    let mut target = None;
    for items in effort.choose([200, 400, 800], [1_000, 10_000, 100_000], [1_000, 10_000, 100_000]) {
        let Some(peak) = peak(items)? else {
            println!("\n{title}: not measured, because this system does not tell it");
            return Ok(());
        };
        // Flat: a tenth more, and a page.
        let (first, allowed) = *target.get_or_insert((peak, 1.1 + PAGE_KIB / peak));
        let ratio = peak / first;
        report.add_row([
            items.to_string(),
            format!("{peak} KiB"),
            format!("{ratio:.3}"),
            verdict(ratio, (allowed * 1000.0).floor() / 1000.0),
        ]);
    }
    println!("\n{title}\n\n{report}");
    Ok(())
}

/// The peak of a walk over so many items.
fn peak(items: u64) -> Outcome<Option<f64>> {
    let server = Server::start(Catalogue {
        specs: items,
        latency_ms: 0,
    })?;
    let walk = Walk {
        walker: Walker::Stream,
        url: server.url.clone(),
        page_size: PAGE_SIZE,
        items,
        concurrency: 1,
    };
    Ok(walk.run()?.peak)
}
