//! `cargo xtask api-diff` on generated files in small: the classes of changes, and the edits that
//! follow.

#[path = "../workspace/mod.rs"]
mod workspace;

use std::{env, process::Command};

use serde_json::{Value, json};
use workspace::{Answer, Workspace};

const GENERATED: &str = "press-api-gen/src/generated.rs";

/// A list, an operation that is none, and what they send and return.
const SMALL: &str = r#"
pub struct Client {
    pub(crate) baseurl: String,
}
pub mod types {
    /// One page of things.
    #[derive(::serde::Deserialize)]
    pub struct ThingPage {
        pub page_count: u64,
        pub things: ::std::vec::Vec<Thing>,
    }
    crate::data! {
        /// A thing.
        pub struct Thing {
            pub id: ::std::string::String,
            pub kind: ::std::option::Option<crate::generated::enumerations::ThingKind>,
            #[serde(flatten)]
            pub extra: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
        }
    }
    pub struct NewThing {
        pub part: Detail,
    }
    pub type Detail = Part;
    pub struct Part {
        pub size: i64,
    }
    pub type Anything = ::serde_json::Value;
    fn private() {}
}
pub mod enumerations {
    crate::values::open_enumeration! {
        #[doc = "Kinds."] ThingKind {
            #[doc = "`large`: Large."] Large = "large", Small = "small",
        }
    }
}
pub mod operations {
    pub struct ListThings {
        pub owner_id: String,
        pub page_number: Option<u64>,
        pub term: Option<String>,
        pub sort: ::std::vec::Vec<super::types::ThingKind>,
    }
    impl crate::operation::Operation for ListThings {
        type Response = super::types::ThingPage;
        const NAME: &'static str = "list_things";
        const METHOD: &'static str = "GET";
        const PATH: &'static str = "/owners/{ownerId}/things";
    }
    impl crate::operation::ListOperation for ListThings {
        type Page = super::types::ThingPage;
        fn set_page_number(&mut self, page_number: Option<u32>) {
            self.page_number = page_number.map(Into::into);
        }
    }
    pub struct CreateThing {
        pub body: super::types::NewThing,
    }
    impl crate::operation::Operation for CreateThing {
        type Response = super::types::Thing;
        const NAME: &'static str = "create_thing";
        const METHOD: &'static str = "POST";
        const PATH: &'static str = "/things";
    }
}
"#;

