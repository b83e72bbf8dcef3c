//! The pipeline: read → select and name → normalize → relax → progenitor → postprocess → `OUT_DIR`.

use std::{
    env, fs,
    panic::{self, AssertUnwindSafe},
    path::Path,
};

use progenitor::{GenerationSettings, Generator, HooksMode, TypePatch};
use quote::quote;
use sha2::{Digest, Sha256};

#[path = "enumerations.rs"]
mod enumerations;
#[path = "mapping.rs"]
mod mapping;
#[path = "mistakes.rs"]
mod mistakes;
#[path = "normalize/mod.rs"]
mod normalize;
#[path = "objects.rs"]
mod objects;
#[path = "operations.rs"]
mod operations;
#[path = "postprocess.rs"]
mod postprocess;
#[path = "relax.rs"]
mod relax;

use mapping::Mapping;
use mistakes::Findings;
use normalize::Api;

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
    let mapping = if Path::new(&mapping_path).exists() { read(&mapping_path)? } else { String::new() };
    let (code, notes) = generate(&document, &mapping)?;
    let header = format!(
        "// Generated from openapi/press.yaml; do not edit, run `cargo xtask codegen`.\n\
         // Generator: progenitor {}\n\n",
        locked_version("progenitor")?,
    );
    let digest = Sha256::digest((document + &mapping).replace("\r\n", "\n"));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let constant = quote! {
        /// The SHA-256 digest of the press.yaml from which this code was generated.
        pub const CONTRACT_SHA256: &str = #digest;
    };
    let file = syn::parse2(quote! { #constant #code }).map_err(|error| format!("generated code: {error}"))?;
    let code = header + &prettyplease::unparse(&postprocess::postprocess(file));
    let out = env::var("OUT_DIR").map_err(|error| format!("OUT_DIR: {error}"))?;
    for (name, text) in [("generated.rs", code), ("notes.txt", notes)] {
        fs::write(Path::new(&out).join(name), text).map_err(|error| format!("{out}/{name}: {error}"))?;
    }
    Ok(())
}

/// Returns the code for `document`, and the notes on what it lacks.
fn generate(document: &str, mapping: &str) -> Result<(proc_macro2::TokenStream, String), String> {
    let mapping = Mapping::parse(mapping)?;
    let document = mistakes::parse(mistakes::FILE, document)?;
    mistakes::version(&document)?;
    let (mut api, findings) = normalize::normalize(&document, &mapping, Findings::default());
    let notes = findings.finish()?;
    relax::relax(&mut api);
    // The generator answers some shapes with a panic; none of those is left, but one message is better than a backtrace.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let code = panic::catch_unwind(AssertUnwindSafe(|| client(&api)));
    panic::set_hook(hook);
    let code = code.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it gave no reason");
        Err(format!(
            "the generator cannot take {}: {text}; leave the operation out in {}",
            mistakes::FILE,
            mapping::FILE
        ))
    })?;
    Ok((code, notes))
}

fn client(api: &Api) -> Result<proc_macro2::TokenStream, String> {
    let mut settings = GenerationSettings::new();
    settings
        .with_inner_type(quote! { crate::hooks::Attempt })
        .with_hooks(HooksMode::Expected)
        .with_derive("PartialEq")
        .with_replacement("Timestamp", "crate::timestamp::Timestamp", [].into_iter());
    for name in api.objects() {
        settings.with_patch(
            name,
            TypePatch::default()
                .with_attr("#[non_exhaustive]")
                .with_attr(r#"#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]"#),
        );
    }
    for name in api.enumerations() {
        settings.with_replacement(name, format!("crate::generated::enumerations::{name}"), [].into_iter());
    }
    let client = Generator::new(&settings)
        .generate_tokens(&api.openapi()?)
        .map_err(|error| format!("{}: {error}", mistakes::FILE))?;
    let mut client: syn::File = syn::parse2(client).map_err(|error| format!("generated code: {error}"))?;
    let objects = objects::generate(&mut client).map_err(|error| format!("generated code: {error}"))?;
    let enumerations = enumerations::generate(api);
    let operations = operations::generate(api, &client)?;
    let names: Vec<&str> = api.objects().chain(api.enumerations()).collect();
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
