//! Bodies of pages, plain and compressed.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use press_specs::mock::Fault;

use crate::page;

pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("memory is there");
    encoder.finish().expect("memory is there")
}

pub(crate) fn encoded(encoding: &str, body: impl Into<Vec<u8>>) -> Fault {
    Fault::raw_body(body).header("content-encoding", encoding)
}

/// A page of three specs.
pub(crate) fn whole() -> String {
    page(1, 1, ["a", "b", "c"]).to_string()
}

/// A page of exactly this many bytes.
pub(crate) fn page_of(bytes: usize) -> Vec<u8> {
    let page = whole();
    (page.clone() + &" ".repeat(bytes - page.len())).into()
}
