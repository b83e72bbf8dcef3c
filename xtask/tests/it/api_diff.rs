//! The classes of changes, and the hand-written code that they ask for.

use serde_json::Value;

use crate::{GENERATED, Workspace};

/// A generated file in small: a list, an operation that is none, and what they send and return.
const SMALL: &str = r#"
pub const CONTRACT_SHA256: &str = "0";
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
        pub part: Part,
    }
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
        fn set_page_size(&mut self, page_size: u32) { self.page_size = Some(page_size.into()); }
    }
    pub struct CreateThing {";

const LIST_IMPL: &str = "impl crate::operation::ListOperation for ListThings {
        type Page = super::types::ThingPage;
        fn set_page_number(&mut self, page_number: Option<u32>) {
            self.page_number = page_number.map(Into::into);
        }
    }";

/// An edit, then each change that it makes: class, kind, path, and parts of its message and of what has to follow.
type Case = (&'static str, &'static str, &'static [[&'static str; 5]]);

const BREAKING: &str = "breaking";
const COMPATIBLE: &str = "compatible";

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("/// A thing.", "/// Something.", &[]),
    ("\"0\"", "\"1\"", &[]),
    // Types and fields.
    ("page_count: u64,", "page_count: u64, pub total: Option<u64>,",
        &[[COMPATIBLE, "field-added", "types::ThingPage::total", "new field `Option<u64>`", ""]]),
    ("page_count: u64,", "page_count: u64, pub total: u64,",
        &[[COMPATIBLE, "field-added", "types::ThingPage::total", "new field `u64`", ""]]),
    ("page_count: u64,", "pages: u64,", &[
        [BREAKING, "field-removed", "types::ThingPage::page_count", "field `u64` removed", ""],
        [COMPATIBLE, "field-added", "types::ThingPage::pages", "new field `u64`", ""]]),
    ("pub id: ::std::string::String", "pub id: ::std::option::Option<::std::string::String>",
        &[[BREAKING, "field-changed", "types::Thing::id", "field `Option<String>` instead of `String`", ""]]),
    ("crate::generated::enumerations::ThingKind", "::std::string::String",
        &[[BREAKING, "field-changed", "types::Thing::kind", "`Option<String>` instead of `Option<ThingKind>`", ""]]),
    ("pub id: ::std::string::String", "pub id: String", &[]),
    ("crate::data! {", "crate::other! {", &[]),
    ("pub type Anything = ::serde_json::Value", "pub type Anything = String",
        &[[BREAKING, "type-changed", "types::Anything", "type `String` instead of `Value`", ""]]),
    ("fn private() {}", "pub struct Wrapped(pub u8);", &[[COMPATIBLE, "type-added", "types::Wrapped", "new type", ""]]),
    // Requests need what they did not before.
    ("size: i64,", "size: i64, pub weight: i64,", &[[BREAKING, "field-added", "types::Part::weight", "new field `i64`", ""]]),
    ("size: i64,", "size: i64, pub weight: Option<i64>,", &[[COMPATIBLE, "field-added", "types::Part::weight", "", ""]]),
    // Enumerations.
    ("Small = \"small\",", "Small = \"small\", Tiny = \"tiny\",",
        &[[COMPATIBLE, "value-added", "types::ThingKind::Tiny", "new value `tiny`", ""]]),
    ("Small = \"small\",", "", &[[BREAKING, "value-removed", "types::ThingKind::Small", "value `small` removed", ""]]),
    ("\"small\"", "\"SMALL\"", &[[BREAKING, "value-changed", "types::ThingKind::Small", "`SMALL` instead of `small`", ""]]),
    // Parameters.
    ("pub term: Option<String>,", "pub term: Option<String>, pub created_after: Option<String>,",
        &[[COMPATIBLE, "parameter-added", "operations::ListThings::created_after", "",
            "specs.rs: add the setter `ListThings::created_after(impl Into<String>)`; mock/: add the filter"]]),
    ("pub term: Option<String>,", "pub term: Option<String>, pub status: Vec<super::types::ThingKind>,",
        &[[COMPATIBLE, "parameter-added", "operations::ListThings::status", "",
            "`ListThings::status(impl IntoIterator<Item = impl Into<ThingKind>>)`"]]),
    ("pub term: Option<String>,", "pub term: Option<String>, pub region: String,",
        &[[BREAKING, "parameter-added", "operations::ListThings::region", "",
            "client.rs: add the argument `region: impl Into<String>` of `list_things`"]]),
    ("pub term: Option<String>,", "", &[[BREAKING, "parameter-removed", "operations::ListThings::term", "", "remove the setter"]]),
    ("pub term: Option<String>,", "pub term: Option<bool>,",
        &[[BREAKING, "parameter-changed", "operations::ListThings::term", "`Option<bool>` instead of `Option<String>`",
            "change the setter `ListThings::term(impl Into<bool>)`"]]),
    ("pub page_number: Option<u64>", "pub page_number: Option<u32>",
        &[[BREAKING, "parameter-changed", "operations::ListThings::page_number", "", ""]]),
    ("pub body: super::types::NewThing", "pub body: super::types::NewThing, pub dry_run: Option<bool>",
        &[[COMPATIBLE, "parameter-added", "operations::CreateThing::dry_run", "", "client.rs: add the argument `dry_run"]]),
    // Operations.
    ("pub struct CreateThing {", LIST_TAGS,
        &[[COMPATIBLE, "operation-added", "operations::ListTags", "new operation",
            "client.rs: add the method `list_tags(owner)`; specs.rs: the alias `ListTags` with the setters `name_begin`; lib.rs, blocking.rs: the alias; mock/"]]),
    ("pub struct CreateThing {", "pub struct DeleteThing { pub id: String } impl crate::operation::Operation for DeleteThing { const NAME: &str = \"delete_thing\"; } pub struct CreateThing {",
        &[[COMPATIBLE, "operation-added", "operations::DeleteThing", "",
            "client.rs: add the method `delete_thing(id)`, which ends in `call`; mock/: the operation"]]),
    (LIST_IMPL, "", &[[BREAKING, "page-removed", "operations::ListThings::Page", "no list any more", "client.rs: end `list_things` in `call`"]]),
    ("type Response = super::types::Thing;", "type Response = ();",
        &[[BREAKING, "response-changed", "operations::CreateThing::Response", "`()` instead of `Thing`", ""]]),
    ("\"/owners/{ownerId}/things\"", "\"/v2/{ownerId}/things\"",
        &[[COMPATIBLE, "route-changed", "operations::ListThings::PATH", "`/v2/{ownerId}/things` instead of", "mock/"]]),
    ("\"create_thing\"", "\"make_thing\"", &[[COMPATIBLE, "name-changed", "operations::CreateThing::NAME", "", ""]]),
    // An older generator said less.
    ("const METHOD: &'static str = \"POST\";", "", &[]),
];

