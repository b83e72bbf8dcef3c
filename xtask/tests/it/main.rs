//! Tests of `cargo xtask api-diff` with small generated files.

#[path = "../workspace/mod.rs"]
mod workspace;

use std::{env, process::Command};

use serde_json::{Value, json};
use workspace::{Answer, Workspace};

const GENERATED: &str = "press-api-gen/src/generated.rs";

/// A paginated operation, another operation, and their types.
const SMALL: &str = r#"
const LEFT_OUT: &[&str] = &[
    "GET /files",
];
pub struct Client {
    pub(crate) baseurl: String,
}
impl Client {
    pub async fn list_things<'a>(&'a self, term: Option<&'a str>) {
        let mut header_map = HeaderMap::with_capacity(1usize);
        if let Some(value) = trace {
            header_map.append("X-Trace", value.to_string().try_into()?);
        }
        let request = self
            .client
            .get(url)
            .query(&progenitor_client::QueryParam::new("term", &term))
            .query(&progenitor_client::QueryParam::new("sort", &sort))
            .headers(header_map)
            .build()?;
    }
    pub async fn create_thing<'a>(&'a self, body: &'a types::NewThing) {
        let request = self.client.post(url).json(&body).build()?;
    }
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
    #[deprecated]
    pub struct Part {
        pub size: i64,
    }
    pub type Anything = ::serde_json::Value;
    fn private() {}
}
mod objects {
    crate::object::object! {
        ThingPage {
            "pageCount" => page_count required,
            "things" => things required,
        }
    }
}
pub mod enumerations {
    crate::values::open_enumeration! {
        /// Kinds.
        ThingKind {
            /// `large`: Large.
            Large = "large",
            Small = "small",
        }
    }
}
pub mod operations {
    pub struct ListThings {
        pub owner_id: String,
        pub page_number: Option<u64>,
        pub term: Option<String>,
        pub sort: ::std::vec::Vec<super::types::ThingKind>,
        pub trace: Option<String>,
    }
    impl crate::operation::Operation for ListThings {
        type Response = super::types::ThingPage;
        const NAME: &'static str = "list_things";
        const METHOD: &'static str = "GET";
        const PATH: &'static str = "/owners/{ownerId}/things";
        async fn send(&self, client: &super::Client) {
            client
                .list_things(
                    self.term.as_deref(),
                    (!self.sort.is_empty()).then_some(&self.sort),
                )
                .await
        }
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

const LIST_TAGS: &str = "pub struct ListTags {
        pub name_begin: Option<String>,
        pub page_size: Option<u64>,
        pub owner: String,
    }
    impl crate::operation::Operation for ListTags {
        const NAME: &'static str = \"list_tags\";
    }
    impl crate::operation::ListOperation for ListTags {
        type Page = super::types::ThingPage;
        fn owner(&self) -> &str {
            &self.owner
        }
        fn set_page_size(&mut self, page_size: u32) {
            self.page_size = Some(page_size.into());
        }
    }
    pub struct CreateThing {";

const LIST_IMPL: &str = "impl crate::operation::ListOperation for ListThings {
        type Page = super::types::ThingPage;
        fn set_page_number(&mut self, page_number: Option<u32>) {
            self.page_number = page_number.map(Into::into);
        }
    }";

/// An edit of the generated file and the expected report.
struct Case {
    anchor: &'static str,
    replacement: &'static str,
    report: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case { anchor: "/// A thing.", replacement: "/// Something.", report: &[] },
    // Types and fields.
    Case {
        anchor: "page_count: u64,",
        replacement: "page_count: u64, pub total: Option<u64>,",
        report: &["compatible types::ThingPage::total: new field `Option<u64>`"],
    },
    Case {
        anchor: "page_count: u64,",
        replacement: "page_count: u64, pub total: u64,",
        report: &["compatible types::ThingPage::total: new field `u64`"],
    },
    Case {
        anchor: "page_count: u64,",
        replacement: "pages: u64,",
        report: &[
            "breaking types::ThingPage::page_count: field `u64` removed",
            "compatible types::ThingPage::pages: new field `u64`",
        ],
    },
    Case {
        anchor: "pub id: ::std::string::String",
        replacement: "pub id: ::std::option::Option<::std::string::String>",
        report: &["breaking types::Thing::id: field `Option<String>` instead of `String`"],
    },
    Case {
        anchor: "crate::generated::enumerations::ThingKind",
        replacement: "::std::string::String",
        report: &[
            "breaking types::Thing::kind: field `Option<String>` instead of `Option<ThingKind>`",
        ],
    },
    Case { anchor: "pub id: ::std::string::String", replacement: "pub id: String", report: &[] },
    Case { anchor: "crate::data! {", replacement: "crate::other! {", report: &[] },
    Case {
        anchor: "pub type Anything = ::serde_json::Value",
        replacement: "pub type Anything = String",
        report: &["breaking types::Anything: type `String` instead of `Value`"],
    },
    Case {
        anchor: "fn private() {}",
        replacement: "pub struct Wrapped(pub u8);",
        report: &["compatible types::Wrapped: new type `struct`"],
    },
    Case {
        anchor: "fn private() {}",
        replacement: "struct Own { pub a: u8 } enum Choice { A } type Alias = u8; impl Own { \
                      const NAME: &str = \"own\"; }",
        report: &[],
    },
    Case { anchor: "size: i64,", replacement: "size: i64, weight: i64,", report: &[] },
    Case {
        anchor: "pub struct ThingPage",
        replacement: "pub struct Page",
        report: &[
            "breaking types::ThingPage: type `struct` removed",
            "compatible types::Page: new type `struct`",
        ],
    },
    // New requirements of requests.
    Case {
        anchor: "size: i64,",
        replacement: "size: i64, pub weight: i64,",
        report: &["breaking types::Part::weight: new field `i64`"],
    },
    Case {
        anchor: "size: i64,",
        replacement: "size: i64, pub weight: Option<i64>,",
        report: &["compatible types::Part::weight: new field `Option<i64>`"],
    },
    // Enumerations.
    Case {
        anchor: "Small = \"small\",",
        replacement: "Small = \"small\", Tiny = \"tiny\",",
        report: &["compatible types::ThingKind::Tiny: new value `tiny`"],
    },
    Case {
        anchor: "Small = \"small\",",
        replacement: "",
        report: &["breaking types::ThingKind::Small: value `small` removed"],
    },
    Case {
        anchor: "\"small\"",
        replacement: "\"SMALL\"",
        report: &["breaking types::ThingKind::Small: value `SMALL` instead of `small`"],
    },
    // Parameters.
    Case {
        anchor: "pub term: Option<String>,",
        replacement: "pub term: Option<String>, pub created_after: Option<String>,",
        report: &[
            "compatible operations::ListThings::created_after: new parameter `Option<String>`",
            "by hand: request.rs: add the setter `ListThings::created_after(impl Into<String>)`; \
             mock/: add the filter",
        ],
    },
    Case {
        anchor: "pub term: Option<String>,",
        replacement: "pub term: Option<String>, pub status: Vec<super::types::ThingKind>,",
        report: &[
            "compatible operations::ListThings::status: new parameter `Vec<ThingKind>`",
            "by hand: request.rs: add the setter `ListThings::status(impl IntoIterator<Item = \
             impl Into<ThingKind>>)`; mock/: add the filter",
        ],
    },
    Case {
        anchor: "pub term: Option<String>,",
        replacement: "pub term: Option<String>, pub region: String,",
        report: &[
            "breaking operations::ListThings::region: new parameter `String`",
            "by hand: client.rs: add the argument `region: impl Into<String>` of `list_things`",
        ],
    },
    Case {
        anchor: "pub term: Option<String>,",
        replacement: "",
        report: &[
            "breaking operations::ListThings::term: parameter `Option<String>` removed",
            "by hand: request.rs: remove the setter `ListThings::term(impl Into<String>)`; mock/: \
             remove the filter",
        ],
    },
    Case {
        anchor: "pub term: Option<String>,",
        replacement: "pub term: Option<bool>,",
        report: &[
            "breaking operations::ListThings::term: parameter `Option<bool>` instead of \
             `Option<String>`",
            "by hand: request.rs: change the setter `ListThings::term(impl Into<bool>)`; mock/: \
             change the filter",
        ],
    },
    Case {
        anchor: "pub page_number: Option<u64>",
        replacement: "pub page_number: Option<u32>",
        report: &["breaking operations::ListThings::page_number: paging `Option<u32>` instead of \
             `Option<u64>`"],
    },
    Case {
        anchor: "pub body: super::types::NewThing",
        replacement: "pub body: super::types::NewThing, pub dry_run: Option<bool>",
        report: &[
            "compatible operations::CreateThing::dry_run: new parameter `Option<bool>`",
            "by hand: client.rs: add the argument `dry_run: impl Into<bool>` of `create_thing`",
        ],
    },
    // Operations.
    Case {
        anchor: "pub struct CreateThing {",
        replacement: LIST_TAGS,
        report: &[
            "compatible operations::ListTags: new operation",
            "by hand: client.rs: add the method `list_tags(owner)`; request.rs: add \
             the alias `ListTags` with the setters `name_begin`; lib.rs, blocking.rs: add the \
             alias; mock/: add the operation",
        ],
    },
    Case {
        anchor: "pub struct CreateThing {",
        replacement: "pub struct DeleteThing { pub id: String } impl \
                      crate::operation::Operation for DeleteThing { const NAME: &str = \
                      \"delete_thing\"; } pub struct CreateThing {",
        report: &[
            "compatible operations::DeleteThing: new operation",
            "by hand: client.rs: add the method `delete_thing(id)`, implemented with `call`; \
             mock/: add the operation",
        ],
    },
    Case {
        anchor: "pub struct CreateThing {",
        replacement: "pub struct ListAll {} impl crate::operation::ListOperation for ListAll { \
                      type Page = (); } pub struct CreateThing {",
        report: &[
            "compatible operations::ListAll: new operation",
            "by hand: client.rs: add the method `operations::ListAll()`; request.rs: add \
             the alias `ListAll`; lib.rs, blocking.rs: add the alias; mock/: add the operation",
        ],
    },
    Case {
        anchor: "pub struct CreateThing {",
        replacement: "impl crate::operation::ListOperation for CreateThing { type Page = (); } \
                      pub struct CreateThing {",
        report: &[
            "compatible operations::CreateThing::Page: new page `()`",
            "by hand: client.rs: return a list request from `create_thing`",
        ],
    },
    Case {
        anchor: LIST_IMPL,
        replacement: "",
        report: &[
            "breaking operations::ListThings::Page: no longer a list",
            "by hand: client.rs: implement `list_things` with `call`; request.rs, lib.rs, \
             blocking.rs: remove its alias",
        ],
    },
    Case {
        anchor: "type Response = super::types::Thing;",
        replacement: "type Response = ();",
        report: &["breaking operations::CreateThing::Response: response `()` instead of `Thing`"],
    },
    Case {
        anchor: "\"/owners/{ownerId}/things\"",
        replacement: "\"/v2/{ownerId}/things\"",
        report: &[
            "compatible operations::ListThings::PATH: route `/v2/{ownerId}/things` instead of \
             `/owners/{ownerId}/things`",
            "by hand: mock/: update the route",
        ],
    },
    Case {
        anchor: "\"create_thing\"",
        replacement: "\"make_thing\"",
        report: &["compatible operations::CreateThing::NAME: name `make_thing` instead of \
             `create_thing`"],
    },
    // Output of an older generator.
    Case { anchor: "const METHOD: &'static str = \"POST\";", replacement: "", report: &[] },
    // Wire names.
    Case {
        anchor: "new(\"term\", &term)",
        replacement: "new(\"q\", &term)",
        report: &[
            "compatible operations::ListThings::term: sent as the query parameter `q` instead \
             of the query parameter `term`",
            "by hand: mock/: make the same change",
        ],
    },
    Case {
        anchor: "(!self.sort.is_empty()).then_some(&self.sort)",
        replacement: "joined(&self.sort, \",\").as_deref()",
        report: &[
            "compatible operations::ListThings::sort: sent as the query parameter `sort`, \
             joined by `,` instead of the query parameter `sort`",
            "by hand: mock/: make the same change",
        ],
    },
    Case {
        anchor: "append(\"X-Trace\", value",
        replacement: "append(\"X-Trace-Id\", value",
        report: &[
            "compatible operations::ListThings::trace: sent as the header `X-Trace-Id` instead \
             of the header `X-Trace`",
            "by hand: mock/: make the same change",
        ],
    },
    Case {
        anchor: ".json(&body)",
        replacement: ".form_urlencoded(&body)?",
        report: &[
            "compatible operations::CreateThing::body: sent as a form instead of JSON",
            "by hand: mock/: make the same change",
        ],
    },
    Case {
        anchor: "\"pageCount\" => page_count",
        replacement: "\"pages\" => page_count",
        report: &[
            "compatible types::ThingPage::page_count: sent as the JSON key `pages` instead of \
             the JSON key `pageCount`",
            "by hand: mock/: make the same change",
        ],
    },
    // Deprecated items.
    Case {
        anchor: "pub term: Option<String>,",
        replacement: "#[deprecated] pub term: Option<String>,",
        report: &["compatible operations::ListThings::term: deprecated"],
    },
    Case {
        anchor: "ThingKind {",
        replacement: "ThingKind deprecated {",
        report: &["compatible types::ThingKind: deprecated"],
    },
    Case {
        anchor: "#[deprecated]",
        replacement: "",
        report: &["compatible types::Part: no longer deprecated"],
    },
    // rustfmt adds a comma to an argument on its own line.
    Case {
        anchor: "pub kind: ::std::option::Option<crate::generated::enumerations::ThingKind>",
        replacement: "pub kind: \
                      ::std::option::Option<crate::generated::enumerations::ThingKind,>",
        report: &[],
    },
];

#[test]
fn changes_are_classified() {
    let workspace = workspace("classes");
    for Case { anchor, replacement, report } in CASES {
        workspace.reset();
        workspace.edit(GENERATED, anchor, replacement);
        let answer = api_diff(&workspace, &["--deny-breaking"]);
        let lines =
            answer.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        let lines: Vec<_> = lines.skip(2).take_while(|line| !line.is_empty()).collect();
        assert_eq!(lines, *report, "{anchor} -> {replacement}: {answer:?}");
        let breaking = report.iter().any(|line| line.starts_with("breaking"));
        assert_eq!(answer.success, !breaking, "{answer:?}");
    }
}

const RENAMED: &str = "pub struct MakeThing {
        pub body: super::types::NewThing,
        pub note: Option<String>,
    }
    impl crate::operation::Operation for MakeThing {
        type Response = super::types::Thing;
        const NAME: &'static str = \"make_thing\";";

#[test]
fn same_route_is_reported_as_a_rename() {
    let workspace = workspace("renamed");
    let from = SMALL.find("pub struct CreateThing").expect("the operation");
    let name = "const NAME: &'static str = \"create_thing\";";
    let to = SMALL.find(name).expect("its name") + name.len();
    workspace.write(GENERATED, [&SMALL[..from], RENAMED, &SMALL[to..]].concat());
    let answer = api_diff(&workspace, &[]);
    let renamed = "breaking    operations::CreateThing: operation renamed to `MakeThing`\n\
                   \x20             by hand: client.rs: rename the method `create_thing` to \
                   `make_thing`\n";
    assert!(answer.stdout.contains(renamed), "{answer:?}");
    let parameter = "compatible  operations::MakeThing::note: new parameter `Option<String>`\n";
    assert!(answer.stdout.contains(parameter), "{answer:?}");
    assert!(answer.stdout.contains("\n1 breaking, 1 compatible;"), "{answer:?}");
}

#[test]
fn operations_left_out_are_not_removed() {
    let workspace = workspace("left_out");
    let from = SMALL.find("    pub struct CreateThing").expect("the operation");
    let left_out = SMALL[..from].replace("\"GET /files\",", "\"GET /files\", \"POST /things\",");
    workspace.write(GENERATED, left_out + "}\n");
    let answer = api_diff(&workspace, &[]);
    let line = "breaking    operations::CreateThing: operation no longer generated, but still in \
                the document; see the notes\n";
    assert!(answer.stdout.contains(line), "{answer:?}");
    assert!(answer.stdout.contains("\n1 breaking, 0 compatible;"), "{answer:?}");
}

#[test]
fn report_prints_as_text_or_json() {
    let workspace = workspace("forms");
    assert_eq!(api_diff(&workspace, &[]).stdout, "No public item changed since HEAD.\n");
    workspace.edit(GENERATED, "pub term: Option<String>,", "");
    let text = "Changes since HEAD:\n\n\
                breaking    operations::ListThings::term: parameter `Option<String>` removed\n";
    let answer = api_diff(&workspace, &[]);
    assert!(answer.success && answer.stdout.starts_with(text), "{answer:?}");
    let summary = "\n\n1 breaking, 0 compatible; 1 needing edits in press-specs/src.\n";
    assert!(answer.stdout.ends_with(summary), "{answer:?}");
    let json: Value =
        serde_json::from_str(&api_diff(&workspace, &["--json"]).stdout).expect("JSON");
    let change = json!({
        "class": "breaking",
        "path": "operations::ListThings::term",
        "kind": "parameter-removed",
        "message": "parameter `Option<String>` removed",
        "edit": "request.rs: remove the setter `ListThings::term(impl Into<String>)`; mock/: \
                 remove the filter",
    });
    assert_eq!(json, json!({ "base": "HEAD", "breaking": true, "changes": [change] }));
}

#[test]
fn invalid_versions_are_errors() {
    let workspace = workspace("failures");
    let fails = |arguments: &[&str], says: &str| {
        let answer = api_diff(&workspace, arguments);
        assert!(!answer.success && answer.stderr.contains(says), "{answer:?}");
    };
    fails(&["--base", "v9"], "git revision `v9` has no press-api-gen/src/generated.rs");
    fails(&["--base", "HEAD:x"], "git revision `HEAD:x` has no");
    fails(&["--base", "--help"], "a value is required");
    workspace.write(GENERATED, "this is not Rust");
    fails(&[], GENERATED);
    std::fs::remove_file(workspace.path(GENERATED)).expect("removed");
    fails(&[], "run `cargo xtask codegen`");
}

fn workspace(name: &str) -> Workspace {
    Workspace::new(name, |workspace| workspace.write(GENERATED, SMALL))
}

/// Runs `cargo xtask api-diff` on the workspace, from another directory.
fn api_diff(workspace: &Workspace, arguments: &[&str]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    workspace.run(command.arg("api-diff").args(arguments).current_dir(env::temp_dir()))
}
