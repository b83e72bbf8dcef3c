//! The generation: contract → document → progenitor → one formatted file.

use std::{env, fs, path::Path};

use progenitor::{GenerationSettings, Generator, HooksMode, TypePatch};
use quote::quote;
use sha2::{Digest, Sha256};

#[path = "document.rs"]
mod document;
#[path = "enumerations.rs"]
mod enumerations;
#[path = "objects.rs"]
mod objects;
#[path = "operations.rs"]
mod operations;
#[path = "postprocess.rs"]
mod postprocess;

use document::Document;

const CONTRACT: &str = "../openapi/press.yaml";
const LOCK: &str = "../Cargo.lock";

/// Writes `generated.rs` to `OUT_DIR`.
pub(crate) fn run() -> Result<(), String> {
    for path in ["build", CONTRACT, LOCK] {
        println!("cargo::rerun-if-changed={path}");
    }
    let text = read(CONTRACT)?;
    let code = generate(Document::parse(&text)?)?;
    let header = format!(
        "// Generated from openapi/press.yaml; do not edit, run `cargo xtask codegen`.\n\
         // Generator: progenitor {}\n\n",
        locked_version("progenitor")?,
    );
    let digest = Sha256::digest(text.replace("\r\n", "\n"));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let constant = quote! {
        /// The SHA-256 digest of the press.yaml from which this code was generated.
        pub const CONTRACT_SHA256: &str = #digest;
    };
    let file = syn::parse2(quote! { #constant #code }).map_err(|error| format!("generated code: {error}"))?;
    let target = Path::new(&env::var("OUT_DIR").map_err(|error| format!("OUT_DIR: {error}"))?).join("generated.rs");
    fs::write(
        &target,
        header + &prettyplease::unparse(&postprocess::postprocess(file)),
    )
    .map_err(|error| format!("{}: {error}", target.display()))
}

fn generate(document: Document) -> Result<proc_macro2::TokenStream, String> {
    let mut settings = GenerationSettings::new();
    settings
        .with_inner_type(quote! { crate::hooks::Attempt })
        .with_hooks(HooksMode::Expected)
        .with_derive("PartialEq")
        .with_replacement("Timestamp", "crate::timestamp::Timestamp", [].into_iter());
    for name in document.objects() {
        settings.with_patch(
            name,
            TypePatch::default()
                .with_attr("#[non_exhaustive]")
                .with_attr(r#"#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]"#),
        );
    }
    for name in document.enumerations() {
        settings.with_replacement(name, format!("crate::generated::enumerations::{name}"), [].into_iter());
    }
    let client = Generator::new(&settings)
        .generate_tokens(&document.openapi()?)
        .map_err(|error| format!("openapi/press.yaml: {error}"))?;
    let mut client: syn::File = syn::parse2(client).map_err(|error| format!("generated code: {error}"))?;
    let objects = objects::generate(&mut client).map_err(|error| format!("generated code: {error}"))?;
    let enumerations = enumerations::generate(&document)?;
    let operations = operations::generate(&document, &client)?;
    let names: Vec<&str> = document.objects().chain(document.enumerations()).collect();
    let idents = names.iter().map(|name| quote::format_ident!("{name}"));
    Ok(quote! {
        #client
        #objects
        #enumerations
        #operations

        /// The JSON Schema of each data type, with the name of its schema in the contract.
        #[cfg(feature = "schemars")]
        pub fn json_schemas() -> Vec<(&'static str, schemars::Schema)> {
            vec![#((#names, schemars::schema_for!(crate::types::#idents))),*]
        }
    })
}

fn locked_version(package: &str) -> Result<String, String> {
    let lock = read(LOCK)?;
    let entry = format!("name = \"{package}\"\nversion = \"");
    lock.replace("\r\n", "\n")
        .split_once(&entry)
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(version, _)| version.to_owned())
        .ok_or_else(|| format!("{LOCK} has no package {package}"))
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| {
        format!("{path}: {error}; the feature `codegen` works in the repository only, through `cargo xtask codegen`")
    })
}