const LIST_TAGS: &str =
    "pub struct ListTags { pub name_begin: Option<String>, pub page_size: Option<u64>, pub owner: String }
    impl crate::operation::Operation for ListTags { const NAME: &'static str = \"list_tags\"; }
    impl crate::operation::ListOperation for ListTags {
        type Page = super::types::ThingPage;
        fn owner(&self) -> &str { &self . owner }
        fn set_page_size(&mut self, page_size: u32) { self.page_size = Some(page_size.into()); }
    }
    pub struct CreateThing {";

const LIST_IMPL: &str = "impl crate::operation::ListOperation for ListThings {
        type Page = super::types::ThingPage;
        fn set_page_number(&mut self, page_number: Option<u32>) {
            self.page_number = page_number.map(Into::into);
        }
    }";

/// An edit, then the lines of the report.
type Case = (&'static str, &'static str, &'static [&'static str]);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("/// A thing.", "/// Something.", &[]),
    // Types and fields.
    ("page_count: u64,", "page_count: u64, pub total: Option<u64>,", &["compatible types::ThingPage::total: new field `Option<u64>`"]),
    ("page_count: u64,", "page_count: u64, pub total: u64,", &["compatible types::ThingPage::total: new field `u64`"]),
    ("page_count: u64,", "pages: u64,", &[
        "breaking types::ThingPage::page_count: field `u64` removed", "compatible types::ThingPage::pages: new field `u64`"]),
    ("pub id: ::std::string::String", "pub id: ::std::option::Option<::std::string::String>",
        &["breaking types::Thing::id: field `Option<String>` instead of `String`"]),
    ("crate::generated::enumerations::ThingKind", "::std::string::String",
        &["breaking types::Thing::kind: field `Option<String>` instead of `Option<ThingKind>`"]),
    ("pub id: ::std::string::String", "pub id: String", &[]),
    ("crate::data! {", "crate::other! {", &[]),
    ("pub type Anything = ::serde_json::Value", "pub type Anything = String",
        &["breaking types::Anything: type `String` instead of `Value`"]),
    ("fn private() {}", "pub struct Wrapped(pub u8);", &["compatible types::Wrapped: new type `struct`"]),
    ("fn private() {}", "struct Own { pub a: u8 } enum Choice { A } type Alias = u8; impl Own { const NAME: &str = \"own\"; }", &[]),
    ("size: i64,", "size: i64, weight: i64,", &[]),
    ("pub struct ThingPage", "pub struct Page", &["breaking types::ThingPage: type `struct` removed", "compatible types::Page: new type `struct`"]),
    // Requests need what they did not before.
    ("size: i64,", "size: i64, pub weight: i64,", &["breaking types::Part::weight: new field `i64`"]),
    ("size: i64,", "size: i64, pub weight: Option<i64>,", &["compatible types::Part::weight: new field `Option<i64>`"]),
    // Enumerations.
    ("Small = \"small\",", "Small = \"small\", Tiny = \"tiny\",", &["compatible types::ThingKind::Tiny: new value `tiny`"]),
    ("Small = \"small\",", "", &["breaking types::ThingKind::Small: value `small` removed"]),
    ("\"small\"", "\"SMALL\"", &["breaking types::ThingKind::Small: value `SMALL` instead of `small`"]),
    // Parameters.
    ("pub term: Option<String>,", "pub term: Option<String>, pub created_after: Option<String>,", &[
        "compatible operations::ListThings::created_after: new parameter `Option<String>`",
        "by hand: specs.rs: add the setter `ListThings::created_after(impl Into<String>)`; mock/: add the filter"]),
    ("pub term: Option<String>,", "pub term: Option<String>, pub status: Vec<super::types::ThingKind>,", &[
        "compatible operations::ListThings::status: new parameter `Vec<ThingKind>`",
        "by hand: specs.rs: add the setter `ListThings::status(impl IntoIterator<Item = impl Into<ThingKind>>)`; mock/: add the filter"]),
    ("pub term: Option<String>,", "pub term: Option<String>, pub region: String,", &[
        "breaking operations::ListThings::region: new parameter `String`",
        "by hand: client.rs: add the argument `region: impl Into<String>` of `list_things`"]),
    ("pub term: Option<String>,", "", &[
        "breaking operations::ListThings::term: parameter `Option<String>` removed",
        "by hand: specs.rs: remove the setter `ListThings::term(impl Into<String>)`; mock/: remove the filter"]),
    ("pub term: Option<String>,", "pub term: Option<bool>,", &[
        "breaking operations::ListThings::term: parameter `Option<bool>` instead of `Option<String>`",
        "by hand: specs.rs: change the setter `ListThings::term(impl Into<bool>)`; mock/: change the filter"]),
    ("pub page_number: Option<u64>", "pub page_number: Option<u32>",
        &["breaking operations::ListThings::page_number: paging `Option<u32>` instead of `Option<u64>`"]),
    ("pub body: super::types::NewThing", "pub body: super::types::NewThing, pub dry_run: Option<bool>", &[
        "compatible operations::CreateThing::dry_run: new parameter `Option<bool>`",
        "by hand: client.rs: add the argument `dry_run: impl Into<bool>` of `create_thing`"]),
    // Operations.
    ("pub struct CreateThing {", LIST_TAGS, &[
        "compatible operations::ListTags: new operation",
        "by hand: client.rs: add the method `list_tags(owner)`; specs.rs: the alias `ListTags` with the setters `name_begin`; \
            lib.rs, blocking.rs: the alias; mock/: the operation"]),
    ("pub struct CreateThing {", "pub struct DeleteThing { pub id: String }
        impl crate::operation::Operation for DeleteThing { const NAME: &str = \"delete_thing\"; } pub struct CreateThing {", &[
        "compatible operations::DeleteThing: new operation",
        "by hand: client.rs: add the method `delete_thing(id)`, which ends in `call`; mock/: the operation"]),
    ("pub struct CreateThing {", "pub struct ListAll {} impl crate::operation::ListOperation for ListAll { type Page = (); } pub struct CreateThing {", &[
        "compatible operations::ListAll: new operation",
        "by hand: client.rs: add the method `operations::ListAll()`; specs.rs: the alias `ListAll`; lib.rs, blocking.rs: the alias; \
            mock/: the operation"]),
    ("pub struct CreateThing {", "impl crate::operation::ListOperation for CreateThing { type Page = (); } pub struct CreateThing {", &[
        "compatible operations::CreateThing::Page: new page `()`",
        "by hand: client.rs: return a list request from `create_thing`"]),
    (LIST_IMPL, "", &[
        "breaking operations::ListThings::Page: no list any more",
        "by hand: client.rs: end `list_things` in `call`; specs.rs, lib.rs, blocking.rs: remove its alias"]),
    ("pub struct CreateThing", "pub struct MakeThing", &[
        "breaking operations::CreateThing: operation removed",
        "by hand: remove `create_thing` wherever the compiler finds it",
        "compatible operations::MakeThing: new operation",
        "by hand: client.rs: add the method `operations::MakeThing(body)`, which ends in `call`; mock/: the operation"]),
    ("type Response = super::types::Thing;", "type Response = ();",
        &["breaking operations::CreateThing::Response: response `()` instead of `Thing`"]),
    ("\"/owners/{ownerId}/things\"", "\"/v2/{ownerId}/things\"", &[
        "compatible operations::ListThings::PATH: route `/v2/{ownerId}/things` instead of `/owners/{ownerId}/things`",
        "by hand: mock/: serve it there"]),
    ("\"create_thing\"", "\"make_thing\"", &["compatible operations::CreateThing::NAME: name `make_thing` instead of `create_thing`"]),
    // An older generator said less.
    ("const METHOD: &'static str = \"POST\";", "", &[]),
];

