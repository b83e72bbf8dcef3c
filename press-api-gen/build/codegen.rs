//! The pipeline: read → select and name → normalize → relax → progenitor → postprocess → `OUT_DIR`.

use std::{env, fs, panic, path::Path};

use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, HooksMode};
use quote::{format_ident, quote};
use sha2::{Digest, Sha256};

mod api;
mod mapping;
mod mistakes;
mod normalize;
mod operations;
mod postprocess;
mod relax;
mod types;

use api::Api;
use mapping::Mapping;

const FOLDER: &str = "../openapi";
const LOCK: &str = "../Cargo.lock";

/// Writes `generated.rs` and `notes.txt` to `OUT_DIR`.
pub(crate) fn run() -> Result<(), String> {
    for path in ["build", FOLDER, LOCK] {
        println!("cargo::rerun-if-changed={path}");
    }
    println!("cargo::rerun-if-env-changed=OPENAPI_CONTENTS");
    let document = read(&format!("{FOLDER}/press.yaml"))?;
    let mapping_path = format!("{FOLDER}/mapping.yaml");
    let mapping =
        if Path::new(&mapping_path).exists() { read(&mapping_path)? } else { String::new() };
    let (code, notes) = generate(&document, &mapping)?;
    let lock = read(LOCK)?.replace("\r\n", "\n");
    let version = lock
        .split("name = \"progenitor\"\nversion = \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let version = version.ok_or_else(|| format!("{LOCK} has no package progenitor"))?;
    let digest = Sha256::digest((document + &mapping).replace("\r\n", "\n"));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let file = syn::parse2(quote! {
        /// The SHA-256 digest of the press.yaml from which this code was generated.
        pub const CONTRACT_SHA256: &str = #digest;
        #code
    });
    let file = file.map_err(|error| format!("generated code: {error}"))?;
    let code = postprocess::spaced(&prettyplease::unparse(&file));
    let code = format!(
        "// Generated from openapi/press.yaml; do not edit, run `cargo xtask codegen`.\n\
         // Generator: progenitor {version}\n\n{code}"
    );
    let out = env::var("OUT_DIR").map_err(|error| format!("OUT_DIR: {error}"))?;
    for (name, text) in [("generated.rs", code), ("notes.txt", notes)] {
        fs::write(Path::new(&out).join(name), text)
            .map_err(|error| format!("{out}/{name}: {error}"))?;
    }
    Ok(())
}

/// Returns the code for `document`, and the notes on what it lacks.
fn generate(document: &str, mapping: &str) -> Result<(TokenStream, String), String> {
    let mapping = Mapping::parse(mapping)?;
    let document = mistakes::parse(mistakes::FILE, document)?;
    mistakes::version(&document)?;
    let (mut api, notes) = normalize::normalize(&document, &mapping)?;
    relax::relax(&mut api, &mapping);
    // The generator answers some shapes with a panic; none of those is left, but a message is
    // better than a backtrace.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let code = panic::catch_unwind(|| client(&api));
    panic::set_hook(hook);
    let code = code.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text =
            text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it gave no reason");
        let (document, mapping) = (mistakes::FILE, mapping::FILE);
        Err(format!(
            "the generator cannot take {document}: {text}; leave the operation out in {mapping}"
        ))
    });
    Ok((code?, notes))
}

fn client(api: &Api) -> Result<TokenStream, String> {
    let mut settings = GenerationSettings::new();
    settings.with_inner_type(quote! { crate::attempt::Attempt }).with_hooks(HooksMode::Expected);
    settings.with_replacement("Timestamp", "crate::timestamp::Timestamp", [].into_iter());
    for name in api.enumerations.keys() {
        settings.with_replacement(
            name,
            format!("crate::generated::enumerations::{name}"),
            [].into_iter(),
        );
    }
    let client = Generator::new(&settings).generate_tokens(&api.openapi()?);
    let client = client.map_err(|error| format!("{}: {error}", mistakes::FILE))?;
    let mut client: syn::File =
        syn::parse2(client).map_err(|error| format!("generated code: {error}"))?;
    postprocess::adapt(&mut client, api);
    let (types, operations) = (types::generate(api), operations::generate(api));
    let names: Vec<_> = api.objects.keys().chain(api.enumerations.keys()).collect();
    let idents = names.iter().map(|name| format_ident!("{name}"));
    Ok(quote! {
        #client
        #types
        #operations

        /// The JSON Schema of each data type, with the name of its schema in the contract.
        #[cfg(feature = "schemars")]
        pub fn json_schemas() -> Vec<(&'static str, schemars::Schema)> {
            vec![#((#names, schemars::schema_for!(crate::types::#idents))),*]
        }
    })
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| {
        format!("{path}: {error}; the feature `codegen` works in the repository only, through `cargo xtask codegen`")
    })
}
