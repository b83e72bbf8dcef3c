//! Tests of what `cargo xtask` decides, without running the generator.

mod api_diff;
mod contract;

/// A small contract of the same make as press.yaml.
const SMALL: &str = include_str!("small.yaml");

/// `SMALL` with `anchor`, which is in it once, replaced.
fn edited(anchor: &str, replacement: &str) -> String {
    assert_eq!(
        SMALL.matches(anchor).count(),
        1,
        "the anchor has to be there once: {anchor}"
    );
    SMALL.replace(anchor, replacement)
}
