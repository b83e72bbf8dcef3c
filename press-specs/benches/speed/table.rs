//! Tables in Markdown, and the numbers in them.

use std::cmp::Ordering;

use comfy_table::{Table, presets::ASCII_MARKDOWN};

use crate::Outcome;

/// A table with this head.
pub(crate) fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(columns.to_vec());
    table
}

/// A ratio beside its target.
pub(crate) fn verdict(ratio: f64, holds: bool, target: &str) -> String {
    format!("{ratio:.3} ({target}{})", if holds { "" } else { ": missed" })
}

/// The value at a share of the sorted values, the median for 0.5.
pub(crate) fn quantile(values: &[f64], share: f64) -> Outcome<f64> {
    let mut values = values.to_vec();
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    let at = values.len().saturating_sub(1) as f64 * share;
    let value = values.get(at.round() as usize).copied();
    value.ok_or_else(|| "nothing was measured".into())
}
