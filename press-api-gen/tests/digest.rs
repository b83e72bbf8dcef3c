//! The committed client is that of the committed document.

use std::fs;

use sha2::{Digest, Sha256};

#[test]
fn the_generated_client_is_that_of_the_document() {
    let document = fs::read_to_string("../openapi/press.yaml").expect("openapi/press.yaml");
    let mapping = fs::read_to_string("../openapi/mapping.yaml").unwrap_or_default();
    let digest = Sha256::digest((document + &mapping).replace("\r\n", "\n"));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        press_api_gen::CONTRACT_SHA256,
        digest,
        "openapi/ changed: run `cargo xtask codegen`"
    );
}
