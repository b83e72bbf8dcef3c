//! Tables in Markdown, and the numbers in them.

use std::{cmp::Ordering, time::Duration};

use comfy_table::{Table, presets::ASCII_MARKDOWN};

use crate::Outcome;

/// A table with this head.
pub(crate) fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(columns.to_vec());
    table
}

/// Says whether a figure is within its target.
pub(crate) fn verdict(ratio: f64, target: f64) -> String {
    let held = if ratio <= target { "held" } else { "missed" };
    format!("≤ {target}: {held}")
}

/// The time per item.
pub(crate) fn per_item(time: Duration, items: u64) -> String {
    format!("{:.2} µs", time.as_secs_f64() * 1e6 / items as f64)
}

/// The value in the middle for the share 0.5, or another one of those in order.
pub(crate) fn quantile<T: Copy + PartialOrd>(values: &[T], share: f64) -> Outcome<T> {
    let mut values = values.to_vec();
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    let at = values.len().saturating_sub(1) as f64 * share;
    let value = values.get(at.round() as usize).copied();
    value.ok_or_else(|| "nothing was measured".into())
}