#[test]
fn each_change_has_its_class_and_says_what_has_to_follow() {
    let workspace = workspace("classes");
    for (anchor, replacement, expected) in CASES {
        workspace.reset();
        workspace.edit(GENERATED, anchor, replacement);
        let answer = api_diff(&workspace, &["--deny-breaking"]);
        let lines =
            answer.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        let lines: Vec<_> = lines.skip(2).take_while(|line| !line.is_empty()).collect();
        assert_eq!(lines, *expected, "{anchor} -> {replacement}: {answer:?}");
        let breaking = expected.iter().any(|line| line.starts_with("breaking"));
        assert_eq!(answer.success, !breaking, "{answer:?}");
    }
}

#[test]
fn a_report_is_text_or_json() {
    let workspace = workspace("forms");
    assert_eq!(api_diff(&workspace, &[]).stdout, "No public item changed since HEAD.\n");
    workspace.edit(GENERATED, "pub term: Option<String>,", "");
    let text = "Changes since HEAD:\n\nbreaking    operations::ListThings::term: parameter `Option<String>` removed\n";
    let answer = api_diff(&workspace, &[]);
    assert!(answer.success && answer.stdout.starts_with(text), "{answer:?}");
    let summary = "\n\n1 breaking, 0 compatible; 1 to follow by hand in press-specs/src.\n";
    assert!(answer.stdout.ends_with(summary), "{answer:?}");
    let json: Value =
        serde_json::from_str(&api_diff(&workspace, &["--json"]).stdout).expect("JSON");
    let change = json!({
        "class": "breaking",
        "path": "operations::ListThings::term",
        "kind": "parameter-removed",
        "message": "parameter `Option<String>` removed",
        "follow": "specs.rs: remove the setter `ListThings::term(impl Into<String>)`; mock/: remove the filter",
    });
    assert_eq!(json, json!({ "base": "HEAD", "breaking": true, "changes": [change] }));
}

#[test]
fn versions_that_cannot_be_compared_are_named() {
    let workspace = workspace("failures");
    let fails = |arguments: &[&str], says: &str| {
        let answer = api_diff(&workspace, arguments);
        assert!(!answer.success && answer.stderr.contains(says), "{answer:?}");
    };
    fails(&["--base", "v9"], "git has no press-api-gen/src/generated.rs in the revision `v9`");
    fails(&["--base", "HEAD:x"], "in the revision `HEAD:x`");
    fails(&["--base", "--help"], "a value is required");
    workspace.write(GENERATED, "this is not Rust");
    fails(&[], GENERATED);
    std::fs::remove_file(workspace.path(GENERATED)).expect("removed");
    fails(&[], "run `cargo xtask codegen`");
}

fn workspace(name: &str) -> Workspace {
    Workspace::new(name, |workspace| workspace.write(GENERATED, SMALL))
}

/// Runs `cargo xtask api-diff` in another directory.
fn api_diff(workspace: &Workspace, arguments: &[&str]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    workspace.run(command.arg("api-diff").args(arguments).current_dir(env::temp_dir()))
}
