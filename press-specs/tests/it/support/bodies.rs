//! Response bodies, plain and compressed.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use press_specs::mock::Fault;

use crate::page;

pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}

pub(crate) fn encoded(encoding: &str, body: impl Into<Vec<u8>>) -> Fault {
    Fault::raw_body(body).header("content-encoding", encoding)
}

/// A page of three specs.
pub(crate) fn page_body() -> String {
    page(1, 1, ["a", "b", "c"]).to_string()
}

/// A page of three specs, padded to this length.
pub(crate) fn padded_page(bytes: usize) -> Vec<u8> {
    let mut page = page_body().into_bytes();
    page.resize(bytes, b' ');
    page
}
