//! Generates the client from `../openapi/press.yaml` under the feature `codegen`; does nothing
//! without it.

#[cfg(feature = "codegen")]
#[path = "build/codegen.rs"]
mod codegen;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "codegen")]
    if let Err(message) = codegen::run() {
        eprintln!("{message}");
        std::process::exit(1);
    }
}