#[test]
fn each_change_has_its_class_and_says_what_has_to_follow() {
    let workspace = Workspace::new("classes", SMALL);
    let mut failures = Vec::new();
    for (anchor, replacement, expected) in CASES {
        assert_eq!(SMALL.matches(anchor).count(), 1, "{anchor}");
        workspace.write(GENERATED, &SMALL.replace(anchor, replacement));
        let outcome = workspace.xtask(&["api-diff", "--json"]);
        let report: Value =
            serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"));
        let breaking = expected.iter().any(|[class, ..]| *class == BREAKING);
        let changes = report["changes"].as_array().expect("changes");
        let fits = |(change, expected): (&Value, &[&str; 5])| {
            let text = |key: &str| change[key].as_str().unwrap_or_default();
            let [class, kind, path, message, follow] = expected;
            [text("class"), text("kind"), text("path")] == [*class, *kind, *path]
                && text("message").contains(message)
                && text("follow").contains(follow)
                && text("follow").is_empty() == follow.is_empty()
        };
        if changes.len() != expected.len() || report["breaking"] != breaking || !changes.iter().zip(*expected).all(fits)
        {
            failures.push(format!("{anchor} -> {replacement}: {report:#}"));
        }
        let denied = workspace.xtask(&["api-diff", "--deny-breaking"]);
        assert_eq!(denied.success, !breaking, "{denied:?}");
        for [_, _, path, ..] in *expected {
            assert!(denied.stdout.contains(path), "{denied:?}");
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn what_comes_and_goes_whole_is_one_line() {
    let workspace = Workspace::new("whole", SMALL);
    workspace.write(GENERATED, &SMALL.replace("ListThings", "ListAll").replace("ThingPage", "Page"));
    let outcome = workspace.xtask(&["api-diff"]);
    let lines: Vec<_> = outcome.stdout.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(
        lines,
        [
            "Changes since HEAD:",
            "",
            "breaking    operations::ListThings: operation removed",
            "breaking    types::ThingPage: type `struct` removed",
            "compatible  operations::ListAll: new operation",
            "compatible  types::Page: new type `struct`",
            "",
            "2 breaking, 2 compatible; 2 to follow by hand in press-specs/src.",
        ]
    );
}

#[test]
fn what_cannot_be_compared_is_said() {
    let workspace = Workspace::new("failures", SMALL);
    let outcome = workspace.xtask(&["api-diff"]);
    assert_eq!(outcome.stdout, "No public item changed since HEAD.\n");
    for (base, says) in
        [("v9", "git has no commit `v9`"), ("--help", "a value is required"), ("HEAD:x", "git has no commit")]
    {
        let outcome = workspace.xtask(&["api-diff", "--base", base]);
        assert!(!outcome.success && outcome.stderr.contains(says), "{outcome:?}");
    }
    workspace.write(GENERATED, "this is not Rust");
    let outcome = workspace.xtask(&["api-diff"]);
    assert!(!outcome.success && outcome.stderr.contains(GENERATED), "{outcome:?}");
    std::fs::remove_file(workspace.path(GENERATED)).expect("removed");
    let outcome = workspace.xtask(&["api-diff"]);
    assert!(outcome.stderr.contains("run `cargo xtask codegen`"), "{outcome:?}");
}
