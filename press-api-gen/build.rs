//! Rejects WebAssembly targets. With the `codegen` feature, generates the client from
//! `../openapi/press.yaml`.

#[cfg(feature = "codegen")]
#[path = "build/codegen.rs"]
mod codegen;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // `compile_error!` would be followed by errors about traits that reqwest lacks on WebAssembly.
    let architecture = std::env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    if architecture.starts_with("wasm") {
        println!("cargo::error=press-specs doesn't support WebAssembly, which has no sockets");
    }
    #[cfg(feature = "codegen")]
    if let Err(message) = codegen::run() {
        eprintln!("{message}");
        std::process::exit(1);
    }
}
