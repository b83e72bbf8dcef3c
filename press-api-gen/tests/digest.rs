//! The committed client is that of the committed contract.

use sha2::{Digest, Sha256};

#[test]
fn the_generated_client_is_that_of_the_contract() {
    let contract = std::fs::read_to_string("../openapi/press.yaml").expect("openapi/press.yaml");
    let digest = Sha256::digest(contract.replace("\r\n", "\n"));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        press_api_gen::CONTRACT_SHA256,
        digest,
        "openapi/press.yaml changed: run `cargo xtask codegen`"
    );
}
