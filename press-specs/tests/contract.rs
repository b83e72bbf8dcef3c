//! The contract, the generated types and the hand-written surface say the same.

use std::{collections::BTreeMap, fs};

use heck::{ToSnakeCase, ToUpperCamelCase};
use serde_json::Value;
use syn::{ImplItem, Item, Type, Visibility};

fn contract() -> Value {
    let text = fs::read_to_string("../openapi/press.yaml").expect("openapi/press.yaml");
    serde_saphyr::from_str(&text).expect("YAML")
}

fn resolve<'a>(contract: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => contract.pointer(pointer).expect(pointer),
        None => value,
    }
}

/// The public methods in the impl blocks of each type of a source file, by the type's name.
fn methods(path: &str) -> BTreeMap<String, Vec<String>> {
    let file = syn::parse_file(&fs::read_to_string(path).expect(path)).expect(path);
    let mut methods = BTreeMap::<String, Vec<String>>::new();
    for item in file.items {
        let Item::Impl(item) = item else { continue };
        let Type::Path(ty) = *item.self_ty else { continue };
        let ty = ty.path.segments.last().expect("a name").ident.to_string();
        let of_type = methods.entry(ty).or_default();
        of_type.extend(item.items.into_iter().filter_map(|item| match item {
            ImplItem::Fn(function) if matches!(function.vis, Visibility::Public(_)) => {
                Some(function.sig.ident.to_string())
            }
            _ => None,
        }));
    }
    methods
}

#[test]
fn every_operation_has_its_method_and_every_query_parameter_its_setter() {
    let contract = contract();
    let client = methods("src/client.rs");
    let requests = methods("src/specs.rs");
    let mut missing = Vec::new();
    for (path, item) in contract["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect(path) {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            if !client["Spec"].contains(&id.to_snake_case()) {
                missing.push(format!("{method} {path}: the method `Spec::{id}` in src/client.rs"));
            }
            let request = id.to_upper_camel_case();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let parameter = resolve(&contract, parameter);
                let name = parameter["name"].as_str().expect("a name").to_snake_case();
                // The page number is the argument of `page`, and each walk counts it.
                let setter = if name == "page_number" { "page".to_owned() } else { name };
                let has = |ty: &str| requests.get(ty).is_some_and(|methods| methods.contains(&setter));
                if parameter["in"] == "query" && !has(&request) && !has("ListRequest") {
                    missing.push(format!(
                        "{method} {path}: the setter `{request}::{setter}` in src/specs.rs"
                    ));
                }
            }
        }
    }
    assert!(
        missing.is_empty(),
        "openapi/press.yaml asks for what is missing:\n{}",
        missing.join("\n")
    );
}

/// What a field is: its type, and whether it may be missing or null.
#[derive(Debug, PartialEq)]
struct Field {
    ty: String,
    optional: bool,
    description: String,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().trim().to_owned()
}

fn reference(value: &Value) -> Option<String> {
    value["$ref"]
        .as_str()
        .and_then(|reference| reference.rsplit('/').next())
        .map(str::to_owned)
}

/// The type of a schema of either side, without null.
fn type_of(schema: &Value) -> String {
    let parts = ["allOf", "anyOf"]
        .iter()
        .filter_map(|key| schema[*key].as_array())
        .flatten();
    if let Some(name) = reference(schema).or_else(|| parts.filter_map(reference).next()) {
        return name;
    }
    let ty = match &schema["type"] {
        Value::Array(types) => types.iter().find(|ty| *ty != "null").cloned().unwrap_or_default(),
        ty => ty.clone(),
    };
    match ty.as_str() {
        Some("string") if schema["format"] == "date-time" => "Timestamp".to_owned(),
        Some("array") => format!("[{}]", type_of(&schema["items"])),
        Some("integer") => format!(
            "integer from {}",
            schema["minimum"].as_f64().unwrap_or(f64::NEG_INFINITY)
        ),
        Some(ty) => ty.to_owned(),
        None => panic!("no type: {schema}"),
    }
}

fn accepts_null(schema: &Value) -> bool {
    let null =
        |value: &Value| value["type"] == "null" || value["type"].as_array().is_some_and(|t| t.contains(&"null".into()));
    schema["nullable"] == true || null(schema) || schema["anyOf"].as_array().is_some_and(|parts| parts.iter().any(null))
}

fn fields(schema: &Value) -> BTreeMap<String, Field> {
    let required = |name: &String| {
        schema["required"]
            .as_array()
            .is_some_and(|names| names.contains(&name.as_str().into()))
    };
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, property)| {
            assert_eq!(
                accepts_null(property),
                !required(name),
                "{name}: a field that may be absent may be null"
            );
            let optional = !required(name);
            (
                name.clone(),
                Field {
                    ty: type_of(property),
                    optional,
                    description: text(&property["description"]),
                },
            )
        })
        .collect()
}

#[test]
fn the_types_are_those_of_the_contract() {
    let contract = contract();
    let mut types: BTreeMap<_, _> = press_api_gen::json_schemas()
        .into_iter()
        .map(|(name, s)| (name, s.to_value()))
        .collect();
    for (name, schema) in contract["components"]["schemas"].as_object().expect("schemas") {
        match name.as_str() {
            // Error bodies are read by hand, since they may be anything; times are kept as text.
            "Problem" | "Timestamp" => continue,
            _ => {}
        }
        let ty = types
            .remove(name.as_str())
            .unwrap_or_else(|| panic!("no type for the schema {name}"));
        assert!(
            text(&ty["description"]).starts_with(&text(&schema["description"])),
            "{name}: {}",
            ty["description"]
        );
        if schema["enum"].is_array() {
            assert_eq!(ty["anyOf"][0]["enum"], schema["enum"], "{name}");
            assert_eq!(ty["anyOf"][1]["type"], schema["type"], "{name} is open");
        } else {
            assert_eq!(fields(&ty), fields(schema), "{name}");
            assert_eq!(schema["additionalProperties"], true, "{name} keeps unknown fields");
            assert_eq!(ty["additionalProperties"], true, "{name} keeps unknown fields");
        }
    }
    assert!(types.is_empty(), "types without a schema: {types:?}");
}
